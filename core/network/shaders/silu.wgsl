// x sigmoid(x). exp of more than 88 is infinite in float32, and what WGSL does then is not defined.
fn silu(x: f32) -> f32 {
  return x / (1 + exp(min(-x, 80)));
}
