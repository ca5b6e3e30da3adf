#include <algorithm>
#include <cmath>

#include "core/network/cpu/kernels.h"
#include "core/network/cpu/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/cpu/attention.cpp"
#include <hwy/foreach_target.h>  // first: it includes this file again for each target

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace undiffuse::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

int padded(int size) {
  const int lanes = static_cast<int>(hn::Lanes(D()));
  return (size + lanes - 1) / lanes * lanes;
}

// Keys [head_size, padded positions], values [positions, padded head_size], then a row of each size.
int attention_scratch(int positions, int head_size) {
  return (head_size + 1) * padded(positions) + (positions + 1) * padded(head_size);
}

struct Head {
  float* keys;     // transposed, so that scores of all keys are one vector loop
  float* values;   // rows padded to whole vectors
  float* weights;  // [padded positions]
  float* mixed;    // [padded head_size]
};

Head copy_head(const AttentionTask& task, int head, int size) {
  const int wide = padded(task.positions), deep = padded(size);
  Head part;
  part.keys = task.scratch;
  part.values = part.keys + size * wide;
  part.weights = part.values + task.positions * deep;
  part.mixed = part.weights + wide;
  std::fill_n(task.scratch, attention_scratch(task.positions, size), 0.0f);
  for (int position = 0; position < task.positions; ++position) {
    const float* qkv = task.qkv + position * 3 * task.channels + head * size;
    for (int i = 0; i < size; ++i) part.keys[i * wide + position] = qkv[task.channels + i];
    std::copy_n(qkv + 2 * task.channels, size, part.values + position * deep);
  }
  return part;
}

// out += a x over whole vectors.
HWY_INLINE void add_scaled(float a, const float* x, float* out, int padded_size) {
  const D d;
  const auto factor = hn::Set(d, a);
  for (int i = 0; i < padded_size; i += static_cast<int>(hn::Lanes(d))) {
    hn::StoreU(hn::MulAdd(factor, hn::LoadU(d, x + i), hn::LoadU(d, out + i)), d, out + i);
  }
}

// weights <- exp(weights - max); returns the sum over the real positions.
double exponentiate(float* weights, int positions) {
  const D d;
  const auto largest = hn::Set(d, *std::max_element(weights, weights + positions));
  for (int i = 0; i < positions; i += static_cast<int>(hn::Lanes(d))) {
    hn::StoreU(hn::Exp(d, hn::Sub(hn::LoadU(d, weights + i), largest)), d, weights + i);
  }
  double sum = 0;
  for (int i = 0; i < positions; ++i) sum += weights[i];
  return sum;
}

void attention_head(const AttentionTask& task, int head) {
  const int size = task.channels / task.heads, wide = padded(task.positions), deep = padded(size);
  const Head part = copy_head(task, head, size);
  const float scale = 1 / std::sqrt(static_cast<float>(size));
  for (int query = 0; query < task.positions; ++query) {
    const float* q = task.qkv + query * 3 * task.channels + head * size;
    std::fill_n(part.weights, wide, 0.0f);
    for (int i = 0; i < size; ++i) add_scaled(scale * q[i], part.keys + i * wide, part.weights, wide);
    const double sum = exponentiate(part.weights, task.positions);
    std::fill_n(part.mixed, deep, 0.0f);
    for (int key = 0; key < task.positions; ++key) {
      add_scaled(static_cast<float>(part.weights[key] / sum), part.values + key * deep, part.mixed, deep);
    }
    std::copy_n(part.mixed, size, task.out + query * task.channels + head * size);
  }
}

}  // namespace undiffuse::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace undiffuse::cpu {

HWY_EXPORT(attention_scratch);
HWY_EXPORT(attention_head);

int attention_scratch(int positions, int head_size) {
  return HWY_DYNAMIC_DISPATCH(attention_scratch)(positions, head_size);
}

void attention_head(const AttentionTask& task, int head) { HWY_DYNAMIC_DISPATCH(attention_head)(task, head); }

}  // namespace undiffuse::cpu
#endif
