// x by one of `enum class Activation` (core/network/graph.h).
fn activated(x: f32, activation: u32) -> f32 {
  switch (activation) {
    case 1: { return silu(x); }
    case 2: { return tanh_of(x); }
    case 3: { return max(x, 0.05 * x); }  // kLeak
    default: { return x; }
  }
}

// x sigmoid(x). exp of more than 88 is infinite in float32, and what WGSL does then is not defined.
fn silu(x: f32) -> f32 {
  return x / (1 + exp(min(-x, 80)));
}

// WGSL's own tanh may be off by 1e-5 and overflow far from 0, where this one is 1 to float's last digit.
fn tanh_of(x: f32) -> f32 {
  let e = exp(2 * clamp(x, -10.0, 10.0));
  return (e - 1) / (e + 1);
}
