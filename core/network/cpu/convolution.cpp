#include <algorithm>
#include <vector>

#include "core/network/cpu/kernels.h"
#include "core/network/cpu/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/cpu/convolution.cpp"
#include <hwy/foreach_target.h>  // first: it includes this file again for each target

#include <hwy/highway.h>

#include "core/network/cpu/silu-inl.h"

HWY_BEFORE_NAMESPACE();
namespace undiffuse::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

// Registers: R x V sums, V weights, one broadcast input.
#if HWY_TARGET == HWY_WASM || HWY_TARGET == HWY_SSE2
constexpr int kMaxRows = 4;
#else
constexpr int kMaxRows = 6;
#endif
constexpr int kVectors = 2;  // of a panel

int panel_width() { return kVectors * static_cast<int>(hn::Lanes(D())); }

struct Rows {
  const float* image[kMaxRows];
  const int* offsets[kMaxRows];
};

Rows locate(const ConvolutionTask& task, int begin, int count) {
  Rows rows;
  for (int r = 0; r < count; ++r) {
    const int image = (begin + r) / task.pixels, pixel = (begin + r) % task.pixels;
    rows.image[r] = task.in + static_cast<size_t>(image) * static_cast<size_t>(task.in_image);
    rows.offsets[r] = task.offsets + static_cast<size_t>(pixel) * static_cast<size_t>(task.taps);
  }
  return rows;
}

// Writes a vector's worth of results, or the part of it that is inside the image's channels.
HWY_INLINE void finish(const ConvolutionTask& task, hn::Vec<D> sum, size_t at, int channel, int left) {
  const D d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  sum = hn::Add(sum, hn::LoadU(d, task.bias + channel));
  const bool whole = left >= lanes;
  HWY_ALIGN float part[HWY_MAX_BYTES / sizeof(float)] = {};
  if (task.residual && !whole) std::copy_n(task.residual + at, left, part);
  if (task.residual) sum = hn::Add(sum, whole ? hn::LoadU(d, task.residual + at) : hn::Load(d, part));
  if (task.activation == Activation::Silu) sum = silu(d, sum);
  if (whole) {
    hn::StoreU(sum, d, task.out + at);
  } else {
    hn::Store(sum, d, part);
    std::copy_n(part, left, task.out + at);
  }
}

template <int R, int V>
HWY_NOINLINE void block(const ConvolutionTask& task, int channel, int begin) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const Rows rows = locate(task, begin, R);
  const auto inner = static_cast<size_t>(task.taps) * static_cast<size_t>(task.channels_in);
  const float* HWY_RESTRICT weight = task.weight + static_cast<size_t>(channel) * inner;

  hn::Vec<D> sums[R][V];
  for (auto& row : sums) {
    for (auto& sum : row) sum = hn::Zero(d);
  }
  for (int tap = 0; tap < task.taps; ++tap) {
    const float* in[R];
    for (int r = 0; r < R; ++r) {
      const int offset = rows.offsets[r][tap];
      in[r] = offset < 0 ? task.zeros : rows.image[r] + offset;
    }
    for (int c = 0; c < task.channels_in; ++c, weight += kVectors * lanes) {
      hn::Vec<D> w[V];
      for (int v = 0; v < V; ++v) w[v] = hn::LoadU(d, weight + static_cast<size_t>(v) * lanes);
      for (int r = 0; r < R; ++r) {
        const auto value = hn::Set(d, in[r][c]);
        for (int v = 0; v < V; ++v) sums[r][v] = hn::MulAdd(value, w[v], sums[r][v]);
      }
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < V; ++v) {
      const int first = channel + v * static_cast<int>(lanes);
      finish(task, sums[r][v],
             static_cast<size_t>(begin + r) * static_cast<size_t>(task.channels_out) +
                 static_cast<size_t>(first),
             first, task.channels_out - first);
    }
  }
}

template <int R, int V>
void rows_of(const ConvolutionTask& task, int channel, int begin, int end) {
  for (; begin + R <= end; begin += R) block<R, V>(task, channel, begin);
  if constexpr (R > 1) {
    if (begin < end) rows_of<R - 1, V>(task, channel, begin, end);
  }
}

void convolution(const ConvolutionTask& task, int panel, int begin, int end) {
  const int channel = panel * panel_width(), left = task.channels_out - channel;
  // A panel's second vector may hold no channel at all (80 = 32 + 32 + 16).
  if (left * kVectors <= panel_width()) {
    rows_of<kMaxRows, 1>(task, channel, begin, end);
  } else {
    rows_of<kMaxRows, kVectors>(task, channel, begin, end);
  }
}

}  // namespace undiffuse::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace undiffuse::cpu {

HWY_EXPORT(panel_width);
HWY_EXPORT(convolution);

int panel_width() { return HWY_DYNAMIC_DISPATCH(panel_width)(); }

void convolution(const ConvolutionTask& task, int panel, int begin, int end) {
  HWY_DYNAMIC_DISPATCH(convolution)(task, panel, begin, end);
}

std::vector<float> pack_weight(const std::vector<float>& weight, int channels_out, int inner) {
  const int width = panel_width(), panels = (channels_out + width - 1) / width;
  std::vector<float> packed(static_cast<size_t>(panels) * static_cast<size_t>(width) *
                            static_cast<size_t>(inner));
  for (int channel = 0; channel < channels_out; ++channel) {
    const int panel = channel / width, lane = channel % width;
    for (int i = 0; i < inner; ++i) {
      packed[(static_cast<size_t>(panel) * static_cast<size_t>(inner) + static_cast<size_t>(i)) *
                 static_cast<size_t>(width) +
             static_cast<size_t>(lane)] =
          weight[static_cast<size_t>(channel) * static_cast<size_t>(inner) + static_cast<size_t>(i)];
    }
  }
  return packed;
}

}  // namespace undiffuse::cpu
#endif
