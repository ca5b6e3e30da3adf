// Noise as a function: core/base/random.h in WGSL. The integers are the same; the floats are the same
// operations, which a GPU may round differently in their last bits.

// The high and low half of a 32 x 32 bit product, which WGSL has no word for.
fn multiply(a: u32, b: u32) -> vec2u {
  let low = (a & 0xffff) * (b & 0xffff);
  let middle = (a >> 16) * (b & 0xffff) + (low >> 16); // at most 2^32 - 2^16
  let other = (a & 0xffff) * (b >> 16) + (middle & 0xffff);
  return vec2u((a >> 16) * (b >> 16) + (middle >> 16) + (other >> 16), a * b);
}

fn philox4x32(start: vec4u, seed: vec2u) -> vec4u {
  var counter = start;
  var key = seed;
  for (var round = 0; round < 10; round++) {
    let p0 = multiply(0xD2511F53u, counter.x);
    let p1 = multiply(0xCD9E8D57u, counter.z);
    counter = vec4u(p1.x ^ counter.y ^ key.x, p1.y, p0.x ^ counter.w ^ key.y, p0.y);
    key += vec2u(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}

// ln u for u in [2^-24, 1]: WGSL's own log may be off by 2^-21 near 1.
fn log_of_unit(u: f32) -> f32 {
  let bits = bitcast<u32>(u);
  let e = bitcast<i32>(bits - 0x3f3504f3u) >> 23u;
  let m = bitcast<f32>(bits - (bitcast<u32>(e) << 23u));
  let s = (m - 1) / (m + 1);
  let s2 = s * s;
  let series = 1 + s2 * (1.0 / 3 + s2 * (1.0 / 5 + s2 * (1.0 / 7 + s2 / 9)));
  return f32(e) * 0.69314718 + 2 * s * series;
}

fn box_muller(radius_word: u32, angle_word: u32) -> vec2f {
  let u = f32((radius_word >> 8) + 1) / 16777216;
  return sqrt(-2 * log_of_unit(u)) * on_circle(f32(angle_word >> 8) / 16777216);
}

// The draws 4k .. 4k + 3 of an image.
fn normals(k: u32, t: u32, sample: u32, purpose: u32, seed: vec2u) -> vec4f {
  let words = philox4x32(vec4u(k, t, sample, purpose), seed);
  return vec4f(box_muller(words.x, words.y), box_muller(words.z, words.w));
}
