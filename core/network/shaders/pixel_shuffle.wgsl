// [h, w, c] to [h / f, w / f, c f²], channel order c, dy, dx, or back (to_large).

struct Shape {
  images: u32,  // the largest batch
  height: u32,  // of the large image
  width: u32,
  channels: u32,
  factor: u32,
  to_large: u32,  // 0 or 1
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

override WORKERS: u32 = 64;

@compute @workgroup_size(WORKERS)
fn main(@builtin(global_invocation_id) at: vec3u) {
  let large = at.x;  // an element of the large image
  let channel = large % shape.channels;
  let x = large / shape.channels % shape.width;
  let y = large / shape.channels / shape.width % shape.height;
  let picture = large / shape.channels / shape.width / shape.height;
  if (picture >= shape.images) {
    return;
  }
  let pixel = (picture * (shape.height / shape.factor) + y / shape.factor) * (shape.width / shape.factor) + x / shape.factor;
  let small = ((pixel * shape.channels + channel) * shape.factor + y % shape.factor) * shape.factor + x % shape.factor;
  if (shape.to_large != 0) {
    result[large] = image[small];
  } else {
    result[small] = image[large];
  }
}
