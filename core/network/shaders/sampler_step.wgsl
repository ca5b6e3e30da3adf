// The reverse step: the network's output becomes the answer, guided; mean, deviation, draw; and its record.

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> raw: array<f32>;               // [calls, images, pixels, channels (mean, r)]
@group(0) @binding(2) var<storage, read> x_hat: array<f32>;             // [images, image_size]
@group(0) @binding(3) var<storage, read_write> x: array<f32>;           // likewise
@group(0) @binding(4) var<storage, read_write> previous: array<f32>;    // the step before's x0_hat, likewise
@group(0) @binding(5) var<storage, read_write> records: array<f32>;

override WORKERS: u32 = 64;
const STEP = 1u;  // Purpose::Step
const MIN_LOG_VAR = -14.0;  // core/process/prediction.h
const MAX_LOG_VAR = 4.0;
const LEAST_PART = 0.25;  // core/process/reverse_transition.h

fn clipped(value: f32) -> f32 {
  return select(value, clamp(value, step.clip_low, step.clip_high), step.clip != 0);
}

// exp(x) - 1; WGSL has no word for it, and near 0 the subtraction would leave few digits.
fn expm1(x: f32) -> f32 {
  let series = x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6)))));
  return select(exp(x) - 1, series, abs(x) < 0.25);
}

fn x0_var_of(r: f32) -> f32 {
  if (step.transition == 0) {
    return step.noise_var * exp(clamp(r, MIN_LOG_VAR, MAX_LOG_VAR));
  }
  let e = expm1(clamp(step.r_scale * r, MIN_LOG_VAR, MAX_LOG_VAR));
  return step.noise_var * (1 + step.r_gain * e / (1 + step.r_beta * e));
}

// Where the network's output for an element is; r follows the pixel's channels.
fn output_of(element: u32) -> u32 {
  let width = step.channels * (1 + step.learned);
  return element / step.channels * width + element % step.channels;
}

@compute @workgroup_size(WORKERS)
fn main(@builtin(global_invocation_id) at: vec3u) {
  let fours = (step.image_size + 3) / 4;
  let picture = at.x / fours;
  let four = at.x % fours;
  if (picture >= step.images) {
    return;
  }
  var z = vec4f(0);
  if (step.draws != 0) {
    z = normals(four, step.counter, step.first_sample + picture, STEP, vec2u(step.seed_low, step.seed_high));
  }
  let batch = step.images * step.image_size;
  for (var i = 0u; i < 4 && 4 * four + i < step.image_size; i++) {
    let element = picture * step.image_size + 4 * four + i;
    let here = output_of(element);
    let on_x = step.answer_on_x * x_hat[element];
    var x0_hat = on_x + step.answer_on_output * raw[here];
    if (step.calls > 1) {
      let uncond = on_x + step.answer_on_output * raw[output_of(batch + element)];
      x0_hat = uncond + step.guidance * (x0_hat - uncond);
    }
    var x0_var = 0.0;
    if (step.learned != 0) {
      x0_var = x0_var_of(raw[here + step.channels]);
    }
    records[step.record + element] = x[element];
    records[step.record + batch + element] = x0_hat;
    records[step.record + 2 * batch + element] = x0_var;
    var mu = step.on_x0 * clipped(x0_hat) + step.on_x * x_hat[element];
    if (step.on_second != 0) {
      mu += step.on_second * clipped(previous[element]);
    }
    previous[element] = x0_hat;
    let variance = max(step.var_const + step.var_on_x0_var * x0_var, LEAST_PART * step.var_const);
    x[element] = mu + sqrt(variance) * z[i];
  }
}
