// What the network is shown in a step: x_t after the churn, scaled, twice if guidance asks twice.

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<f32>;              // [images, image_size]
@group(0) @binding(2) var<storage, read_write> x_hat: array<f32>;    // likewise
@group(0) @binding(3) var<storage, read_write> shown: array<f32>;    // [calls, images, image_size]
@group(0) @binding(4) var<storage, read_write> times: array<f32>;    // [calls, images]

override WORKERS: u32 = 64;
const CHURN = 2u;  // Purpose::Churn

@compute @workgroup_size(WORKERS)
fn main(@builtin(global_invocation_id) at: vec3u) {
  let fours = (step.image_size + 3) / 4;
  let picture = at.x / fours;
  let four = at.x % fours;
  if (picture >= step.images) {
    return;
  }
  var z = vec4f(0);
  if (step.churn != 0) {
    z = normals(four, step.counter, step.first_sample + picture, CHURN, vec2u(step.seed_low, step.seed_high));
  }
  let batch = step.images * step.image_size;
  for (var i = 0u; i < 4 && 4 * four + i < step.image_size; i++) {
    let element = picture * step.image_size + 4 * four + i;
    x_hat[element] = step.keep * x[element] + step.churn * z[i];
    for (var call = 0u; call < step.calls; call++) {
      shown[call * batch + element] = step.on_input * x_hat[element];
    }
  }
  if (four == 0) {
    for (var call = 0u; call < step.calls; call++) {
      times[call * step.images + picture] = step.t;
    }
  }
}
