// Writes what WebGPU is compared with: for each case a plan, its weights, inputs and the CPU engine's output.
//
// usage: gpu_cases FOLDER [WEIGHTS.safetensors...]     every op over random shapes, then the models
//
// FOLDER/cases.json lists them: {name, plan, batch, weights}; FOLDER/N.bin holds so many words of weights,
// then x, t, label, expected as float32, one after the other.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>

#include "core/base/half.h"
#include "core/network/gpu/plan.h"
#include "core/network/paper_network.h"
#include "core/run/model.h"
#include "support/run_graph.h"
#include "support/tiny_paper_network.h"

namespace undiffuse {
namespace {

class Cases {
 public:
  explicit Cases(std::string folder) : folder_(std::move(folder)) {}

  /// `batch` images in buffers that are made for a few more; once more with float16 weights, if there are
  /// any.
  void add(const std::string& name, const Graph& graph, int batch) {
    add(name, graph, batch, gpu::WeightType::Float32);
    const auto has_matrix = [](const Op& op) { return op.kind == OpKind::Convolution; };
    if (std::any_of(graph.ops.begin(), graph.ops.end(), has_matrix)) {
      add(name + ", float16 weights", rounded(graph), batch, gpu::WeightType::Float16);
    }
  }

  void fail(const std::string& why) {
    std::cerr << why << "\n";
    failed_ = true;
  }

  bool finish() {
    std::ofstream(folder_ + "/cases.json") << cases_;
    return !failed_;
  }

 private:
  // As float16 holds the weights: what is left to compare is the shaders. The models are rounded already.
  static Graph rounded(Graph graph) {
    for (Op& op : graph.ops) {
      if (op.kind != OpKind::Convolution) continue;
      for (float& weight : op.weight) weight = half_to_float(float_to_half(weight));
    }
    return graph;
  }

  void add(const std::string& name, const Graph& graph, int batch, gpu::WeightType type) {
    Result<gpu::Plan> plan = gpu::compile(graph, batch + static_cast<int>(cases_.size() % 3), type);
    if (!plan) return fail(name + ": " + plan.error().message);
    const Batch inputs = random_batch(graph, batch, cases_.size());
    const std::vector<float> labels(inputs.label.begin(), inputs.label.end());
    std::ofstream file(folder_ + "/" + std::to_string(cases_.size()) + ".bin", std::ios::binary);
    write(file, plan->weights);
    for (const auto& part : {inputs.x, inputs.t, labels, run_engine(graph, inputs)}) write(file, part);
    cases_.push_back({{"name", name},
                      {"batch", batch},
                      {"weights", plan->weights.size()},
                      {"plan", nlohmann::json::parse(gpu::describe_plan(*plan))}});
    if (!file) fail(name + ": could not write it");
  }

  template <typename Word>
  static void write(std::ofstream& file, const std::vector<Word>& words) {
    file.write(reinterpret_cast<const char*>(words.data()),
               static_cast<std::streamsize>(words.size() * sizeof(Word)));
  }

  std::string folder_;
  nlohmann::json cases_ = nlohmann::json::array();
  bool failed_ = false;
};

// Small integers that differ from trial to trial.
class Picks {
 public:
  explicit Picks(std::uint32_t trial) : trial_(trial) {}
  int between(int low, int high) {
    const auto random = philox4x32({trial_, ++count_, 0, 0}, {21, 22})[0];
    return low + static_cast<int>(random % static_cast<std::uint32_t>(high - low + 1));
  }

 private:
  std::uint32_t trial_, count_ = 0;
};

Activation activation_of(std::uint32_t trial) {
  constexpr Activation kAll[] = {Activation::None, Activation::Silu, Activation::Tanh, Activation::LeakyRelu};
  return kAll[trial % 4];
}

void convolutions(Cases& cases) {
  std::uint32_t trial = 0;
  for (const int kernel : {1, 3, 5}) {
    for (const int stride : {1, 2}) {
      for (const int upsample : {1, 2}) {
        Picks picks(++trial);
        GraphMaker maker(picks.between(1, 9), picks.between(2, 9), picks.between(1, 40));
        const int channels = picks.between(1, 70);
        Op op{.activation = activation_of(trial), .kernel = kernel, .stride = stride, .upsample = upsample};
        if (trial % 3) op.residual = maker.convolution(GraphMaker::kX, channels, op);
        maker.convolution(GraphMaker::kX, channels, op);
        cases.add("convolution " + std::to_string(kernel) + "x" + std::to_string(kernel) + ", stride " +
                      std::to_string(stride) + ", upsample " + std::to_string(upsample),
                  maker.finish(), picks.between(1, 3));
      }
    }
  }
}

void dense_layers(Cases& cases) {
  for (std::uint32_t trial = 0; trial < 4; ++trial) {
    Picks picks(100 + trial);
    GraphMaker maker(1, 1, picks.between(1, 150));
    const int channels = picks.between(1, 150);
    Op op{.activation = activation_of(trial)};
    if (trial % 3) op.residual = maker.convolution(GraphMaker::kX, channels);
    maker.convolution(GraphMaker::kX, channels, op);
    cases.add("dense layer " + std::to_string(trial), maker.finish(), picks.between(1, 5));
  }
}

void group_norms(Cases& cases) {
  for (std::uint32_t trial = 0; trial < 6; ++trial) {
    Picks picks(200 + trial);
    const int groups = picks.between(1, 8), channels = groups * picks.between(1, 9);
    GraphMaker maker(picks.between(1, 12), picks.between(2, 12), channels);
    const BufferId scale_shift = trial % 2 ? maker.label_embedding(2 * channels) : -1;
    maker.group_norm(GraphMaker::kX, groups, trial % 3 ? Activation::Silu : Activation::None, scale_shift);
    cases.add("group norm " + std::to_string(trial), maker.finish(), picks.between(1, 4));
  }
}

void attentions(Cases& cases) {
  for (std::uint32_t trial = 0; trial < 6; ++trial) {
    Picks picks(300 + trial);
    const int heads = picks.between(1, 4), channels = heads * picks.between(1, 40);
    // The last ones have more positions than a workgroup has workers.
    GraphMaker maker(picks.between(1, 7) + (trial > 3 ? 7 : 0), picks.between(1, 7) + 5, picks.between(1, 8));
    maker.attention(maker.convolution(GraphMaker::kX, 3 * channels), heads);
    cases.add("attention " + std::to_string(trial), maker.finish(), picks.between(1, 3));
  }
}

void copies(Cases& cases) {
  for (std::uint32_t trial = 0; trial < 3; ++trial) {
    Picks picks(400 + trial);
    GraphMaker maker(picks.between(1, 6), picks.between(1, 6), picks.between(1, 20));
    maker.concat(maker.concat(GraphMaker::kX, GraphMaker::kX), GraphMaker::kX);
    cases.add("concat " + std::to_string(trial), maker.finish(), picks.between(1, 4));
    const int factor = picks.between(2, 4);
    GraphMaker large(factor * picks.between(1, 4), factor * picks.between(1, 4), picks.between(1, 5));
    large.shuffle(OpKind::PixelUnshuffle, GraphMaker::kX, factor);
    cases.add("pixel unshuffle " + std::to_string(trial), large.finish(), picks.between(1, 3));
    GraphMaker small(picks.between(1, 4), picks.between(1, 4), factor * factor * picks.between(1, 4));
    small.shuffle(OpKind::PixelShuffle, GraphMaker::kX, factor);
    cases.add("pixel shuffle " + std::to_string(trial), small.finish(), picks.between(1, 3));
  }
}

void embeddings(Cases& cases) {
  for (const int width : {2, 34, 128}) {
    GraphMaker time(1, 1, 1);
    time.timestep_embedding(width);
    cases.add("timestep embedding " + std::to_string(width), time.finish(), 7);
    GraphMaker label(1, 1, 1);
    label.label_embedding(width + 3);
    cases.add("label embedding " + std::to_string(width + 3), label.finish(), 5);
  }
}

void temporal_readouts(Cases& cases) {
  for (std::uint32_t trial = 0; trial < 4; ++trial) {
    Picks picks(500 + trial);
    const int bumps = picks.between(1, 12), outputs = picks.between(1, 5);
    GraphMaker maker(picks.between(1, 9), picks.between(1, 9), bumps * outputs);
    maker.temporal_readout(GraphMaker::kX, bumps, trial % 2 ? 1000 : picks.between(1, 600));
    cases.add("temporal readout " + std::to_string(trial), maker.finish(), picks.between(1, 4));
  }
}

Graph paper_network() {
  const Bytes bytes = to_bytes(tiny_paper_network());
  const Result<SafeTensors> file = parse_safetensors(bytes);
  Result<Graph> graph = build_paper_network(*file);
  return std::move(*graph);
}

void networks(Cases& cases) {
  cases.add("the 2015 paper's network", paper_network(), 3);
  cases.add("U-Net", tiny_graph(), 3);
  cases.add("U-Net of three levels, in colour",
            tiny_graph({.channels_in = 3,
                        .channels_out = 3,
                        .size = 12,
                        .fold = 1,
                        .widths = {6, 9, 12},
                        .blocks = 2,
                        .groups = 3,
                        .heads = 3,
                        .embedding = 10,
                        .classes = 5},
                       7),
            2);
}

void model(Cases& cases, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const Result<Model> model = load_model(std::as_bytes(std::span(bytes)));
  if (!model) return cases.fail(path + ": " + model.error().message);
  cases.add("model " + model->info.name, model->graph, 2);
}

}  // namespace
}  // namespace undiffuse

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: gpu_cases FOLDER [WEIGHTS.safetensors...]\n";
    return 2;
  }
  undiffuse::Cases cases(argv[1]);
  for (const auto fill :
       {undiffuse::convolutions, undiffuse::dense_layers, undiffuse::group_norms, undiffuse::attentions,
        undiffuse::copies, undiffuse::embeddings, undiffuse::temporal_readouts, undiffuse::networks}) {
    fill(cases);
  }
  for (int i = 2; i < argc; ++i) undiffuse::model(cases, argv[i]);
  return cases.finish() ? 0 : 1;
}
