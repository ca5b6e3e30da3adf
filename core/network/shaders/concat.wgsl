// Two images side by side along their channels.

struct Shape {
  pixels: u32,  // of the largest batch
  first: u32,
  second: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> first: array<f32>;         // [pixels, first]
@group(0) @binding(2) var<storage, read> second: array<f32>;        // [pixels, second]
@group(0) @binding(3) var<storage, read_write> result: array<f32>;  // [pixels, first + second]

override WORKERS: u32 = 64;

@compute @workgroup_size(WORKERS)
fn main(@builtin(global_invocation_id) at: vec3u) {
  let pixel = at.x / (shape.first + shape.second);
  let channel = at.x % (shape.first + shape.second);
  if (pixel >= shape.pixels) {
    return;
  }
  if (channel < shape.first) {
    result[at.x] = first[pixel * shape.first + channel];
  } else {
    result[at.x] = second[pixel * shape.second + channel - shape.first];
  }
}
