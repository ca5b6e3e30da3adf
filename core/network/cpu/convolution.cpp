#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/network/cpu/kernels.h"
#include "core/network/cpu/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/cpu/convolution.cpp"
#include <hwy/foreach_target.h>  // first: it includes this file again for each target

#include <hwy/highway.h>

#include "core/network/cpu/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace undiffuse::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

constexpr int kVectors = 2;  // of a panel

// The most rows of a block. It keeps V sums a row, V weights and one broadcast input in registers: 32
// of them with AVX-512, else 16, of which SSE4 and WASM, without a fused multiply-add, need one more.
template <int V>
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
constexpr int kMaxRows = V == 1 ? 12 : 10;
#elif HWY_TARGET == HWY_AVX2 || HWY_ARCH_ARM
constexpr int kMaxRows = V == 1 ? 12 : 6;
#else
constexpr int kMaxRows = V == 1 ? 8 : 4;
#endif

int panel_width() { return kVectors * static_cast<int>(hn::Lanes(D())); }

// Adds bias and residual to the sums of row `row`, channels from `first`, activates and writes what is
// inside the image's channels. Not inlined: once for each of a block's sums it would be most of the code.
HWY_NOINLINE void finish(const ConvolutionTask& task, const float* sums, int row, int first) {
  const D d;
  const int lanes = static_cast<int>(hn::Lanes(d)), left = task.channels_out - first;
  const size_t at =
      static_cast<size_t>(row) * static_cast<size_t>(task.channels_out) + static_cast<size_t>(first);
  auto sum = hn::Add(hn::Load(d, sums), hn::LoadU(d, task.bias + first));
  const bool whole = left >= lanes;
  HWY_ALIGN float part[HWY_MAX_BYTES / sizeof(float)] = {};
  if (task.residual && !whole) std::copy_n(task.residual + at, left, part);
  if (task.residual) sum = hn::Add(sum, whole ? hn::LoadU(d, task.residual + at) : hn::Load(d, part));
  sum = activated(d, task.activation, sum);
  if (whole) {
    hn::StoreU(sum, d, task.out + at);
  } else {
    hn::Store(sum, d, part);
    std::copy_n(part, left, task.out + at);
  }
}

// R rows of the batch's pixels from `begin`, V vectors of channels from `channel`.
template <int R, int V>
HWY_NOINLINE void block(const ConvolutionTask& task, int channel, int begin) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  const float* image[R];
  const int* offsets[R];
  for (int r = 0; r < R; ++r) {
    const int pixel = (begin + r) % task.pixels;
    image[r] = task.in + static_cast<size_t>((begin + r) / task.pixels) * static_cast<size_t>(task.in_image);
    offsets[r] = task.offsets + static_cast<size_t>(pixel) * static_cast<size_t>(task.taps);
  }
  const auto inner = static_cast<size_t>(task.taps) * static_cast<size_t>(task.channels_in);
  const float* HWY_RESTRICT weight = task.weight + static_cast<size_t>(channel) * inner;

  hn::Vec<D> sums[R][V];
  for (auto& row : sums) {
    for (auto& sum : row) sum = hn::Zero(d);
  }
  for (int tap = 0; tap < task.taps; ++tap) {
    const float* in[R];
    for (int r = 0; r < R; ++r) {
      const int offset = offsets[r][tap];
      in[r] = offset < 0 ? task.zeros : image[r] + offset;
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
  HWY_ALIGN float results[R * V * HWY_MAX_BYTES / sizeof(float)];
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < V; ++v) hn::Store(sums[r][v], d, results + static_cast<size_t>(r * V + v) * lanes);
  }
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < V; ++v) {
      finish(task, results + static_cast<size_t>(r * V + v) * lanes, begin + r,
             channel + v * static_cast<int>(lanes));
    }
  }
}

using Block = void (*)(const ConvolutionTask&, int channel, int begin);

template <int V, int... R>
constexpr std::array<Block, sizeof...(R)> blocks_of(std::integer_sequence<int, R...>) {
  return {block<R + 1, V>...};
}

// Blocks as even as can be: one or two rows by themselves do not keep the multipliers busy.
template <int V>
void rows_of(const ConvolutionTask& task, int channel, int begin, int end) {
  static constexpr auto kBlocks = blocks_of<V>(std::make_integer_sequence<int, kMaxRows<V>>());
  for (int blocks = (end - begin + kMaxRows<V> - 1) / kMaxRows<V>; blocks > 0; --blocks) {
    const int rows = (end - begin) / blocks;
    kBlocks[static_cast<size_t>(rows - 1)](task, channel, begin);
    begin += rows;
  }
}

void convolution(const ConvolutionTask& task, int panel, int begin, int end) {
  const int channel = panel * panel_width(), left = task.channels_out - channel;
  // A panel's second vector may hold no channel at all (80 = 32 + 32 + 16).
  if (left * kVectors <= panel_width()) {
    rows_of<1>(task, channel, begin, end);
  } else {
    rows_of<kVectors>(task, channel, begin, end);
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
