// Layer by layer against PyTorch: tests/data/unet-activations.safetensors is written by
// weights/export.py from the same weights, one tensor for each activation of weights/unet.py.
#include <gtest/gtest.h>

#include <iostream>

#include "core/run/model.h"
#include "support/files.h"
#include "support/run_graph.h"

namespace undiffuse {
namespace {

// Of the layer's largest value. Three implementations sum the same float products in three orders;
// measured, none is further than about 1e-6 from another. A wrong tap, channel or label changes a
// layer by more than 1e-2.
constexpr double kParityTol = 1e-4;

struct Parity {
  Graph graph;
  Batch image;
  std::map<std::string, std::vector<float>> activations;  // PyTorch's, by name
};

std::vector<float> values_of(const SafeTensors& file, const std::string& name) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end()) return {};
  const Result<std::vector<float>> values = file.read(name, found->second.shape);
  return values ? *values : std::vector<float>();
}

// Fails the test, and leaves `parity` as it was, if a file is missing or broken.
void load(Parity& parity) {
  Result<Model> model = load_model(default_weights());
  ASSERT_TRUE(model.ok()) << model.error().message;
  const std::vector<std::byte> bytes = read_repository_file("tests/data/unet-activations.safetensors");
  const Result<SafeTensors> file = parse_safetensors(bytes);
  ASSERT_TRUE(file.ok()) << file.error().message;
  const std::vector<float> t = values_of(*file, "input.t"), label = values_of(*file, "input.label");
  ASSERT_EQ(t.size(), 1u);
  ASSERT_EQ(label.size(), 1u);
  parity.graph = std::move(model->graph);
  parity.image = {values_of(*file, "input.x"), t, {static_cast<int>(label[0])}};
  ASSERT_EQ(parity.image.x.size(), static_cast<size_t>(parity.graph.input.image_size()));
  for (const auto& [name, tensor] : file->tensors) {
    if (name.rfind("input.", 0) != 0) parity.activations[name] = values_of(*file, name);
  }
  // What a U-Net of any size has, so that a file with less in it cannot pass.
  for (const char* name :
       {"embedding", "stem", "down.0.0", "mid1", "attention", "mid2", "up.0.0", "output"}) {
    ASSERT_TRUE(parity.activations.count(name)) << name;
  }
}

// The graph up to the op that writes this buffer, which becomes its output.
Graph cut_after(Graph graph, const std::string& name) {
  const BufferId wanted = graph.find(name);
  const auto last =
      std::find_if(graph.ops.begin(), graph.ops.end(), [&](const Op& op) { return op.output == wanted; });
  EXPECT_NE(last, graph.ops.end()) << name;
  if (last == graph.ops.end()) return graph;
  graph.ops.erase(last + 1, graph.ops.end());
  graph.buffers[static_cast<size_t>(graph.find("output"))].name = "no longer the output";
  graph.buffers[static_cast<size_t>(wanted)].name = "output";
  graph.output = graph.buffers[static_cast<size_t>(wanted)].shape;
  return graph;
}

TEST(Parity, ReferenceMatchesPyTorchInEveryLayer) {
  Parity parity;
  ASSERT_NO_FATAL_FAILURE(load(parity));
  const auto buffers = run_reference(parity.graph, parity.image.inputs());
  for (const auto& [name, expected] : parity.activations) {
    ASSERT_TRUE(buffers.count(name)) << name;
    const double difference = relative_difference(buffers.at(name), expected);
    EXPECT_LE(difference, kParityTol) << name;
    std::cout << "  reference " << name << ": " << difference << "\n";
  }
}

TEST(Parity, EngineMatchesPyTorchInEveryLayer) {
  Parity parity;
  ASSERT_NO_FATAL_FAILURE(load(parity));
  for (const auto& [name, expected] : parity.activations) {
    const std::vector<float> values = run_engine(cut_after(parity.graph, name), parity.image, 2);
    const double difference = relative_difference(values, expected);
    EXPECT_LE(difference, kParityTol) << name;
    std::cout << "  engine " << name << ": " << difference << "\n";
  }
}

// One op at a time, the buffers that PyTorch's file does not hold too.
TEST(Parity, EngineMatchesReferenceInEveryBuffer) {
  Parity parity;
  ASSERT_NO_FATAL_FAILURE(load(parity));
  const auto buffers = run_reference(parity.graph, parity.image.inputs());
  for (const Op& op : parity.graph.ops) {
    const std::string& name = parity.graph.buffers[static_cast<size_t>(op.output)].name;
    const std::vector<float> values = run_engine(cut_after(parity.graph, name), parity.image);
    EXPECT_LE(relative_difference(values, buffers.at(name)), kParityTol) << name;
  }
}

}  // namespace
}  // namespace undiffuse
