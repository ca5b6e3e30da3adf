// Group norm, then (1 + scale) x + shift, then the activation: a workgroup for each group of each image.
//
// The mean is subtracted before squaring, since sums of squares would lose the digits of a mean far from 0.

struct Shape {
  pixels: u32,
  channels: u32,
  groups: u32,
  modulated: u32,  // 0 or 1
  activation: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> image: array<f32>;         // [batch, pixels, channels]
@group(0) @binding(2) var<storage, read> gamma: array<f32>;         // [channels]
@group(0) @binding(3) var<storage, read> beta: array<f32>;          // [channels]
@group(0) @binding(4) var<storage, read> scale_shift: array<f32>;   // [batch, 2, channels]; anything if not modulated
@group(0) @binding(5) var<storage, read_write> result: array<f32>;  // as image

override WORKERS: u32 = 64;

const TOL = 1e-5;  // PyTorch's default

var<workgroup> partial: array<f32, WORKERS>;

// The sum over the workgroup. Everybody adds everything up: one barrier instead of one a level of a tree.
fn total(value: f32, worker: u32) -> f32 {
  workgroupBarrier();
  partial[worker] = value;
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < WORKERS; i++) {
    sum += partial[i];
  }
  return sum;
}

@compute @workgroup_size(WORKERS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) worker: u32) {
  let picture = workgroup.x / shape.groups;
  let group = workgroup.x % shape.groups;
  let size = shape.channels / shape.groups;
  let count = size * shape.pixels;
  let start = picture * shape.pixels * shape.channels + group * size;

  var sum = 0.0;
  for (var i = worker; i < count; i += WORKERS) {
    sum += image[start + i / size * shape.channels + i % size];
  }
  let mean = total(sum, worker) / f32(count);

  var squares = 0.0;
  for (var i = worker; i < count; i += WORKERS) {
    let off = image[start + i / size * shape.channels + i % size] - mean;
    squares += off * off;
  }
  let inv_sd = inverseSqrt(total(squares, worker) / f32(count) + TOL);

  for (var i = worker; i < count; i += WORKERS) {
    let channel = group * size + i % size;
    let at = start + i / size * shape.channels + i % size;
    var value = (image[at] - mean) * inv_sd * gamma[channel] + beta[channel];
    if (shape.modulated != 0) {
      let modulation = picture * 2 * shape.channels + channel;
      value = value * (1 + scale_shift[modulation]) + scale_shift[modulation + shape.channels];
    }
    result[at] = activated(value, shape.activation);
  }
}
