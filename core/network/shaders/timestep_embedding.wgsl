// cos, then sin, of t / 10000^(i / half).
//
// WGSL promises sin and cos to 2^-11, and only near 0; t goes to 1000. So angles are measured in turns and
// reduced exactly: a frequency is high + low, high of 12 bits, t is whole + part, and whole x high is exact.

struct Shape {
  images: u32,  // the largest batch
  half: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> t: array<f32>;             // [images]
@group(0) @binding(2) var<storage, read> frequency: array<vec2f>;   // [half] turns a step: high, low
@group(0) @binding(3) var<storage, read_write> result: array<f32>;  // [images, 2 half]

override WORKERS: u32 = 64;

@compute @workgroup_size(WORKERS)
fn main(@builtin(global_invocation_id) at: vec3u) {
  let picture = at.x / shape.half;
  let i = at.x % shape.half;
  if (picture >= shape.images) {
    return;
  }
  let whole = round(t[picture]);
  let part = t[picture] - whole;
  let f = frequency[i];
  let turns = fract(whole * f.x) + (whole * f.y + part * (f.x + f.y));
  let point = on_circle(turns);
  result[picture * 2 * shape.half + i] = point.x;
  result[picture * 2 * shape.half + shape.half + i] = point.y;
}
