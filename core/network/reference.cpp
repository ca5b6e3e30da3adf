#include "core/network/reference.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace undiffuse {
namespace {

using Values = std::vector<float>;

struct Context {
  const Graph& graph;
  const ModelInputs& inputs;
  std::vector<Values>& buffers;  // by BufferId

  const Shape& shape(BufferId id) const { return graph.buffers[static_cast<size_t>(id)].shape; }
  Values& values(BufferId id) const { return buffers[static_cast<size_t>(id)]; }
};

size_t at(const Shape& shape, int y, int x, int c) {
  return static_cast<size_t>((y * shape.width + x) * shape.channels + c);
}

double activation_of(Activation activation, double value) {
  switch (activation) {
    case Activation::None:
      return value;
    case Activation::Silu:
      return value / (1 + std::exp(-value));
    case Activation::Tanh:
      return std::tanh(value);
    case Activation::LeakyRelu:
      return value < 0 ? kLeak * value : value;
  }
  UNDIFFUSE_ASSERT(!"an activation without a formula");
}

float activated(Activation activation, double value) {
  return static_cast<float>(activation_of(activation, value));
}

void timestep_embedding(const Op& op, const Context& context, Values& out) {
  const size_t half = out.size() / 2;
  const double t = context.values(op.inputs[0])[0];
  for (size_t i = 0; i < half; ++i) {
    const double angle =
        t * std::exp(-std::log(10000.0) * static_cast<double>(i) / static_cast<double>(half));
    out[i] = static_cast<float>(std::cos(angle));
    out[half + i] = static_cast<float>(std::sin(angle));
  }
}

void label_embedding(const Op& op, const Context& context, Values& out) {
  const auto label = static_cast<std::ptrdiff_t>(context.values(op.inputs[0])[0]);
  std::copy_n(op.weight.begin() + label * static_cast<std::ptrdiff_t>(out.size()), out.size(), out.begin());
}

// One output value: the sum over the kernel's window, zero outside the (enlarged) input.
double window_sum(const Op& op, const Context& context, int y, int x, int out_channel) {
  const Shape& in = context.shape(op.inputs[0]);
  const Values& values = context.values(op.inputs[0]);
  double sum = 0;
  for (int ky = 0; ky < op.kernel; ++ky) {
    for (int kx = 0; kx < op.kernel; ++kx) {
      const int in_y = y * op.stride + ky - op.kernel / 2, in_x = x * op.stride + kx - op.kernel / 2;
      if (in_y < 0 || in_x < 0 || in_y >= in.height * op.upsample || in_x >= in.width * op.upsample) continue;
      const int tap = (out_channel * op.kernel + ky) * op.kernel + kx;
      for (int c = 0; c < in.channels; ++c) {
        sum += static_cast<double>(op.weight[static_cast<size_t>(tap * in.channels + c)]) *
               values[at(in, in_y / op.upsample, in_x / op.upsample, c)];
      }
    }
  }
  return sum;
}

void convolution(const Op& op, const Context& context, Values& out) {
  const Shape& shape = context.shape(op.output);
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      for (int c = 0; c < shape.channels; ++c) {
        const size_t i = at(shape, y, x, c);
        const double residual = op.residual < 0 ? 0.0 : context.values(op.residual)[i];
        out[i] = activated(op.activation,
                           window_sum(op, context, y, x, c) + op.bias[static_cast<size_t>(c)] + residual);
      }
    }
  }
}

void group_norm(const Op& op, const Context& context, Values& out) {
  constexpr double kTol = 1e-5;  // PyTorch's default
  const Shape& shape = context.shape(op.output);
  const Values& in = context.values(op.inputs[0]);
  const int group_size = shape.channels / op.groups;
  for (int group = 0; group < op.groups; ++group) {
    const auto for_each = [&](auto&& visit) {
      for (int pixel = 0; pixel < shape.pixels(); ++pixel) {
        for (int c = group * group_size; c < (group + 1) * group_size; ++c) visit(at(shape, 0, pixel, c), c);
      }
    };
    double sum = 0, squares = 0;
    for_each([&](size_t i, int) { sum += in[i]; });
    const double count = static_cast<double>(group_size) * shape.pixels(), mean = sum / count;
    for_each([&](size_t i, int) { squares += (in[i] - mean) * (in[i] - mean); });
    const double inv_sd = 1 / std::sqrt(squares / count + kTol);
    for_each([&](size_t i, int c) {
      const auto channel = static_cast<size_t>(c);
      double value = (in[i] - mean) * inv_sd * op.weight[channel] + op.bias[channel];
      if (op.inputs.size() > 1) {
        const Values& scale_shift = context.values(op.inputs[1]);
        value =
            value * (1 + scale_shift[channel]) + scale_shift[channel + static_cast<size_t>(shape.channels)];
      }
      out[i] = activated(op.activation, value);
    });
  }
}

// One query's row of one head: softmax(q k / sqrt(d)) v.
void attend(const Values& qkv, int positions, int channels, int head_size, int head, int query, Values& out) {
  const auto value = [&](int part, int position, int d) {
    return static_cast<double>(
        qkv[static_cast<size_t>(position * 3 * channels + part * channels + head * head_size + d)]);
  };
  std::vector<double> weight(static_cast<size_t>(positions));
  for (int key = 0; key < positions; ++key) {
    for (int d = 0; d < head_size; ++d)
      weight[static_cast<size_t>(key)] += value(0, query, d) * value(1, key, d);
    weight[static_cast<size_t>(key)] /= std::sqrt(static_cast<double>(head_size));
  }
  const double largest = *std::max_element(weight.begin(), weight.end());
  double sum = 0;
  for (double& w : weight) sum += w = std::exp(w - largest);
  for (int d = 0; d < head_size; ++d) {
    double mixed = 0;
    for (int key = 0; key < positions; ++key)
      mixed += weight[static_cast<size_t>(key)] / sum * value(2, key, d);
    out[static_cast<size_t>(query * channels + head * head_size + d)] = static_cast<float>(mixed);
  }
}

void attention(const Op& op, const Context& context, Values& out) {
  const Shape& shape = context.shape(op.output);
  for (int head = 0; head < op.heads; ++head) {
    for (int query = 0; query < shape.pixels(); ++query) {
      attend(context.values(op.inputs[0]), shape.pixels(), shape.channels, shape.channels / op.heads, head,
             query, out);
    }
  }
}

void concat(const Op& op, const Context& context, Values& out) {
  const Shape& shape = context.shape(op.output);
  const int first = context.shape(op.inputs[0]).channels;
  for (int pixel = 0; pixel < shape.pixels(); ++pixel) {
    for (int c = 0; c < shape.channels; ++c) {
      const BufferId from = op.inputs[c < first ? 0 : 1];
      out[at(shape, 0, pixel, c)] =
          context.values(from)[at(context.shape(from), 0, pixel, c < first ? c : c - first)];
    }
  }
}

// Calls move(large index, small index) for every value: the small image has f² times the channels.
template <class Move>
void for_each_shuffled(const Shape& large, const Shape& small, int factor, Move move) {
  for (int y = 0; y < large.height; ++y) {
    for (int x = 0; x < large.width; ++x) {
      for (int c = 0; c < large.channels; ++c) {
        const int channel = (c * factor + y % factor) * factor + x % factor;
        move(at(large, y, x, c), at(small, y / factor, x / factor, channel));
      }
    }
  }
}

void pixel_shuffle(const Op& op, const Context& context, Values& out) {
  const Values& in = context.values(op.inputs[0]);
  const Shape &from = context.shape(op.inputs[0]), &to = context.shape(op.output);
  if (op.kind == OpKind::PixelShuffle) {
    for_each_shuffled(to, from, op.factor, [&](size_t large, size_t small) { out[large] = in[small]; });
  } else {
    for_each_shuffled(from, to, op.factor, [&](size_t large, size_t small) { out[small] = in[large]; });
  }
}

// As the paper's reference code writes it: time and centres both run from -1 to 1.
void temporal_readout(const Op& op, const Context& context, Values& out) {
  const Values& coefficients = context.values(op.inputs[0]);
  const double t = std::clamp<double>(context.values(op.inputs[1])[0], 1, op.num_steps);
  const double time = op.num_steps > 1 ? 2 * (t - 1) / (op.num_steps - 1) - 1 : -1;
  const double apart = op.bumps > 1 ? 2.0 / (op.bumps - 1) : 1, width = apart / 2;
  std::vector<double> g(static_cast<size_t>(op.bumps));
  double sum = 0;
  for (size_t j = 0; j < g.size(); ++j) {
    const double centre = -1 + apart * static_cast<double>(j);
    sum += g[j] = std::exp(-(time - centre) * (time - centre) / (2 * width * width));
  }
  for (size_t i = 0; i < out.size(); ++i) {
    double value = 0;
    for (size_t j = 0; j < g.size(); ++j) value += coefficients[i * g.size() + j] * g[j] / sum;
    out[i] = static_cast<float>(value);
  }
}

void run_op(const Op& op, const Context& context) {
  Values& out = context.values(op.output);
  switch (op.kind) {
    case OpKind::TimestepEmbedding:
      return timestep_embedding(op, context, out);
    case OpKind::LabelEmbedding:
      return label_embedding(op, context, out);
    case OpKind::Convolution:
      return convolution(op, context, out);
    case OpKind::GroupNorm:
      return group_norm(op, context, out);
    case OpKind::Attention:
      return attention(op, context, out);
    case OpKind::Concat:
      return concat(op, context, out);
    case OpKind::PixelUnshuffle:
    case OpKind::PixelShuffle:
      return pixel_shuffle(op, context, out);
    case OpKind::TemporalReadout:
      return temporal_readout(op, context, out);
  }
}

}  // namespace

std::map<std::string, std::vector<float>> run_reference(const Graph& graph, const ModelInputs& inputs) {
  UNDIFFUSE_ASSERT(inputs.t.size() == 1 && inputs.label.size() == 1);
  std::vector<Values> buffers;
  for (const Buffer& buffer : graph.buffers) buffers.emplace_back(static_cast<size_t>(buffer.shape.size()));
  const auto set = [&](const char* name, Values values) {
    const BufferId id = graph.find(name);
    if (id >= 0) buffers[static_cast<size_t>(id)] = std::move(values);
  };
  set("x", Values(inputs.x.begin(), inputs.x.end()));
  set("t", {inputs.t[0]});
  set("label", {static_cast<float>(inputs.label[0])});
  for (const Op& op : graph.ops) run_op(op, {graph, inputs, buffers});
  std::map<std::string, Values> named;
  for (size_t i = 0; i < buffers.size(); ++i) named[graph.buffers[i].name] = std::move(buffers[i]);
  return named;
}

}  // namespace undiffuse
