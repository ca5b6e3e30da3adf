#include "core/network/cpu_engine.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/network/cpu/arena.h"
#include "core/network/cpu/kernels.h"
#include "core/network/temporal_basis.h"

namespace undiffuse {
namespace {

using cpu::ArenaLayout;

// Rows of a convolution that one thread takes at a time: enough to amortise a panel of weights, few
// enough that two threads share the smallest layers (49 pixels).
constexpr int kRowsPerTask = 30;
constexpr int kPixelsPerTask = 64;

// What an op needs at run time besides its buffers, worked out once.
struct Compiled {
  Op op;                     // its weight is packed or empty
  Shape in, out;             // of one image
  std::vector<int> offsets;  // Convolution: [pixels, taps]
  size_t scratch = 0;        // in the engine's scratch memory, floats
};

// Where each tap of each output pixel reads: floats into the input image, or -1 outside it.
std::vector<int> tap_offsets(const Op& op, const Shape& in, const Shape& out) {
  std::vector<int> offsets;
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      for (int tap = 0; tap < op.kernel * op.kernel; ++tap) {
        const int in_y = y * op.stride + tap / op.kernel - op.kernel / 2;
        const int in_x = x * op.stride + tap % op.kernel - op.kernel / 2;
        const bool inside =
            in_y >= 0 && in_x >= 0 && in_y < in.height * op.upsample && in_x < in.width * op.upsample;
        offsets.push_back(inside ? (in_y / op.upsample * in.width + in_x / op.upsample) * in.channels : -1);
      }
    }
  }
  return offsets;
}

void compile_convolution(Compiled& compiled) {
  Op& op = compiled.op;
  compiled.offsets = tap_offsets(op, compiled.in, compiled.out);
  const int inner = op.kernel * op.kernel * compiled.in.channels, width = cpu::panel_width();
  op.weight = cpu::pack_weight(op.weight, compiled.out.channels, inner);
  const size_t panels = op.weight.size() / static_cast<size_t>(inner) / static_cast<size_t>(width);
  op.bias.resize(panels * static_cast<size_t>(width));
}

size_t scratch_per_image(const Compiled& compiled) {
  const auto channels = static_cast<size_t>(compiled.out.channels);
  if (compiled.op.kind == OpKind::GroupNorm) return 2 * channels;
  if (compiled.op.kind == OpKind::TemporalReadout) return static_cast<size_t>(compiled.op.bumps);
  if (compiled.op.kind != OpKind::Attention) return 0;
  const int head_size = compiled.out.channels / compiled.op.heads;
  return static_cast<size_t>(compiled.op.heads) *
         static_cast<size_t>(cpu::attention_scratch(compiled.out.pixels(), head_size));
}

int pieces(int count, int size) { return (count + size - 1) / size; }

}  // namespace

struct CpuEngine::Impl {
  Impl(const Graph& graph, int batch, ThreadPool& threads) : pool(threads), max_batch(batch) {
    UNDIFFUSE_ASSERT(batch >= 1 && graph.find("x") >= 0 && graph.find("output") >= 0);
    layout = cpu::lay_out(graph);
    for (const Buffer& buffer : graph.buffers) image_sizes.push_back(buffer.shape.image_size());
    size_t scratch_floats = 0;
    int most_channels = 1;
    for (const Op& op : graph.ops) {
      ops.push_back({op, shape_of(graph, op.inputs[0]), shape_of(graph, op.output), {}, 0});
      if (op.kind == OpKind::Convolution) compile_convolution(ops.back());
      scratch_floats = std::max(scratch_floats, scratch_per_image(ops.back()));
      most_channels = std::max(most_channels, ops.back().in.channels);
    }
    arena.resize(layout.size * static_cast<size_t>(batch));
    scratch.resize(scratch_floats * static_cast<size_t>(batch));
    zeros.resize(static_cast<size_t>(most_channels));
    x = graph.find("x"), t = graph.find("t"), label = graph.find("label"), output = graph.find("output");
    input = graph.input;
    num_classes = graph.num_classes;
  }

  static Shape shape_of(const Graph& graph, BufferId id) {
    return graph.buffers[static_cast<size_t>(id)].shape;
  }

  /// The buffer's memory for a whole batch, images one after the other.
  float* at(BufferId id) {
    return arena.data() + layout.offsets[static_cast<size_t>(id)] * static_cast<size_t>(max_batch);
  }

  void load(const ModelInputs& inputs) {
    std::copy(inputs.x.begin(), inputs.x.end(), at(x));
    for (size_t i = 0; i < inputs.t.size(); ++i) {
      UNDIFFUSE_ASSERT(inputs.label[i] >= 0 && inputs.label[i] <= num_classes);
      if (t >= 0) at(t)[i] = inputs.t[i];
      if (label >= 0) at(label)[i] = static_cast<float>(inputs.label[i]);
    }
  }

  bool is_input(BufferId id) const { return id == x || id == t || id == label; }

  void run_ops_to(BufferId wanted, int batch) {
    for (const Compiled& op : ops) {
      run_op(op, batch);
      if (op.op.output == wanted) return;
    }
  }

  void run_op(const Compiled& op, int batch);
  void timestep_embedding(const Compiled& op, int batch);
  void label_embedding(const Compiled& op, int batch);
  void convolution(const Compiled& op, int batch);
  void group_norm(const Compiled& op, int batch);
  void attention(const Compiled& op, int batch);
  void concat(const Compiled& op, int batch);
  void pixel_shuffle(const Compiled& op, int batch);
  void temporal_readout(const Compiled& op, int batch);

  ThreadPool& pool;
  int max_batch;
  ArenaLayout layout;
  std::vector<int> image_sizes;  // by BufferId, in floats
  std::vector<Compiled> ops;
  std::vector<float> arena, scratch, zeros;
  BufferId x = -1, t = -1, label = -1, output = -1;
  Shape input;
  int num_classes = 0;
};

void CpuEngine::Impl::timestep_embedding(const Compiled& op, int batch) {
  const int half = op.out.channels / 2;
  for (int image = 0; image < batch; ++image) {
    const double time = at(op.op.inputs[0])[image];
    float* out = at(op.op.output) + image * op.out.channels;
    for (int i = 0; i < half; ++i) {
      const double angle = time * std::exp(-std::log(10000.0) * i / half);
      out[i] = static_cast<float>(std::cos(angle));
      out[half + i] = static_cast<float>(std::sin(angle));
    }
  }
}

void CpuEngine::Impl::label_embedding(const Compiled& op, int batch) {
  const auto width = static_cast<size_t>(op.out.channels);
  for (int image = 0; image < batch; ++image) {
    const auto row = static_cast<size_t>(at(op.op.inputs[0])[image]);
    std::copy_n(op.op.weight.data() + row * width, width,
                at(op.op.output) + static_cast<size_t>(image) * width);
  }
}

void CpuEngine::Impl::convolution(const Compiled& op, int batch) {
  cpu::ConvolutionTask task;
  task.in = at(op.op.inputs[0]);
  task.zeros = zeros.data();
  task.offsets = op.offsets.data();
  task.weight = op.op.weight.data();
  task.bias = op.op.bias.data();
  task.residual = op.op.residual < 0 ? nullptr : at(op.op.residual);
  task.out = at(op.op.output);
  task.in_image = op.in.image_size();
  task.pixels = op.out.pixels();
  task.taps = op.op.kernel * op.op.kernel;
  task.channels_in = op.in.channels;
  task.channels_out = op.out.channels;
  task.activation = op.op.activation;
  const int rows = batch * task.pixels, blocks = pieces(rows, kRowsPerTask);
  const int panels = pieces(task.channels_out, cpu::panel_width());
  pool.parallel_for(blocks * panels, [&](int i) {
    const int begin = i % blocks * kRowsPerTask;
    cpu::convolution(task, i / blocks, begin, std::min(begin + kRowsPerTask, rows));
  });
}

void CpuEngine::Impl::group_norm(const Compiled& op, int batch) {
  const auto task_of = [&](int image) {
    const size_t begin = static_cast<size_t>(image) * static_cast<size_t>(op.out.image_size());
    cpu::GroupNormTask task;
    task.in = at(op.op.inputs[0]) + begin;
    task.gamma = op.op.weight.data();
    task.beta = op.op.bias.data();
    if (op.op.inputs.size() > 1) task.scale_shift = at(op.op.inputs[1]) + image * 2 * op.out.channels;
    task.out = at(op.op.output) + begin;
    task.gain = scratch.data() + image * 2 * op.out.channels;
    task.offset = task.gain + op.out.channels;
    task.pixels = op.out.pixels();
    task.channels = op.out.channels;
    task.groups = op.op.groups;
    task.activation = op.op.activation;
    return task;
  };
  pool.parallel_for(batch, [&](int image) { cpu::group_norm_statistics(task_of(image)); });
  const int pixels = op.out.pixels(), parts = pieces(pixels, kPixelsPerTask);
  pool.parallel_for(batch * parts, [&](int i) {
    const int begin = i % parts * kPixelsPerTask;
    cpu::group_norm_apply(task_of(i / parts), begin, std::min(begin + kPixelsPerTask, pixels));
  });
}

void CpuEngine::Impl::attention(const Compiled& op, int batch) {
  const int heads = op.op.heads, floats = cpu::attention_scratch(op.out.pixels(), op.out.channels / heads);
  pool.parallel_for(batch * heads, [&](int i) {
    const auto image = static_cast<size_t>(i / heads);
    cpu::AttentionTask task;
    task.qkv = at(op.op.inputs[0]) + image * static_cast<size_t>(op.in.image_size());
    task.out = at(op.op.output) + image * static_cast<size_t>(op.out.image_size());
    task.scratch = scratch.data() + static_cast<size_t>(i) * static_cast<size_t>(floats);
    task.positions = op.out.pixels();
    task.channels = op.out.channels;
    task.heads = heads;
    cpu::attention_head(task, i % heads);
  });
}

void CpuEngine::Impl::concat(const Compiled& op, int batch) {
  const int first = op.in.channels, second = op.out.channels - first;
  const float *a = at(op.op.inputs[0]), *b = at(op.op.inputs[1]);
  float* out = at(op.op.output);
  for (int pixel = 0; pixel < batch * op.out.pixels(); ++pixel, a += first, b += second) {
    out = std::copy_n(b, second, std::copy_n(a, first, out));
  }
}

void CpuEngine::Impl::pixel_shuffle(const Compiled& op, int batch) {
  const bool to_large = op.op.kind == OpKind::PixelShuffle;
  const Shape &large = to_large ? op.out : op.in, &small = to_large ? op.in : op.out;
  const int factor = op.op.factor;
  const float* in = at(op.op.inputs[0]);
  float* out = at(op.op.output);
  for (int image = 0; image < batch; ++image, in += op.in.image_size(), out += op.out.image_size()) {
    int i = 0;  // in the large image
    for (int y = 0; y < large.height; ++y) {
      for (int x_large = 0; x_large < large.width; ++x_large) {
        const int pixel = y / factor * small.width + x_large / factor;
        const int inside = y % factor * factor + x_large % factor;
        for (int c = 0; c < large.channels; ++c, ++i) {
          const int j = pixel * small.channels + c * factor * factor + inside;
          (to_large ? out[i] : out[j]) = to_large ? in[j] : in[i];
        }
      }
    }
  }
}

// Each image has a t of its own, and so its own mix of the bumps.
void CpuEngine::Impl::temporal_readout(const Compiled& op, int batch) {
  const std::span<float> g = std::span(scratch).first(static_cast<size_t>(op.op.bumps));
  const float* coefficients = at(op.op.inputs[0]);
  float* out = at(op.op.output);
  for (int image = 0; image < batch; ++image) {
    temporal_basis(at(op.op.inputs[1])[image], op.op.num_steps, g);
    for (int i = 0; i < op.out.image_size(); ++i, coefficients += g.size()) {
      *out++ = std::inner_product(g.begin(), g.end(), coefficients, 0.0f);
    }
  }
}

void CpuEngine::Impl::run_op(const Compiled& op, int batch) {
  switch (op.op.kind) {
    case OpKind::TimestepEmbedding:
      return timestep_embedding(op, batch);
    case OpKind::LabelEmbedding:
      return label_embedding(op, batch);
    case OpKind::Convolution:
      return convolution(op, batch);
    case OpKind::GroupNorm:
      return group_norm(op, batch);
    case OpKind::Attention:
      return attention(op, batch);
    case OpKind::Concat:
      return concat(op, batch);
    case OpKind::PixelUnshuffle:
    case OpKind::PixelShuffle:
      return pixel_shuffle(op, batch);
    case OpKind::TemporalReadout:
      return temporal_readout(op, batch);
  }
}

CpuEngine::CpuEngine(const Graph& graph, int max_batch, ThreadPool& pool)
    : impl_(std::make_unique<Impl>(graph, max_batch, pool)) {}

CpuEngine::~CpuEngine() = default;

int CpuEngine::max_batch() const { return impl_->max_batch; }

void CpuEngine::run(const ModelInputs& inputs, std::span<float> raw) { run_to(impl_->output, inputs, raw); }

void CpuEngine::run_to(BufferId buffer, const ModelInputs& inputs, std::span<float> out) {
  const int batch = static_cast<int>(inputs.t.size());
  UNDIFFUSE_ASSERT(batch >= 1 && batch <= impl_->max_batch && inputs.label.size() == inputs.t.size());
  UNDIFFUSE_ASSERT(inputs.x.size() == static_cast<size_t>(batch * impl_->input.image_size()));
  UNDIFFUSE_ASSERT(buffer >= 0 && static_cast<size_t>(buffer) < impl_->image_sizes.size());
  UNDIFFUSE_ASSERT(out.size() ==
                   static_cast<size_t>(batch * impl_->image_sizes[static_cast<size_t>(buffer)]));
  impl_->load(inputs);
  if (!impl_->is_input(buffer)) impl_->run_ops_to(buffer, batch);
  std::copy_n(impl_->at(buffer), out.size(), out.begin());
}

}  // namespace undiffuse
