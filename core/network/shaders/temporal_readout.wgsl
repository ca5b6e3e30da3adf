// The sum of coefficients over bumps in time, at t: core/network/temporal_basis.h in WGSL.

struct Shape {
  images: u32,  // the largest batch
  values: u32,  // of one image's result
  bumps: u32,
  num_steps: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> coefficients: array<f32>;  // [images, values, bumps]
@group(0) @binding(2) var<storage, read> t: array<f32>;             // [images]
@group(0) @binding(3) var<storage, read_write> result: array<f32>;  // [images, values]

override WORKERS: u32 = 64;

@compute @workgroup_size(WORKERS)
fn main(@builtin(global_invocation_id) at: vec3u) {
  if (at.x >= shape.images * shape.values) {
    return;
  }
  let last = f32(shape.num_steps);
  let time = clamp(t[at.x / shape.values], 1.0, last);
  let position = (time - 1) / max(last - 1, 1.0) * f32(shape.bumps - 1);
  var sum = 0.0;
  var weights = 0.0;
  for (var j = 0u; j < shape.bumps; j++) {
    let distance = position - f32(j);
    let g = exp(-2 * distance * distance);
    sum += g * coefficients[at.x * shape.bumps + j];
    weights += g;
  }
  result[at.x] = sum / weights;
}
