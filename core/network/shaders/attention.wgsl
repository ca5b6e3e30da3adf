// softmax(q k / sqrt(d)) v, a workgroup for each query of each head of each image.
//
// Keys come WORKERS at a time; what was mixed before is scaled down when a larger score appears, so that
// any number of positions fits in workgroup memory.

struct Shape {
  positions: u32,
  heads: u32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;           // [batch, positions, 3, heads, HEAD_SIZE]
@group(0) @binding(2) var<storage, read_write> result: array<f32>;  // [batch, positions, heads, HEAD_SIZE]

override WORKERS: u32 = 64;
override HEAD_SIZE: u32;

var<workgroup> query: array<f32, HEAD_SIZE>;
var<workgroup> mixed: array<f32, HEAD_SIZE>;
var<workgroup> share: array<f32, WORKERS>;  // of each key: its score, then exp of it

const NO_SCORE = -3.0e38;

@compute @workgroup_size(WORKERS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) worker: u32) {
  let position = workgroup.x % shape.positions;
  let head = workgroup.x / shape.positions % shape.heads;
  let picture = workgroup.x / shape.positions / shape.heads;
  let channels = shape.heads * HEAD_SIZE;
  let start = picture * shape.positions * 3 * channels + head * HEAD_SIZE;

  for (var d = worker; d < HEAD_SIZE; d += WORKERS) {
    query[d] = qkv[start + position * 3 * channels + d] * inverseSqrt(f32(HEAD_SIZE));
    mixed[d] = 0;
  }
  var largest = NO_SCORE;
  var sum = 0.0;
  for (var first = 0u; first < shape.positions; first += WORKERS) {
    let count = min(WORKERS, shape.positions - first);
    workgroupBarrier();
    var score = NO_SCORE;
    if (worker < count) {
      score = 0;
      let key = start + (first + worker) * 3 * channels + channels;
      for (var d = 0u; d < HEAD_SIZE; d++) {
        score += query[d] * qkv[key + d];
      }
    }
    share[worker] = score;
    workgroupBarrier();
    let before = largest;
    for (var i = 0u; i < count; i++) {
      largest = max(largest, share[i]);
    }
    workgroupBarrier();
    share[worker] = exp(max(score - largest, -80));  // beyond -88 float32 has nothing left
    workgroupBarrier();
    let kept = exp(max(before - largest, -80));
    sum *= kept;
    for (var i = 0u; i < count; i++) {
      sum += share[i];
    }
    for (var d = worker; d < HEAD_SIZE; d += WORKERS) {
      var value = mixed[d] * kept;
      for (var i = 0u; i < count; i++) {
        value += share[i] * qkv[start + (first + i) * 3 * channels + 2 * channels + d];
      }
      mixed[d] = value;
    }
  }
  for (var d = worker; d < HEAD_SIZE; d += WORKERS) {
    result[(picture * shape.positions + position) * channels + head * HEAD_SIZE + d] = mixed[d] / sum;
  }
}
