// Four weights as they are stored (weights_float16.wgsl is the other way).
alias FourWeights = vec4f;
fn four_weights(stored: FourWeights) -> vec4f {
  return stored;
}
