// Graphs made by hand, and one call to run one on the CPU engine.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/network/cpu_engine.h"
#include "core/network/reference.h"
#include "core/network/unet.h"
#include "support/tiny_unet.h"

namespace undiffuse {

/// Inputs of a batch, owned.
struct Batch {
  std::vector<float> x, t;
  std::vector<int> label;

  int size() const { return static_cast<int>(t.size()); }
  ModelInputs inputs() const { return {x, t, label}; }
  /// Images [begin, end) of it.
  Batch part(int begin, int end) const {
    const auto image = static_cast<std::ptrdiff_t>(x.size() / t.size());
    return {{x.begin() + begin * image, x.begin() + end * image},
            {t.begin() + begin, t.begin() + end},
            {label.begin() + begin, label.begin() + end}};
  }
};

/// t fractional in [0, 1000), labels over all classes and "any".
inline Batch random_batch(const Graph& graph, int size, std::uint64_t seed) {
  Batch batch;
  batch.x = random_values(static_cast<size_t>(size * graph.input.image_size()), seed);
  for (int i = 0; i < size; ++i) {
    const auto random =
        philox4x32({static_cast<std::uint32_t>(i), 0, 0, 0}, {static_cast<std::uint32_t>(seed), 9});
    batch.t.push_back(static_cast<float>(random[0] % 4000000) / 4000);
    batch.label.push_back(static_cast<int>(random[1] % static_cast<std::uint32_t>(graph.num_classes + 1)));
  }
  return batch;
}

inline std::vector<float> run_engine(const Graph& graph, const Batch& batch, int threads = 1) {
  ThreadPool pool(threads);
  CpuEngine engine(graph, batch.size(), pool);
  std::vector<float> raw(static_cast<size_t>(batch.size() * graph.output.image_size()));
  engine.run(batch.inputs(), raw);
  return raw;
}

inline std::vector<float> reference_output(const Graph& graph, const Batch& image) {
  return run_reference(graph, image.inputs()).at("output");
}

/// The largest difference, as a part of the largest expected value; infinite for a NaN.
inline double relative_difference(const std::vector<float>& values, const std::vector<float>& expected) {
  EXPECT_EQ(values.size(), expected.size());
  double difference = 0, largest = 1e-30;
  for (size_t i = 0; i < std::min(values.size(), expected.size()); ++i) {
    const double here = std::abs(static_cast<double>(values[i]) - expected[i]);
    difference = std::isnan(here) ? INFINITY : std::max(difference, here);
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return difference / largest;
}

/// Runs every image of a random batch through the reference too.
inline void expect_engine_matches(const Graph& graph, int images, int threads, double tolerance,
                                  std::uint64_t seed = 5) {
  const Batch batch = random_batch(graph, images, seed);
  const std::vector<float> raw = run_engine(graph, batch, threads);
  const auto image = static_cast<std::ptrdiff_t>(graph.output.image_size());
  for (int i = 0; i < images; ++i) {
    const std::vector<float> of_image(raw.begin() + i * image, raw.begin() + (i + 1) * image);
    EXPECT_LE(relative_difference(of_image, reference_output(graph, batch.part(i, i + 1))), tolerance)
        << "image " << i << " of " << images;
  }
}

/// A graph that grows op by op from "x"; finish() names the last buffer "output".
class GraphMaker {
 public:
  GraphMaker(int height, int width, int channels) {
    graph_.input = {1, height, width, channels};
    graph_.buffers = {{"x", graph_.input}, {"t", {}}, {"label", {}}};
    graph_.num_classes = 3;
  }
  static constexpr BufferId kX = 0, kT = 1, kLabel = 2;

  const Shape& shape(BufferId id) const { return graph_.buffers[static_cast<size_t>(id)].shape; }

  BufferId add(Op op, Shape out) {
    op.output = static_cast<BufferId>(graph_.buffers.size());
    graph_.buffers.push_back({"buffer " + std::to_string(op.output), out});
    graph_.ops.push_back(std::move(op));
    return graph_.ops.back().output;
  }

  /// Fills in the weights; `op` says kernel, stride, upsample, activation and residual.
  BufferId convolution(BufferId input, int channels, Op op = {}) {
    const Shape in = shape(input);
    const int taps = op.kernel * op.kernel, inner = taps * in.channels;
    op.kind = OpKind::Convolution;
    op.inputs = {input};
    op.weight = random(channels * inner, 1 / std::sqrt(static_cast<float>(inner)));
    op.bias = random(channels, 0.5f);
    const auto size = [&](int extent) { return (extent * op.upsample - 1) / op.stride + 1; };
    return add(op, {1, size(in.height), size(in.width), channels});
  }

  BufferId group_norm(BufferId input, int groups, Activation activation, BufferId scale_shift = -1) {
    Op op{.kind = OpKind::GroupNorm, .inputs = {input}, .activation = activation, .groups = groups};
    if (scale_shift >= 0) op.inputs.push_back(scale_shift);
    op.weight = random(shape(input).channels, 1);
    op.bias = random(shape(input).channels, 1);
    return add(op, shape(input));
  }

  BufferId attention(BufferId qkv, int heads) {
    Shape out = shape(qkv);
    out.channels /= 3;
    return add({.kind = OpKind::Attention, .inputs = {qkv}, .heads = heads}, out);
  }

  BufferId concat(BufferId a, BufferId b) {
    Shape out = shape(a);
    out.channels += shape(b).channels;
    return add({.kind = OpKind::Concat, .inputs = {a, b}}, out);
  }

  BufferId shuffle(OpKind kind, BufferId input, int factor) {
    Shape out = shape(input);
    if (kind == OpKind::PixelShuffle) {
      out = {1, out.height * factor, out.width * factor, out.channels / factor / factor};
    } else {
      out = {1, out.height / factor, out.width / factor, out.channels * factor * factor};
    }
    return add({.kind = kind, .inputs = {input}, .factor = factor}, out);
  }

  /// Of an image of K J channels, J bumps.
  BufferId temporal_readout(BufferId coefficients, int bumps, int num_steps) {
    Shape out = shape(coefficients);
    out.channels /= bumps;
    return add({.kind = OpKind::TemporalReadout,
                .inputs = {coefficients, kT},
                .bumps = bumps,
                .num_steps = num_steps},
               out);
  }

  BufferId timestep_embedding(int width) {
    return add({.kind = OpKind::TimestepEmbedding, .inputs = {kT}}, {1, 1, 1, width});
  }

  BufferId label_embedding(int width) {
    Op op{.kind = OpKind::LabelEmbedding, .inputs = {kLabel}};
    op.weight = random((graph_.num_classes + 1) * width, 1);
    return add(op, {1, 1, 1, width});
  }

  Graph finish() {
    graph_.buffers.back().name = "output";
    graph_.output = graph_.buffers.back().shape;
    return graph_;
  }

 private:
  std::vector<float> random(int size, float scale) {
    return random_values(static_cast<size_t>(size), ++seed_, scale);
  }

  Graph graph_;
  std::uint64_t seed_ = 100;
};

inline Graph tiny_graph(const TinyUNet& unet = {}, std::uint64_t seed = 1) {
  const Bytes bytes = to_bytes(tiny_unet(unet, seed));
  const Result<SafeTensors> file = parse_safetensors(bytes);
  EXPECT_TRUE(file.ok());
  Result<Graph> graph = build_unet(*file);
  EXPECT_TRUE(graph.ok());
  return std::move(*graph);
}

}  // namespace undiffuse
