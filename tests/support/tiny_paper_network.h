// The 2015 paper's network with random weights, as a weights file small enough for the scalar reference.
//
// The tensors' names and shapes are written down from weights/paper_network.py, apart from the core's
// builder, so that the two check each other.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "support/weights_file.h"

namespace undiffuse {

struct TinyPaperNetwork {
  int size = 6, channels = 1;
  int conv_channels = 3, conv_layers = 2;
  int dense_hidden = 7, dense_layers = 3, dense_channels = 2;
  int upper_channels = 5, upper_layers = 2;
  int bumps = 4, num_steps = 20;
  float output_scale = 1;  // 0: all coefficients are 0
  float black = -0.5f, white = 2.5f;
};

class TinyPaperNetworkWriter {
 public:
  explicit TinyPaperNetworkWriter(const TinyPaperNetwork& network) : network_(network) {}

  WeightsFile write() {
    file_.metadata = metadata();
    const int pixels = network_.size * network_.size;
    int width = network_.channels;
    for (int i = 0; i < network_.conv_layers; ++i) {
      layer("conv." + std::to_string(i), {network_.conv_channels, width, 3, 3});
      width = network_.conv_channels;
    }
    width = pixels * network_.channels;
    for (int i = 0; i < network_.dense_layers; ++i) {
      const bool last = i + 1 == network_.dense_layers;
      const int out = last ? pixels * network_.dense_channels : network_.dense_hidden;
      layer("dense." + std::to_string(i), {out, width});
      width = out;
    }
    width = network_.conv_channels + network_.dense_channels;
    for (int i = 0; i < network_.upper_layers; ++i) {
      const bool last = i + 1 == network_.upper_layers;
      const int out = last ? 2 * network_.bumps * network_.channels : network_.upper_channels;
      layer("upper." + std::to_string(i), {out, width, 1, 1}, last ? network_.output_scale : 1);
      width = out;
    }
    return file_;
  }

 private:
  std::map<std::string, std::string> metadata() const {
    const nlohmann::json config = {{"size", network_.size},
                                   {"channels", network_.channels},
                                   {"conv_channels", network_.conv_channels},
                                   {"conv_layers", network_.conv_layers},
                                   {"dense_hidden", network_.dense_hidden},
                                   {"dense_layers", network_.dense_layers},
                                   {"dense_channels", network_.dense_channels},
                                   {"upper_channels", network_.upper_channels},
                                   {"upper_layers", network_.upper_layers},
                                   {"bumps", network_.bumps}};
    const nlohmann::json data = {{"height", network_.size},
                                 {"width", network_.size},
                                 {"channels", network_.channels},
                                 {"range", {network_.black, network_.white}}};
    return {{"format_version", "1"},
            {"name", "tiny-2015"},
            {"card", "tiny-2015.md"},
            {"architecture", "paper-2015"},
            {"config", config.dump()},
            {"data", data.dump()},
            {"class_names", "[]"},
            {"prediction", "transition"},
            {"variance", "learned"},
            {"schedule", R"({"family":"constant-rate"})"},
            {"num_steps", std::to_string(network_.num_steps)},
            {"sigma_data", "1"}};
  }

  void layer(const std::string& name, const std::vector<std::int64_t>& shape, float scale = 1) {
    std::int64_t size = 1;
    for (const std::int64_t extent : shape) size *= extent;
    const std::int64_t inner = size / shape[0];
    tensor(name + ".weight", shape, scale / std::sqrt(static_cast<float>(inner)), size);
    tensor(name + ".bias", {shape[0]}, scale * 0.3f, shape[0]);
  }
  void tensor(const std::string& name, const std::vector<std::int64_t>& shape, float scale,
              std::int64_t size) {
    const std::uint64_t seed = 3 + 1000 * file_.tensors.size();
    file_.tensors.push_back(f32_tensor(name, shape, random_values(static_cast<size_t>(size), seed, scale)));
  }

  TinyPaperNetwork network_;
  WeightsFile file_;
};

inline WeightsFile tiny_paper_network(const TinyPaperNetwork& network = {}) {
  return TinyPaperNetworkWriter(network).write();
}

}  // namespace undiffuse
