// The same bits on any number of threads and in any batch: that is what makes a picture a function of
// its settings (docs/architecture.md).
#include <gtest/gtest.h>

#include <cstring>

#include "core/run/model.h"
#include "support/files.h"
#include "support/run_graph.h"

namespace undiffuse {
namespace {

void expect_same_bits(std::span<const float> values, std::span<const float> expected, const char* what) {
  ASSERT_EQ(values.size(), expected.size());
  EXPECT_EQ(std::memcmp(values.data(), expected.data(), values.size_bytes()), 0) << what;
}

void expect_independent_of_threads(const Graph& graph, int images) {
  const Batch batch = random_batch(graph, images, 21);
  const std::vector<float> expected = run_engine(graph, batch, 1);
  for (const int threads : {2, 3, 5}) {
    for (int repeat = 0; repeat < 3; ++repeat) {
      expect_same_bits(run_engine(graph, batch, threads), expected, "threads");
    }
  }
}

// Each image alone against itself at every position of batches of every size.
void expect_independent_of_batch(const Graph& graph, int images) {
  const Batch batch = random_batch(graph, images, 22);
  const auto size = static_cast<size_t>(graph.output.image_size());
  std::vector<std::vector<float>> alone;
  for (int i = 0; i < images; ++i) alone.push_back(run_engine(graph, batch.part(i, i + 1)));
  for (int begin = 0; begin < images; ++begin) {
    for (int end = begin + 1; end <= images; ++end) {
      const std::vector<float> raw = run_engine(graph, batch.part(begin, end), 2);
      for (int i = begin; i < end; ++i) {
        expect_same_bits(std::span(raw).subspan(static_cast<size_t>(i - begin) * size, size),
                         alone[static_cast<size_t>(i)], "batch");
      }
    }
  }
}

TEST(Determinism, TinyNetworks) {
  const TinyUNet nets[] = {
      {}, {.fold = 1, .blocks = 2}, {.size = 12, .widths = {5, 15}, .groups = 5, .heads = 3}};
  for (const TinyUNet& unet : nets) {
    const Graph graph = tiny_graph(unet);
    expect_independent_of_threads(graph, 3);
    expect_independent_of_batch(graph, 6);
  }
}

TEST(Determinism, TheShippedNetwork) {
  const Result<Model> model = load_model(default_weights());
  ASSERT_TRUE(model.ok()) << model.error().message;
  expect_independent_of_threads(model->graph, 1);
  expect_independent_of_threads(model->graph, 5);
  expect_independent_of_batch(model->graph, 4);
}

}  // namespace
}  // namespace undiffuse
