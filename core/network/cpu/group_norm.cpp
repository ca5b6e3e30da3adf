#include <cmath>

#include "core/network/cpu/kernels.h"
#include "core/network/cpu/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/cpu/group_norm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/network/cpu/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace undiffuse::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Calls step(tag, channel) with full vectors as long as they fit, then with single values.
template <class Step>
HWY_INLINE void for_each_channel(int channels, Step step) {
  const hn::ScalableTag<float> vectors;
  const hn::CappedTag<float, 1> single;
  const int lanes = static_cast<int>(hn::Lanes(vectors));
  int channel = 0;
  for (; channel + lanes <= channels; channel += lanes) step(vectors, channel);
  for (; channel < channels; ++channel) step(single, channel);
}

// sums[channel] = sum over the pixels of in - mean[channel], or of its square.
template <bool square>
void sum_pixels(const GroupNormTask& task, const float* mean, float* sums) {
  for_each_channel(task.channels, [&](auto d, int channel) HWY_ATTR {
    const auto center = hn::LoadU(d, mean + channel);
    auto sum = hn::Zero(d);
    const float* in = task.in + channel;
    for (int pixel = 0; pixel < task.pixels; ++pixel, in += task.channels) {
      const auto value = hn::Sub(hn::LoadU(d, in), center);
      sum = square ? hn::MulAdd(value, value, sum) : hn::Add(sum, value);
    }
    hn::StoreU(sum, d, sums + channel);
  });
}

// The mean over each group's channels, in double, spread back over them.
void spread_group_mean(const GroupNormTask& task, float* values) {
  const int size = task.channels / task.groups;
  for (int group = 0; group < task.groups; ++group) {
    float* of_group = values + group * size;
    double sum = 0;
    for (int i = 0; i < size; ++i) sum += of_group[i];
    for (int i = 0; i < size; ++i)
      of_group[i] = static_cast<float>(sum / (static_cast<double>(size) * task.pixels));
  }
}

void group_norm_statistics(const GroupNormTask& task) {
  constexpr float kTol = 1e-5f;  // PyTorch's default
  float *mean = task.offset, *var = task.gain;
  for (int c = 0; c < task.channels; ++c) mean[c] = 0;
  sum_pixels<false>(task, mean, mean);
  spread_group_mean(task, mean);
  sum_pixels<true>(task, mean, var);
  spread_group_mean(task, var);
  for (int c = 0; c < task.channels; ++c) {
    const float scale = task.scale_shift ? 1 + task.scale_shift[c] : 1.0f;
    const float shift = task.scale_shift ? task.scale_shift[task.channels + c] : 0.0f;
    const float inv_sd = 1 / std::sqrt(var[c] + kTol);
    task.gain[c] = inv_sd * task.gamma[c] * scale;
    task.offset[c] = task.beta[c] * scale + shift - mean[c] * task.gain[c];
  }
}

void group_norm_apply(const GroupNormTask& task, int begin_pixel, int end_pixel) {
  for (int pixel = begin_pixel; pixel < end_pixel; ++pixel) {
    const float* in = task.in + static_cast<size_t>(pixel) * static_cast<size_t>(task.channels);
    float* out = task.out + static_cast<size_t>(pixel) * static_cast<size_t>(task.channels);
    for_each_channel(task.channels, [&](auto d, int channel) HWY_ATTR {
      const auto value = hn::MulAdd(hn::LoadU(d, in + channel), hn::LoadU(d, task.gain + channel),
                                    hn::LoadU(d, task.offset + channel));
      hn::StoreU(activated(d, task.activation, value), d, out + channel);
    });
  }
}

}  // namespace undiffuse::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace undiffuse::cpu {

HWY_EXPORT(group_norm_statistics);
HWY_EXPORT(group_norm_apply);

void group_norm_statistics(const GroupNormTask& task) { HWY_DYNAMIC_DISPATCH(group_norm_statistics)(task); }

void group_norm_apply(const GroupNormTask& task, int begin_pixel, int end_pixel) {
  HWY_DYNAMIC_DISPATCH(group_norm_apply)(task, begin_pixel, end_pixel);
}

}  // namespace undiffuse::cpu
#endif
