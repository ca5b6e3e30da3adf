// Four weights as they are stored: float16, the first in the low half of its word. unpack2x16float is in
// every WebGPU, so this needs no shader-f16; arithmetic stays float32.
alias FourWeights = vec2u;
fn four_weights(stored: FourWeights) -> vec4f {
  return vec4f(unpack2x16float(stored.x), unpack2x16float(stored.y));
}
