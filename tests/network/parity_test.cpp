// Layer by layer against PyTorch: a file of tests/data holds one tensor for each activation of the network in
// weights/unet.py or weights/paper_network.py, computed there from the same weights.
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

struct Network {
  const char* weights;
  const char* activations;
  std::vector<const char*> layers;  // what it must hold, so that a file with less in it cannot pass
};

void PrintTo(const Network& network, std::ostream* out) { *out << network.weights; }

const Network kUNet{"weights/mnist-mean-variance.safetensors",
                    "tests/data/unet-activations.safetensors",
                    {"embedding", "stem", "down.0.0", "mid1", "attention", "mid2", "up.0.0", "output"}};
const Network kPaperNetwork{"weights/mnist-2015.safetensors",
                            "tests/data/mnist-2015-activations.safetensors",
                            {"conv.0", "conv.3", "dense.0", "dense.3", "upper.0", "upper.1", "output"}};

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
void load(const Network& network, Parity& parity) {
  Result<Model> model = load_model(read_repository_file(network.weights));
  ASSERT_TRUE(model.ok()) << model.error().message;
  const std::vector<std::byte> bytes = read_repository_file(network.activations);
  const Result<SafeTensors> file = parse_safetensors(bytes);
  ASSERT_TRUE(file.ok()) << file.error().message;
  const std::vector<float> t = values_of(*file, "input.t");
  ASSERT_EQ(t.size(), 1u);
  std::vector<float> label = values_of(*file, "input.label");
  if (model->graph.num_classes == 0) label = {0};
  ASSERT_EQ(label.size(), 1u);
  parity.graph = std::move(model->graph);
  parity.image = {values_of(*file, "input.x"), t, {static_cast<int>(label[0])}};
  ASSERT_EQ(parity.image.x.size(), static_cast<size_t>(parity.graph.input.image_size()));
  for (const auto& [name, tensor] : file->tensors) {
    if (name.rfind("input.", 0) != 0) parity.activations[name] = values_of(*file, name);
  }
  for (const char* name : network.layers) {
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

class ParityWithPyTorch : public testing::TestWithParam<Network> {};
INSTANTIATE_TEST_SUITE_P(Networks, ParityWithPyTorch, testing::Values(kUNet, kPaperNetwork));

TEST_P(ParityWithPyTorch, ReferenceMatchesPyTorchInEveryLayer) {
  Parity parity;
  ASSERT_NO_FATAL_FAILURE(load(GetParam(), parity));
  const auto buffers = run_reference(parity.graph, parity.image.inputs());
  for (const auto& [name, expected] : parity.activations) {
    ASSERT_TRUE(buffers.count(name)) << name;
    const double difference = relative_difference(buffers.at(name), expected);
    EXPECT_LE(difference, kParityTol) << name;
    std::cout << "  reference " << name << ": " << difference << "\n";
  }
}

TEST_P(ParityWithPyTorch, EngineMatchesPyTorchInEveryLayer) {
  Parity parity;
  ASSERT_NO_FATAL_FAILURE(load(GetParam(), parity));
  for (const auto& [name, expected] : parity.activations) {
    const std::vector<float> values = run_engine(cut_after(parity.graph, name), parity.image, 2);
    const double difference = relative_difference(values, expected);
    EXPECT_LE(difference, kParityTol) << name;
    std::cout << "  engine " << name << ": " << difference << "\n";
  }
}

// One op at a time, the buffers that PyTorch's file does not hold too.
TEST_P(ParityWithPyTorch, EngineMatchesReferenceInEveryBuffer) {
  Parity parity;
  ASSERT_NO_FATAL_FAILURE(load(GetParam(), parity));
  const auto buffers = run_reference(parity.graph, parity.image.inputs());
  for (const Op& op : parity.graph.ops) {
    const std::string& name = parity.graph.buffers[static_cast<size_t>(op.output)].name;
    const std::vector<float> values = run_engine(cut_after(parity.graph, name), parity.image);
    EXPECT_LE(relative_difference(values, buffers.at(name)), kParityTol) << name;
  }
}

}  // namespace
}  // namespace undiffuse
