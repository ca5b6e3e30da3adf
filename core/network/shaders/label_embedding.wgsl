// The label's row of a table.

struct Shape {
  images: u32,  // the largest batch
  width: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> label: array<f32>;         // [images]
@group(0) @binding(2) var<storage, read> rows: array<f32>;          // [labels, width]
@group(0) @binding(3) var<storage, read_write> result: array<f32>;  // [images, width]

override WORKERS: u32 = 64;

@compute @workgroup_size(WORKERS)
fn main(@builtin(global_invocation_id) at: vec3u) {
  if (at.x >= shape.images * shape.width) {
    return;
  }
  result[at.x] = rows[u32(label[at.x / shape.width]) * shape.width + at.x % shape.width];
}
