// Convolution as a matrix product whose left matrix is never written out (implicit GEMM).
//
// Row = output pixel of the batch, column = output channel, inner dimension = taps x channels. A
// workgroup computes a tile of 4 TILE x 4 TILE outputs, an invocation 4 x 4 of them; TILE channels of one
// tap at a time go through workgroup memory. Zero border, stride and nearest-neighbour enlargement are
// all in where a tap of a pixel reads.

struct Shape {
  rows: u32,  // output pixels of the largest batch
  columns: u32,  // output channels, padded to 4 TILE, in fours
  in_height: i32,
  in_width: i32,
  in_channels: u32,
  out_height: i32,
  out_width: i32,
  out_channels: u32,
  kernel: i32,
  stride: i32,
  upsample: i32,
  residual: u32,  // 0 or 1
  activation: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> image: array<f32>;     // [batch, in_height, in_width, in_channels]
@group(0) @binding(2) var<storage, read> weight: array<FourWeights>;  // [taps, channels padded to TILE, columns]
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;    // [columns]
@group(0) @binding(4) var<storage, read> residual: array<f32>;  // as result; anything if not residual
@group(0) @binding(5) var<storage, read_write> result: array<f32>;  // [rows, out_channels]

override TILE: u32 = 8;

var<workgroup> left: array<vec4f, TILE * TILE>;   // [channel, row / 4]
var<workgroup> right: array<vec4f, TILE * TILE>;  // [channel, column / 4]

// Where a tap of four output pixels reads, in floats, or -1 outside the image.
fn sources(picture: vec4i, top: vec4i, side: vec4i, tap: i32) -> vec4i {
  let y = top + tap / shape.kernel;
  let x = side + tap % shape.kernel;
  let inside = (y >= vec4i(0)) & (x >= vec4i(0)) & (y < vec4i(shape.in_height * shape.upsample)) & (x < vec4i(shape.in_width * shape.upsample));
  let pixel = (picture * shape.in_height + y / shape.upsample) * shape.in_width + x / shape.upsample;
  return select(vec4i(-1), pixel * i32(shape.in_channels), inside);
}

fn fetch(start: vec4i, channel: u32) -> vec4f {
  if (channel >= shape.in_channels) {
    return vec4f(0);
  }
  let at = vec4u(max(start, vec4i(0))) + channel;
  return select(vec4f(0), vec4f(image[at.x], image[at.y], image[at.z], image[at.w]), start >= vec4i(0));
}

fn finish(row: u32, column: u32, sum: vec4f) {
  if (row >= shape.rows) {
    return;
  }
  for (var i = 0u; i < 4 && column + i < shape.out_channels; i++) {
    let at = row * shape.out_channels + column + i;
    var value = sum[i];
    if (shape.residual != 0) {
      value += residual[at];
    }
    result[at] = activated(value, shape.activation);
  }
}

@compute @workgroup_size(TILE, TILE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = (group.x * TILE + local.y) * 4;
  let column = group.y * TILE + local.x;
  let rows = min(vec4i(i32(row)) + vec4i(0, 1, 2, 3), vec4i(i32(shape.rows) - 1));
  let picture = rows / (shape.out_height * shape.out_width);
  let top = rows / shape.out_width % shape.out_height * shape.stride - shape.kernel / 2;
  let side = rows % shape.out_width * shape.stride - shape.kernel / 2;
  let padded_channels = (shape.in_channels + TILE - 1) / TILE * TILE;

  var sum0 = bias[column];
  var sum1 = sum0;
  var sum2 = sum0;
  var sum3 = sum0;
  for (var tap = 0; tap < shape.kernel * shape.kernel; tap++) {
    let start = sources(picture, top, side, tap);
    for (var first = 0u; first < padded_channels; first += TILE) {
      left[local.x * TILE + local.y] = fetch(start, first + local.x);
      let row_of_weights = u32(tap) * padded_channels + first + local.y;
      right[local.y * TILE + local.x] = four_weights(weight[row_of_weights * shape.columns + column]);
      workgroupBarrier();
      for (var i = 0u; i < TILE; i++) {
        let a = left[i * TILE + local.y];
        let b = right[i * TILE + local.x];
        sum0 += a.x * b;
        sum1 += a.y * b;
        sum2 += a.z * b;
        sum3 += a.w * b;
      }
      workgroupBarrier();
    }
  }
  finish(row, column * 4, sum0);
  finish(row + 1, column * 4, sum1);
  finish(row + 2, column * 4, sum2);
  finish(row + 3, column * 4, sum3);
}
