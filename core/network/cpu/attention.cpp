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

constexpr int kQueries = 6;  // that share each load of keys and values

// Keys [head_size, padded positions], values [positions, padded head_size], then kQueries rows of
// weights [padded positions] and of results [padded head_size].
int attention_scratch(int positions, int head_size) {
  return (head_size + kQueries) * padded(positions) + (positions + kQueries) * padded(head_size);
}

struct Head {
  float* keys;     // transposed, so that scores of all keys are one vector loop
  float* values;   // rows padded to whole vectors
  float* weights;  // [kQueries, padded positions]
  float* mixed;    // [kQueries, padded head_size]
};

Head copy_head(const AttentionTask& task, int head, int size) {
  const int wide = padded(task.positions), deep = padded(size);
  Head part;
  part.keys = task.scratch;
  part.values = part.keys + size * wide;
  part.weights = part.values + task.positions * deep;
  part.mixed = part.weights + kQueries * wide;
  std::fill_n(task.scratch, attention_scratch(task.positions, size), 0.0f);
  for (int position = 0; position < task.positions; ++position) {
    const float* qkv = task.qkv + position * 3 * task.channels + head * size;
    for (int i = 0; i < size; ++i) part.keys[i * wide + position] = qkv[task.channels + i];
    std::copy_n(qkv + 2 * task.channels, size, part.values + position * deep);
  }
  return part;
}

// out [R, columns] = a [R, inner] b [inner, columns]; rows of `a` are a_stride apart, those of b and
// out `columns`, a multiple of the vector's lanes.
template <int R>
void multiply_rows(const float* a, int a_stride, const float* b, int inner, int columns, float* out) {
  const D d;
  for (int column = 0; column < columns; column += static_cast<int>(hn::Lanes(d))) {
    hn::Vec<D> sums[R];
    for (auto& sum : sums) sum = hn::Zero(d);
    for (int i = 0; i < inner; ++i) {
      const auto row = hn::LoadU(d, b + i * columns + column);
      for (int r = 0; r < R; ++r) sums[r] = hn::MulAdd(hn::Set(d, a[r * a_stride + i]), row, sums[r]);
    }
    for (int r = 0; r < R; ++r) hn::StoreU(sums[r], d, out + r * columns + column);
  }
}

// The last queries may be fewer than kQueries.
void multiply(int rows, const float* a, int a_stride, const float* b, int inner, int columns, float* out) {
  if (rows == kQueries) return multiply_rows<kQueries>(a, a_stride, b, inner, columns, out);
  for (int r = 0; r < rows; ++r) {
    multiply_rows<1>(a + r * a_stride, a_stride, b, inner, columns, out + r * columns);
  }
}

// weights <- softmax(scale weights) over the real positions; what is behind them is not read again.
void softmax(float scale, float* weights, int positions) {
  const D d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto largest = hn::Set(d, *std::max_element(weights, weights + positions));
  for (int i = 0; i < positions; i += lanes) {
    const auto below = hn::Mul(hn::Set(d, scale), hn::Sub(hn::LoadU(d, weights + i), largest));
    hn::StoreU(hn::Exp(d, below), d, weights + i);
  }
  double sum = 0;
  for (int i = 0; i < positions; ++i) sum += weights[i];
  const auto share = hn::Set(d, static_cast<float>(1 / sum));
  for (int i = 0; i < positions; i += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, weights + i), share), d, weights + i);
  }
}

void attention_head(const AttentionTask& task, int head) {
  const int size = task.channels / task.heads, wide = padded(task.positions), deep = padded(size);
  const Head part = copy_head(task, head, size);
  const float scale = 1 / std::sqrt(static_cast<float>(size));
  for (int query = 0; query < task.positions; query += kQueries) {
    const int count = std::min(kQueries, task.positions - query), stride = 3 * task.channels;
    multiply(count, task.qkv + query * stride + head * size, stride, part.keys, size, wide, part.weights);
    for (int i = 0; i < count; ++i) softmax(scale, part.weights + i * wide, task.positions);
    multiply(count, part.weights, wide, part.values, task.positions, deep, part.mixed);
    for (int i = 0; i < count; ++i) {
      std::copy_n(part.mixed + i * deep, size, task.out + (query + i) * task.channels + head * size);
    }
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
