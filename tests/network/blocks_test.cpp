#include "core/network/blocks.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/network/safetensors.h"
#include "core/run/model.h"
#include "support/files.h"
#include "support/run_graph.h"

namespace undiffuse {
namespace {

Graph default_graph() {
  Result<Model> model = load_model(default_weights());
  EXPECT_TRUE(model.ok());
  return std::move(model->graph);
}

std::vector<std::string> names_of(const BlockGraph& graph) {
  std::vector<std::string> names;
  for (const Block& block : graph.blocks) names.push_back(block.name);
  return names;
}

int index_of(const BlockGraph& graph, const std::string& name) {
  const std::vector<std::string> names = names_of(graph);
  return static_cast<int>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::vector<std::string> edges_of(const BlockGraph& graph, EdgeKind kind) {
  std::vector<std::string> edges;
  for (const BlockEdge& edge : graph.edges) {
    const auto name = [&](int block) { return graph.blocks[static_cast<size_t>(block)].name; };
    if (edge.kind == kind) edges.push_back(name(edge.from) + " > " + name(edge.to));
  }
  return edges;
}

using Strings = std::vector<std::string>;

TEST(Blocks, OfTheDefaultModelAreItsUNet) {
  const BlockGraph graph = blocks_of(default_graph());
  EXPECT_EQ(names_of(graph),
            (Strings{"x", "t", "label", "embedding", "stem", "down.0.0", "downsample.0", "down.1.0", "mid1",
                     "attention", "mid2", "up.0.0", "upsample.0", "up.1.0", "head"}));
  EXPECT_EQ(edges_of(graph, EdgeKind::Skip), (Strings{"down.1.0 > up.0.0", "down.0.0 > up.1.0"}));
  EXPECT_EQ(edges_of(graph, EdgeKind::Conditioning),
            (Strings{"t > embedding", "label > embedding", "embedding > down.0.0", "embedding > down.1.0",
                     "embedding > mid1", "embedding > mid2", "embedding > up.0.0", "embedding > up.1.0"}));
  EXPECT_EQ(edges_of(graph, EdgeKind::Main).size(), 11u);  // from x to the head, one after the other
}

TEST(Blocks, SayWhatTheyTakeAndGive) {
  const BlockGraph graph = blocks_of(default_graph());
  const Block& up = graph.blocks[static_cast<size_t>(index_of(graph, "up.0.0"))];
  EXPECT_EQ(up.title, "residual block");
  EXPECT_EQ(up.inputs, (std::vector<Shape>{{1, 7, 7, 80}, {1, 7, 7, 80}}));  // what is below, and the skip
  EXPECT_EQ(up.output, (Shape{1, 7, 7, 80}));
  Strings texts;
  for (const BlockOp& op : up.ops) texts.push_back(op.text);
  EXPECT_EQ(texts, (Strings{"joined channels", "group norm, 8 groups, SiLU", "3×3 convolution", "dense layer",
                            "group norm, 8 groups, scaled and shifted, SiLU", "1×1 convolution",
                            "3×3 convolution, added"}));
  // Norm of 160, 160 to 80, 128 to 2 x 80, norm of 80, 160 to 80 (1x1), 80 to 80; a bias each.
  EXPECT_EQ(up.parameters,
            2 * 160 + 80 * (160 * 9 + 1) + 160 * (128 + 1) + 2 * 80 + 80 * (160 + 1) + 80 * (80 * 9 + 1));
  EXPECT_EQ(graph.blocks[0].output, (Shape{1, 28, 28, 1}));
  EXPECT_EQ(graph.blocks.back().output, (Shape{1, 28, 28, 2}));
  EXPECT_EQ(graph.blocks[static_cast<size_t>(index_of(graph, "embedding"))].output, (Shape{1, 1, 1, 128}));
}

TEST(Blocks, ParametersAreAllThatTheWeightsFileHolds) {
  const std::vector<std::byte> bytes = default_weights();
  const Result<SafeTensors> file = parse_safetensors(bytes);
  ASSERT_TRUE(file.ok());
  std::int64_t stored = 0;
  for (const auto& [name, tensor] : file->tensors) {
    stored += std::accumulate(tensor.shape.begin(), tensor.shape.end(), std::int64_t{1}, std::multiplies<>());
  }
  EXPECT_EQ(blocks_of(default_graph()).parameters(), stored);
}

TEST(Blocks, WorkAndOpsAreAllOfTheGraphs) {
  for (const Graph& graph : {default_graph(), tiny_graph({.widths = {4, 6, 8}, .blocks = 2})}) {
    double flops = 0;
    size_t ops = 0;
    const BlockGraph blocks = blocks_of(graph);
    for (const Block& block : blocks.blocks) {
      flops += block.flops;
      ops += block.ops.size();
    }
    EXPECT_NEAR(flops, graph.flops(), 1e-9 * graph.flops());
    EXPECT_EQ(ops, graph.ops.size());
  }
}

TEST(Blocks, SkipsOfADeeperUNetLieWithinOneAnother) {
  const BlockGraph graph = blocks_of(tiny_graph({.widths = {4, 6, 8}, .blocks = 2}));
  EXPECT_EQ(edges_of(graph, EdgeKind::Skip),
            (Strings{"down.2.1 > up.0.0", "down.2.0 > up.0.1", "down.1.1 > up.1.0", "down.1.0 > up.1.1",
                     "down.0.1 > up.2.0", "down.0.0 > up.2.1"}));
}

TEST(Blocks, OpsWithoutANameStandAlone) {
  GraphMaker maker(4, 4, 2);
  const BufferId a = maker.convolution(GraphMaker::kX, 3, {.activation = Activation::Silu, .kernel = 3});
  const BufferId scale_shift = maker.convolution(maker.timestep_embedding(4), 6);
  const BufferId b = maker.group_norm(a, 3, Activation::None, scale_shift);
  maker.convolution(b, 2, {.residual = a});
  const BlockGraph graph = blocks_of(maker.finish());
  Strings titles;
  for (const Block& block : graph.blocks) titles.push_back(block.title);
  EXPECT_EQ(titles,
            (Strings{"noisy image", "time t", "3×3 convolution, SiLU", "sinusoids of t", "dense layer",
                     "group norm, 3 groups, scaled and shifted", "1×1 convolution, added"}));
  EXPECT_EQ(edges_of(graph, EdgeKind::Skip), (Strings{"buffer 3 > output"}));
  EXPECT_EQ(edges_of(graph, EdgeKind::Conditioning),
            (Strings{"t > buffer 4", "buffer 4 > buffer 5", "buffer 5 > buffer 6"}));
}

// Two ways of different lengths that meet: neither is beside a longer one between the same two blocks.
TEST(Blocks, WaysThatMeetAreNoSkips) {
  GraphMaker maker(4, 4, 2);
  const BufferId start = maker.convolution(GraphMaker::kX, 2);
  const BufferId shorter = maker.convolution(start, 2, {.kernel = 3});
  const BufferId longer = maker.convolution(maker.convolution(start, 2), 2);
  maker.concat(shorter, longer);
  EXPECT_TRUE(edges_of(blocks_of(maker.finish()), EdgeKind::Skip).empty());
}

// --- Features: the engine's call, as far as a buffer ---

// As for whole calls: three orders of the same float sums.
constexpr double kParityTol = 1e-4;

void expect_features_match(const Graph& graph, int images, std::uint64_t seed) {
  const Batch batch = random_batch(graph, images, seed);
  ThreadPool pool(2);
  CpuEngine engine(graph, images, pool);
  std::vector<float> before(static_cast<size_t>(images * graph.output.image_size())), after = before;
  engine.run(batch.inputs(), before);
  std::vector<std::map<std::string, std::vector<float>>> expected;
  for (int i = 0; i < images; ++i) expected.push_back(run_reference(graph, batch.part(i, i + 1).inputs()));
  for (const Block& block : blocks_of(graph).blocks) {
    const std::string& name = graph.buffers[static_cast<size_t>(block.output_buffer)].name;
    const auto size = static_cast<std::ptrdiff_t>(block.output.image_size());
    std::vector<float> values(static_cast<size_t>(size * images));
    engine.run_to(block.output_buffer, batch.inputs(), values);
    for (int i = 0; i < images; ++i) {
      const std::vector<float> of_image(values.begin() + i * size, values.begin() + (i + 1) * size);
      EXPECT_LE(relative_difference(of_image, expected[static_cast<size_t>(i)].at(name)), kParityTol)
          << block.name << " of image " << i;
    }
  }
  engine.run(batch.inputs(), after);
  EXPECT_EQ(before, after) << "a call after it gives the same bits";
}

TEST(Features, EveryBlockIsTheReferences) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    expect_features_match(tiny_graph({.widths = {4, 6, 8}, .blocks = 2}, seed), 2, seed);
  }
  expect_features_match(tiny_graph({.channels_in = 3, .channels_out = 3, .fold = 1}), 3, 7);
}

TEST(Features, EveryBlockOfTheDefaultModelIsTheReferences) { expect_features_match(default_graph(), 1, 4); }

TEST(Features, TheLastBlockIsTheCallsResultToTheBit) {
  const Graph graph = default_graph();
  const Batch batch = random_batch(graph, 2, 11);
  ThreadPool pool(1);
  CpuEngine engine(graph, 4, pool);
  std::vector<float> whole(static_cast<size_t>(2 * graph.output.image_size())), last = whole;
  engine.run(batch.inputs(), whole);
  engine.run_to(blocks_of(graph).blocks.back().output_buffer, batch.inputs(), last);
  EXPECT_EQ(whole, last);
}

}  // namespace
}  // namespace undiffuse
