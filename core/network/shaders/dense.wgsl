// A dense layer: the convolution of an image of one pixel, one output an invocation.

struct Shape {
  rows: u32,  // the largest batch
  in_channels: u32,
  out_channels: u32,
  residual: u32,  // 0 or 1
  activation: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> image: array<f32>;           // [batch, in_channels]
@group(0) @binding(2) var<storage, read> weight: array<FourWeights>;  // [in_channels / 4, out_channels]
@group(0) @binding(3) var<storage, read> bias: array<f32>;            // [out_channels]
@group(0) @binding(4) var<storage, read> residual: array<f32>;        // as result; anything if not residual
@group(0) @binding(5) var<storage, read_write> result: array<f32>;    // [rows, out_channels]

override WORKERS: u32 = 64;

// Four channels of the row that starts there; zeros behind its end.
fn fetch(start: u32, channel: u32) -> vec4f {
  let channels = min(channel + vec4u(0, 1, 2, 3), vec4u(shape.in_channels - 1));
  let at = start + channels;
  let four = vec4f(image[at.x], image[at.y], image[at.z], image[at.w]);
  return select(vec4f(0), four, channel + vec4u(0, 1, 2, 3) < vec4u(shape.in_channels));
}

@compute @workgroup_size(WORKERS)
fn main(@builtin(global_invocation_id) at: vec3u) {
  if (at.x >= shape.rows * shape.out_channels) {
    return;
  }
  let row = at.x / shape.out_channels;
  let column = at.x % shape.out_channels;
  var sum = bias[column];
  for (var i = 0u; i < (shape.in_channels + 3) / 4; i++) {
    sum += dot(fetch(row * shape.in_channels, 4 * i), four_weights(weight[i * shape.out_channels + column]));
  }
  if (shape.residual != 0) {
    sum += residual[at.x];
  }
  result[at.x] = activated(sum, shape.activation);
}
