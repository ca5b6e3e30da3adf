// The CPU engine's kernels: one file each, chosen for the processor at run time.
//
// Every kernel computes an image's values alone and in one fixed order, whatever the batch, the
// thread or the split of the work, so that results are bit-identical however a run is scheduled.
#pragma once

#include "core/network/graph.h"

namespace undiffuse::cpu {

/// Convolution as an indirect matrix product: row = output pixel of the batch, column = output
/// channel, inner dimension = taps x channels_in. `offsets` says where each tap of a pixel reads, so
/// padding, stride, upsampling and dense layers are all the same kernel.
struct ConvolutionTask {
  const float* in = nullptr;        ///< [batch, in_image]
  const float* zeros = nullptr;     ///< channels_in zeros, read by taps outside the image
  const int* offsets = nullptr;     ///< [pixels, taps] floats into the image, or -1 for zeros
  const float* weight = nullptr;    ///< pack_weight()
  const float* bias = nullptr;      ///< [channels_out padded to panel_width()]
  const float* residual = nullptr;  ///< [batch, pixels, channels_out] or null
  float* out = nullptr;             ///< [batch, pixels, channels_out]
  int in_image = 0;                 ///< floats of one input image
  int pixels = 0;                   ///< output pixels of one image
  int taps = 0;
  int channels_in = 0;
  int channels_out = 0;
  Activation activation = Activation::None;
};

/// Output channels that one call computes.
int panel_width();

/// [out, taps, in] -> [panel][taps][in][panel_width], zero-padded.
std::vector<float> pack_weight(const std::vector<float>& weight, int channels_out, int inner);

/// Rows [begin, end) of the batch's pixels, channels of one panel.
void convolution(const ConvolutionTask& task, int panel, int begin, int end);

struct GroupNormTask {
  const float* in = nullptr;           ///< [pixels, channels]
  const float* gamma = nullptr;        ///< [channels]
  const float* beta = nullptr;         ///< [channels]
  const float* scale_shift = nullptr;  ///< [2 channels], scales first, or null
  float* out = nullptr;                ///< [pixels, channels]
  float* gain = nullptr;               ///< [channels] written by group_norm_statistics
  float* offset = nullptr;             ///< [channels] likewise
  int pixels = 0;
  int channels = 0;
  int groups = 1;
  Activation activation = Activation::None;
};

/// One image: out = activation(gain in + offset); the two halves are split so that the second can be
/// spread over threads.
void group_norm_statistics(const GroupNormTask& task);
void group_norm_apply(const GroupNormTask& task, int begin_pixel, int end_pixel);

struct AttentionTask {
  const float* qkv = nullptr;  ///< [positions, 3 channels]
  float* out = nullptr;        ///< [positions, channels]
  float* scratch = nullptr;    ///< attention_scratch() floats for this head alone
  int positions = 0;
  int channels = 0;
  int heads = 1;
};
int attention_scratch(int positions, int head_size);
void attention_head(const AttentionTask& task, int head);

}  // namespace undiffuse::cpu
