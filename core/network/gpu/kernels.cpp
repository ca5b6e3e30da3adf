#include "core/network/gpu/kernels.h"

#include <cmath>
#include <numbers>

namespace undiffuse::gpu {
namespace {

constexpr int kTile = 8;  // convolution.wgsl's TILE: a workgroup computes 32 x 32 outputs

int padded(int size, int to) { return (size + to - 1) / to * to; }

// One invocation for each element of an image.
void for_each_element(int elements, Dispatch& dispatch) {
  dispatch.items = elements;
  dispatch.items_per_group = kWorkers;
}

Binding residual_or(const OpContext& context, const Binding& anything) {
  return context.op.residual < 0 ? anything : context.buffer(context.op.residual);
}

// activation.wgsl knows the numbers.
int activation_of(const Op& op) { return static_cast<int>(op.activation); }

// [out, taps, in] -> [taps, padded in, padded out].
std::vector<float> packed_convolution(const OpContext& context) {
  const int taps = context.op.kernel * context.op.kernel, in = context.in[0].channels;
  const int rows = padded(in, kTile), columns = padded(context.out.channels, 4 * kTile);
  std::vector<float> packed(static_cast<size_t>(taps * rows * columns));
  for (int out = 0; out < context.out.channels; ++out) {
    for (int tap = 0; tap < taps; ++tap) {
      for (int i = 0; i < in; ++i) {
        packed[static_cast<size_t>((tap * rows + i) * columns + out)] =
            context.op.weight[static_cast<size_t>((out * taps + tap) * in + i)];
      }
    }
  }
  return packed;
}

void convolution(const OpContext& context, Dispatch& dispatch) {
  const Op& op = context.op;
  const Shape &in = context.in[0], &out = context.out;
  const int columns = padded(out.channels, 4 * kTile);
  std::vector<float> bias = op.bias;
  bias.resize(static_cast<size_t>(columns));
  dispatch.constants = {{"TILE", kTile}};
  dispatch.shape = {context.max_batch * out.pixels(),
                    columns / 4,
                    in.height,
                    in.width,
                    in.channels,
                    out.height,
                    out.width,
                    out.channels,
                    op.kernel,
                    op.stride,
                    op.upsample,
                    op.residual >= 0,
                    activation_of(op)};
  const Binding bias_binding = context.weights(bias);
  dispatch.bindings = {context.buffer(op.inputs[0]), context.matrix(packed_convolution(context)),
                       bias_binding, residual_or(context, bias_binding), context.buffer(op.output)};
  dispatch.items = out.pixels();
  dispatch.items_per_group = 4 * kTile;
  dispatch.groups_y = columns / (4 * kTile);
}

// [out, in] -> [padded in / 4, out, 4], so that neighbouring invocations read neighbours.
std::vector<float> packed_dense(const std::vector<float>& weight, int out, int in) {
  std::vector<float> packed(static_cast<size_t>(padded(in, 4) * out));
  for (int o = 0; o < out; ++o) {
    for (int i = 0; i < in; ++i)
      packed[static_cast<size_t>((i / 4 * out + o) * 4 + i % 4)] = weight[static_cast<size_t>(o * in + i)];
  }
  return packed;
}

void dense(const OpContext& context, Dispatch& dispatch) {
  const Op& op = context.op;
  const int in = context.in[0].channels, out = context.out.channels;
  dispatch.shape = {context.max_batch, in, out, op.residual >= 0, activation_of(op)};
  const Binding bias = context.weights(op.bias);
  dispatch.bindings = {context.buffer(op.inputs[0]), context.matrix(packed_dense(op.weight, out, in)), bias,
                       residual_or(context, bias), context.buffer(op.output)};
  for_each_element(out, dispatch);
}

void group_norm(const OpContext& context, Dispatch& dispatch) {
  const Op& op = context.op;
  const bool modulated = op.inputs.size() > 1;
  dispatch.shape = {context.out.pixels(), context.out.channels, op.groups, modulated, activation_of(op)};
  const Binding gamma = context.weights(op.weight);
  dispatch.bindings = {context.buffer(op.inputs[0]), gamma, context.weights(op.bias),
                       modulated ? context.buffer(op.inputs[1]) : gamma, context.buffer(op.output)};
  dispatch.items = op.groups;
}

void attention(const OpContext& context, Dispatch& dispatch) {
  const int heads = context.op.heads;
  dispatch.constants.push_back({"HEAD_SIZE", context.out.channels / heads});
  dispatch.shape = {context.out.pixels(), heads};
  dispatch.bindings = {context.buffer(context.op.inputs[0]), context.buffer(context.op.output)};
  dispatch.items = context.out.pixels() * heads;
}

void concat(const OpContext& context, Dispatch& dispatch) {
  const Op& op = context.op;
  dispatch.shape = {context.max_batch * context.out.pixels(), context.in[0].channels, context.in[1].channels};
  dispatch.bindings = {context.buffer(op.inputs[0]), context.buffer(op.inputs[1]), context.buffer(op.output)};
  for_each_element(context.out.image_size(), dispatch);
}

void pixel_shuffle(const OpContext& context, Dispatch& dispatch) {
  const bool to_large = context.op.kind == OpKind::PixelShuffle;
  const Shape& large = to_large ? context.out : context.in[0];
  dispatch.shape = {context.max_batch, large.height,      large.width,
                    large.channels,    context.op.factor, to_large};
  dispatch.bindings = {context.buffer(context.op.inputs[0]), context.buffer(context.op.output)};
  for_each_element(large.image_size(), dispatch);
}

void label_embedding(const OpContext& context, Dispatch& dispatch) {
  dispatch.shape = {context.max_batch, context.out.channels};
  dispatch.bindings = {context.buffer(context.op.inputs[0]), context.weights(context.op.weight),
                       context.buffer(context.op.output)};
  for_each_element(context.out.channels, dispatch);
}

// Turns a step of each wave, as a number of 12 bits and the rest (see the shader).
std::vector<float> split_frequencies(int half) {
  std::vector<float> split;
  for (int i = 0; i < half; ++i) {
    const double turns = std::exp(-std::log(10000.0) * i / half) / (2 * std::numbers::pi);
    const double unit = std::exp2(std::floor(std::log2(turns)) - 11);  // of the 12th bit
    const double high = std::round(turns / unit) * unit;
    split.push_back(static_cast<float>(high));
    split.push_back(static_cast<float>(turns - high));
  }
  return split;
}

void timestep_embedding(const OpContext& context, Dispatch& dispatch) {
  const int half = context.out.channels / 2;
  dispatch.shape = {context.max_batch, half};
  dispatch.bindings = {context.buffer(context.op.inputs[0]), context.weights(split_frequencies(half)),
                       context.buffer(context.op.output)};
  for_each_element(half, dispatch);
}

void temporal_readout(const OpContext& context, Dispatch& dispatch) {
  const Op& op = context.op;
  dispatch.shape = {context.max_batch, context.out.image_size(), op.bumps, op.num_steps};
  dispatch.bindings = {context.buffer(op.inputs[0]), context.buffer(op.inputs[1]), context.buffer(op.output)};
  for_each_element(context.out.image_size(), dispatch);
}

struct Kernel {
  std::string_view shader;
  void (*fill)(const OpContext&, Dispatch&);
};

Kernel kernel_of(const OpContext& context) {
  switch (context.op.kind) {
    case OpKind::TimestepEmbedding:
      return {"timestep_embedding", timestep_embedding};
    case OpKind::LabelEmbedding:
      return {"label_embedding", label_embedding};
    case OpKind::Convolution:
      if (context.op.kernel == 1 && context.in[0].pixels() == 1 && context.out.pixels() == 1) {
        return {"dense", dense};
      }
      return {"convolution", convolution};
    case OpKind::GroupNorm:
      return {"group_norm", group_norm};
    case OpKind::Attention:
      return {"attention", attention};
    case OpKind::Concat:
      return {"concat", concat};
    case OpKind::PixelUnshuffle:
    case OpKind::PixelShuffle:
      return {"pixel_shuffle", pixel_shuffle};
    case OpKind::TemporalReadout:
      return {"temporal_readout", temporal_readout};
  }
  UNDIFFUSE_ASSERT(!"an op without a kernel");
}

}  // namespace

Dispatch make_dispatch(const OpContext& context) {
  const Kernel kernel = kernel_of(context);
  Dispatch dispatch;
  dispatch.shader = kernel.shader;
  dispatch.constants = {{"WORKERS", kWorkers}};
  kernel.fill(context, dispatch);
  return dispatch;
}

}  // namespace undiffuse::gpu
