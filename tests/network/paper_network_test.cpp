// The 2015 paper's network: its builder, and the graph that it makes.
#include "core/network/paper_network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/network/blocks.h"
#include "core/network/temporal_basis.h"
#include "support/run_graph.h"
#include "support/tiny_paper_network.h"

namespace undiffuse {
namespace {

Result<Graph> build(const WeightsFile& file) {
  const Bytes bytes = to_bytes(file);
  const Result<SafeTensors> parsed = parse_safetensors(bytes);
  EXPECT_TRUE(parsed.ok());
  return build_paper_network(*parsed);
}

Graph built(const TinyPaperNetwork& network = {}) {
  Result<Graph> graph = build(tiny_paper_network(network));
  EXPECT_TRUE(graph.ok()) << graph.error().message;
  return std::move(*graph);
}

WeightsFile with_config(const std::string& field, const std::string& value) {
  WeightsFile file = tiny_paper_network();
  nlohmann::json config = nlohmann::json::parse(file.metadata["config"]);
  config[field] = nlohmann::json::parse(value);
  file.metadata["config"] = config.dump();
  return file;
}

void expect_refused(const WeightsFile& file, const std::string& named) {
  const Result<Graph> graph = build(file);
  ASSERT_FALSE(graph.ok()) << named;
  EXPECT_NE(graph.error().message.find(named), std::string::npos) << graph.error().message;
}

TEST(PaperNetwork, TakesAnImageAndGivesTwoNumbersForEachValue) {
  for (const int channels : {1, 3}) {
    const Graph graph = built({.channels = channels});
    EXPECT_EQ(graph.input, (Shape{1, 6, 6, channels}));
    EXPECT_EQ(graph.output, (Shape{1, 6, 6, 2 * channels}));
    EXPECT_EQ(graph.num_classes, 0);
    EXPECT_EQ(graph.find("label"), -1);
  }
}

// Ten ops in a row, each within the engine's tolerance for one.
TEST(PaperNetwork, EngineMatchesReference) {
  const TinyPaperNetwork networks[] = {
      {},
      {.channels = 3, .bumps = 10, .num_steps = 1000},
      {.size = 28, .conv_channels = 20, .conv_layers = 4, .dense_hidden = 30, .dense_layers = 4, .bumps = 10},
      {.conv_layers = 1, .dense_layers = 1, .upper_layers = 1, .bumps = 1, .num_steps = 2},
      {.size = 1},
  };
  for (const TinyPaperNetwork& network : networks) {
    SCOPED_TRACE(network.size);
    expect_engine_matches(built(network), 3, 2, 1e-4);
  }
}

// The answer to "does the network take t?": everything up to the coefficients is the same at any t.
TEST(PaperNetwork, NeverSeesT) {
  const Graph graph = built();
  Batch image = random_batch(graph, 1, 4);
  image.t = {2};
  const auto early = run_reference(graph, image.inputs());
  image.t = {15};
  const auto late = run_reference(graph, image.inputs());
  EXPECT_EQ(early.at("upper.1"), late.at("upper.1"));
  EXPECT_NE(early.at("output"), late.at("output"));
}

// At a bump's centre, J of them between 1 and T, its coefficient counts most: with e^-2 for the next one.
TEST(PaperNetwork, ReadsTheCoefficientsWithTheBumps) {
  const Graph graph = built({.bumps = 3, .num_steps = 21});
  Batch image = random_batch(graph, 1, 4);
  image.t = {11};
  const auto buffers = run_reference(graph, image.inputs());
  const std::vector<float>&y = buffers.at("upper.1"), &z = buffers.at("output");
  const double next = std::exp(-2), sum = 1 + 2 * next;
  ASSERT_EQ(y.size(), 3 * z.size());
  for (size_t i = 0; i < z.size(); ++i) {
    const double expected = (next * y[3 * i] + y[3 * i + 1] + next * y[3 * i + 2]) / sum;
    EXPECT_NEAR(z[i], expected, 1e-6);  // float
  }
}

TEST(TemporalBasis, SumsToOneAndStaysAtItsEnds) {
  std::vector<float> g(10), end(10);
  for (const double t : {1.0, 1.5, 37.25, 500.0, 999.0, 1000.0}) {
    temporal_basis(t, 1000, g);
    double sum = 0;
    for (const float value : g) sum += value;
    EXPECT_NEAR(sum, 1, 1e-6);  // ten floats
  }
  temporal_basis(1, 1000, g);
  temporal_basis(-7, 1000, end);
  EXPECT_EQ(g, end);
  EXPECT_GT(g[0], 0.8f);
  temporal_basis(1000, 1000, g);
  temporal_basis(2000, 1000, end);
  EXPECT_EQ(g, end);
  EXPECT_GT(g[9], 0.8f);
}

TEST(PaperNetwork, ItsBlocksNameWhatTheyHold) {
  const BlockGraph blocks = blocks_of(built());
  EXPECT_EQ(blocks.basis.bumps, 4);
  EXPECT_EQ(blocks.basis.num_steps, 20);
  const Block &coefficients = blocks.blocks[blocks.blocks.size() - 2], &readout = blocks.blocks.back();
  EXPECT_EQ(coefficients.name, "upper");
  EXPECT_EQ(coefficients.channels.size(), 8u);
  EXPECT_EQ(coefficients.channels.front(), "z^μ, 1");
  EXPECT_EQ(coefficients.channels.back(), "z^Σ, 4");
  EXPECT_NE(coefficients.note.find("never sees t"), std::string::npos);
  EXPECT_EQ(readout.channels, (std::vector<std::string>{"z^μ", "z^Σ"}));
  const auto has_edge = [&](const BlockEdge& edge) {
    return std::find(blocks.edges.begin(), blocks.edges.end(), edge) != blocks.edges.end();
  };
  const int last = static_cast<int>(blocks.blocks.size()) - 1;
  EXPECT_TRUE(has_edge({last - 1, last, EdgeKind::Main}));
  EXPECT_TRUE(has_edge({1, last, EdgeKind::Conditioning})) << "t enters at the readout";
}

TEST(PaperNetwork, RefusalsNameTheField) {
  for (const char* field : {"size", "channels", "conv_channels", "conv_layers", "dense_hidden",
                            "dense_layers", "dense_channels", "upper_channels", "upper_layers", "bumps"}) {
    for (const char* value : {"0", "-1", "100000", "1.5", "\"3\"", "null"}) {
      expect_refused(with_config(field, value), field);
    }
  }
  for (const char* steps : {"1", "0", "x", "", "1e9"}) {
    WeightsFile file = tiny_paper_network();
    file.metadata["num_steps"] = steps;
    expect_refused(file, "num_steps");
  }
}

TEST(PaperNetwork, RefusesTensorsThatDoNotFit) {
  WeightsFile file = tiny_paper_network();
  file.tensor("upper.1.bias").name = "upper.2.bias";
  expect_refused(file, "upper.1.bias");
  file = tiny_paper_network();
  file.tensors.push_back(f32_tensor("extra", {1}, {1}));
  expect_refused(file, "extra");
  expect_refused(with_config("bumps", "5"), "upper.1");
}

}  // namespace
}  // namespace undiffuse
