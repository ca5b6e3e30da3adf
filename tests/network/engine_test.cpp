// The CPU engine against the scalar reference, op by op and on whole networks.
#include "core/network/cpu_engine.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/run_graph.h"

namespace undiffuse {
namespace {

// The reference sums in double, the engine in float with one rounding of 2^-24 a product. Over the
// longest sum here (25 taps x 70 channels) that walks sqrt(1750) 2^-24 = 2.5e-6 of a typical value;
// the factor of 8 covers the worst of some thousand values. A wrong index is off by about 1.
constexpr double kOpTol = 2e-5;

// Some thirty ops in a row, each with an error of its own that later norms may enlarge.
constexpr double kNetworkTol = 1e-4;

// Small integers that differ from trial to trial.
class Picks {
 public:
  explicit Picks(std::uint32_t trial) : trial_(trial) {}
  int between(int low, int high) {
    const auto random = philox4x32({trial_, ++count_, 0, 0}, {11, 12})[0];
    return low + static_cast<int>(random % static_cast<std::uint32_t>(high - low + 1));
  }

 private:
  std::uint32_t trial_, count_ = 0;
};

TEST(CpuEngine, EveryConvolution) {
  std::uint32_t trial = 0;
  for (const int kernel : {1, 3, 5}) {
    for (const int stride : {1, 2}) {
      for (const int upsample : {1, 2}) {
        for (const bool residual : {false, true}) {
          for (const Activation activation :
               {Activation::None, Activation::Silu, Activation::Tanh, Activation::LeakyRelu}) {
            Picks picks(++trial);
            GraphMaker maker(picks.between(1, 9), picks.between(1, 9), picks.between(1, 70));
            Op op{.activation = activation, .kernel = kernel, .stride = stride, .upsample = upsample};
            const int channels = picks.between(1, 70);
            if (residual) op.residual = maker.convolution(GraphMaker::kX, channels, op);
            maker.convolution(GraphMaker::kX, channels, op);
            SCOPED_TRACE(testing::Message() << kernel << " " << stride << " " << upsample << " " << residual);
            expect_engine_matches(maker.finish(), picks.between(1, 3), picks.between(1, 3), kOpTol, trial);
          }
        }
      }
    }
  }
}

// Every width of the last panel and vector, whatever the machine's vectors.
TEST(CpuEngine, EveryNumberOfChannels) {
  for (int channels = 1; channels <= 70; ++channels) {
    GraphMaker maker(2, 3, 71 - channels);
    const BufferId residual = maker.convolution(GraphMaker::kX, channels);
    maker.convolution(residual, channels,
                      {.residual = residual, .activation = Activation::Silu, .kernel = 3});
    SCOPED_TRACE(channels);
    expect_engine_matches(maker.finish(), 2, 1, kOpTol);
  }
}

// Every remainder of the tile of rows, and of the rows that a thread takes.
TEST(CpuEngine, EveryNumberOfPixels) {
  for (int pixels = 1; pixels <= 70; ++pixels) {
    GraphMaker maker(1, pixels, 3);
    maker.convolution(GraphMaker::kX, 5, {.kernel = 3});
    SCOPED_TRACE(pixels);
    expect_engine_matches(maker.finish(), 1 + pixels % 3, 2, kOpTol);
  }
}

TEST(CpuEngine, GroupNorms) {
  for (std::uint32_t trial = 0; trial < 60; ++trial) {
    Picks picks(1000 + trial);
    const int groups = picks.between(1, 8), channels = groups * picks.between(1, 9);
    GraphMaker maker(picks.between(1, 12), picks.between(2, 12), channels);
    BufferId scale_shift = -1;
    if (trial % 2) scale_shift = maker.label_embedding(2 * channels);
    maker.group_norm(GraphMaker::kX, groups, trial % 3 ? Activation::Silu : Activation::None, scale_shift);
    SCOPED_TRACE(trial);
    expect_engine_matches(maker.finish(), picks.between(1, 4), picks.between(1, 3), kOpTol, trial);
  }
}

// One value for a whole group: its variance is 0 and only the epsilon in the root keeps it finite.
TEST(CpuEngine, GroupNormOfAConstant) {
  GraphMaker maker(3, 3, 6);
  maker.group_norm(GraphMaker::kX, 3, Activation::None);
  const Graph graph = maker.finish();
  Batch batch = random_batch(graph, 1, 1);
  std::fill(batch.x.begin(), batch.x.end(), 0.75f);
  EXPECT_LE(relative_difference(run_engine(graph, batch), reference_output(graph, batch)), kOpTol);
}

// The mean is subtracted before squaring: with sums of squares a mean of 1000 would leave no digits.
// What is left is the rounding of in x gain + offset, 2^-24 x 1000 for a result of about 1.
TEST(CpuEngine, GroupNormFarFromZero) {
  GraphMaker maker(5, 7, 12);
  maker.group_norm(GraphMaker::kX, 4, Activation::None);
  const Graph graph = maker.finish();
  Batch batch = random_batch(graph, 1, 1);
  for (float& x : batch.x) x += 1000;
  EXPECT_LE(relative_difference(run_engine(graph, batch), reference_output(graph, batch)), 3e-4);
}

TEST(CpuEngine, TemporalReadouts) {
  for (std::uint32_t trial = 0; trial < 40; ++trial) {
    Picks picks(3000 + trial);
    const int bumps = picks.between(1, 12), outputs = picks.between(1, 6);
    GraphMaker maker(picks.between(1, 9), picks.between(1, 9), bumps * outputs);
    maker.temporal_readout(GraphMaker::kX, bumps, trial % 4 ? 1000 : picks.between(1, 600));
    SCOPED_TRACE(trial);
    expect_engine_matches(maker.finish(), picks.between(1, 4), picks.between(1, 3), kOpTol, trial);
  }
}

// tanh must neither overflow nor lose its slope at 0; the leak is 1/20.
TEST(CpuEngine, ActivationsFarFromZeroAndNear) {
  const Batch batch{{-1e30f, -50, -1, -1e-6f, 0, 1e-6f, 1, 1e30f}, {0}, {0}};
  for (const Activation activation : {Activation::Tanh, Activation::LeakyRelu}) {
    GraphMaker maker(1, 8, 1);
    maker.convolution(GraphMaker::kX, 1, {.activation = activation});
    Graph graph = maker.finish();
    graph.ops[0].weight = {1};
    graph.ops[0].bias = {0};
    const std::vector<float> values = run_engine(graph, batch);
    for (size_t i = 0; i < values.size(); ++i) {
      const double x = batch.x[i], leaked = x < 0 ? x / 20 : x;
      const double expected = activation == Activation::Tanh ? std::tanh(x) : leaked;
      EXPECT_NEAR(values[i], expected, 1e-6 * std::abs(expected)) << x;
    }
  }
}

TEST(CpuEngine, Attentions) {
  for (std::uint32_t trial = 0; trial < 60; ++trial) {
    Picks picks(2000 + trial);
    const int heads = picks.between(1, 4), channels = heads * picks.between(1, 40);
    GraphMaker maker(picks.between(1, 9), picks.between(1, 9), picks.between(1, 8));
    maker.attention(maker.convolution(GraphMaker::kX, 3 * channels), heads);
    SCOPED_TRACE(trial);
    expect_engine_matches(maker.finish(), picks.between(1, 3), picks.between(1, 3), kOpTol, trial);
  }
}

// Scores far outside exp's range: softmax picks one position, or several equal ones.
TEST(CpuEngine, AttentionWithLargeScores) {
  GraphMaker maker(3, 3, 12);
  maker.attention(GraphMaker::kX, 2);
  const Graph graph = maker.finish();
  Batch batch = random_batch(graph, 2, 3);
  for (float& x : batch.x) x = std::round(x) * 64;
  for (int i = 0; i < 2; ++i) {
    const Batch image = batch.part(i, i + 1);
    EXPECT_LE(relative_difference(run_engine(graph, image), reference_output(graph, image)), kOpTol);
  }
}

TEST(CpuEngine, ConcatsAreExact) {
  for (std::uint32_t trial = 0; trial < 20; ++trial) {
    Picks picks(3000 + trial);
    GraphMaker maker(picks.between(1, 6), picks.between(1, 6), picks.between(1, 20));
    const BufferId other = maker.group_norm(GraphMaker::kX, 1, Activation::None);
    maker.concat(trial % 2 ? GraphMaker::kX : other, trial % 2 ? other : GraphMaker::kX);
    expect_engine_matches(maker.finish(), picks.between(1, 3), 1, kOpTol, trial);
  }
  GraphMaker twice(2, 3, 5);
  twice.concat(twice.concat(GraphMaker::kX, GraphMaker::kX), GraphMaker::kX);
  expect_engine_matches(twice.finish(), 3, 1, 0);
}

TEST(CpuEngine, ShufflesAreExact) {
  for (const int factor : {1, 2, 3, 4}) {
    for (const int channels : {1, 2, 5}) {
      GraphMaker unshuffle(2 * factor, 3 * factor, channels);
      unshuffle.shuffle(OpKind::PixelUnshuffle, GraphMaker::kX, factor);
      expect_engine_matches(unshuffle.finish(), 2, 1, 0);
      GraphMaker shuffle(3, 2, channels * factor * factor);
      shuffle.shuffle(OpKind::PixelShuffle, GraphMaker::kX, factor);
      expect_engine_matches(shuffle.finish(), 2, 1, 0);
    }
  }
}

// PyTorch's order of channels: input channel, then row, then column inside the block.
TEST(CpuEngine, UnshuffleOrdersChannelsAsPyTorch) {
  GraphMaker maker(2, 2, 2);
  maker.shuffle(OpKind::PixelUnshuffle, GraphMaker::kX, 2);
  const Batch batch{{0, 10, 1, 11, 2, 12, 3, 13}, {0}, {0}};
  const std::vector<float> expected = {0, 1, 2, 3, 10, 11, 12, 13};
  const Graph graph = maker.finish();
  EXPECT_EQ(run_engine(graph, batch), expected);
  EXPECT_EQ(reference_output(graph, batch), expected);
}

TEST(CpuEngine, EmbeddingsAreExact) {
  for (const int width : {2, 6, 34, 128}) {
    GraphMaker maker(1, 1, 1);
    maker.concat(maker.timestep_embedding(width), maker.label_embedding(width));
    expect_engine_matches(maker.finish(), 9, 1, 0);
  }
}

// By hand: cos and sin of t and of t / 100.
TEST(CpuEngine, TimestepEmbeddingByHand) {
  GraphMaker maker(1, 1, 1);
  maker.timestep_embedding(4);
  const std::vector<float> values = run_engine(maker.finish(), {{0}, {2.5f}, {0}});
  const double expected[] = {std::cos(2.5), std::cos(0.025), std::sin(2.5), std::sin(0.025)};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(values[i], expected[i], 1e-7);
}

// A 1-D kernel by hand, so that engine and reference cannot be wrong together.
TEST(CpuEngine, ConvolutionByHand) {
  GraphMaker maker(1, 4, 1);
  const auto set = [](Graph graph) {
    graph.ops[0].weight = {0, 0, 0, 1, 10, 100, 0, 0, 0};
    graph.ops[0].bias = {0.5f};
    return graph;
  };
  GraphMaker same = maker, strided = maker, enlarged = maker;
  same.convolution(GraphMaker::kX, 1, {.kernel = 3});
  strided.convolution(GraphMaker::kX, 1, {.kernel = 3, .stride = 2});
  enlarged.convolution(GraphMaker::kX, 1, {.kernel = 3, .upsample = 2});
  const Batch batch{{1, 2, 3, 4}, {0}, {0}};
  EXPECT_EQ(run_engine(set(same.finish()), batch), (std::vector<float>{210.5f, 321.5f, 432.5f, 43.5f}));
  EXPECT_EQ(run_engine(set(strided.finish()), batch), (std::vector<float>{210.5f, 432.5f}));
  // 1 1 2 2 3 3 4 4 in both of the two rows.
  const std::vector<float> row = {110.5f, 211.5f, 221.5f, 322.5f, 332.5f, 433.5f, 443.5f, 44.5f};
  std::vector<float> rows = row;
  rows.insert(rows.end(), row.begin(), row.end());
  EXPECT_EQ(run_engine(set(enlarged.finish()), batch), rows);
}

// silu's exp must neither overflow below nor lose its slope above.
TEST(CpuEngine, SiluFarFromZero) {
  GraphMaker maker(1, 8, 1);
  maker.convolution(GraphMaker::kX, 1, {.activation = Activation::Silu});
  Graph graph = maker.finish();
  graph.ops[0].weight = {1};
  graph.ops[0].bias = {0};
  const Batch batch{{-1e30f, -1000, -88, -1e-8f, 0, 1e-8f, 88, 1e30f}, {0}, {0}};
  const std::vector<float> values = run_engine(graph, batch);
  for (size_t i = 0; i < values.size(); ++i) {
    const double x = batch.x[i],
                 expected = x > 0 ? x / (1 + std::exp(-x)) : x * std::exp(x) / (1 + std::exp(x));
    EXPECT_NEAR(values[i], expected, 1e-6 * std::abs(expected) + 1e-7 * std::min(1.0, std::abs(x) / 1e3))
        << x;
  }
}

TEST(CpuEngine, WholeNetworks) {
  const TinyUNet nets[] = {
      {},
      {.fold = 1},
      {.blocks = 2},
      {.widths = {6}},
      {.size = 16, .widths = {4, 4, 8}},
      {.channels_in = 3, .channels_out = 6, .size = 12, .widths = {5, 15}, .groups = 5, .heads = 3},
      {.channels_in = 3, .channels_out = 3, .widths = {7, 3}, .groups = 1, .heads = 1, .classes = 1},
      {.size = 10, .fold = 1, .widths = {9, 27}, .groups = 9, .heads = 9, .embedding = 10},
      {.size = 12, .widths = {36, 20}, .blocks = 2, .groups = 4, .heads = 1, .embedding = 30},
  };
  std::uint64_t seed = 0;
  for (const TinyUNet& unet : nets) {
    ++seed;
    SCOPED_TRACE(testing::Message() << "network " << seed);
    expect_engine_matches(tiny_graph(unet, seed), 3, 2, kNetworkTol, seed);
  }
}

// Buffers of an earlier call, of another batch size, must not shine through.
TEST(CpuEngine, CallsDoNotRememberEachOther) {
  const Graph graph = tiny_graph();
  ThreadPool pool(2);
  CpuEngine engine(graph, 5, pool);
  EXPECT_EQ(engine.max_batch(), 5);
  const Batch batch = random_batch(graph, 5, 3);
  const auto run = [&](const Batch& part) {
    std::vector<float> raw(static_cast<size_t>(part.size() * graph.output.image_size()));
    engine.run(part.inputs(), raw);
    return raw;
  };
  const std::vector<float> first = run(batch.part(0, 1));
  run(batch);
  EXPECT_EQ(run(batch.part(0, 1)), first);
  EXPECT_EQ(run_engine(graph, batch.part(0, 1)), first);
}

TEST(CpuEngine, TheGraphMayGo) {
  ThreadPool pool(1);
  auto graph = std::make_unique<Graph>(tiny_graph());
  const Batch batch = random_batch(*graph, 1, 3);
  std::vector<float> raw(static_cast<size_t>(graph->output.image_size()));
  const std::vector<float> expected = run_engine(*graph, batch);
  CpuEngine engine(*graph, 1, pool);
  graph.reset();
  engine.run(batch.inputs(), raw);
  EXPECT_EQ(raw, expected);
}

}  // namespace
}  // namespace undiffuse
