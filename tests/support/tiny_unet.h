// U-Nets with random weights, as weights files: small enough that the scalar reference is quick.
//
// The tensors' names and shapes are written down from weights/unet.py, apart from the core's builder,
// so that the two check each other.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "support/weights_file.h"

namespace undiffuse {

struct TinyUNet {
  int channels_in = 1, channels_out = 2, size = 8, fold = 2;
  std::vector<int> widths = {4, 6};
  int blocks = 1, groups = 2, heads = 2, embedding = 6, classes = 3;
};

class TinyUNetWriter {
 public:
  TinyUNetWriter(const TinyUNet& unet, std::uint64_t seed) : unet_(unet), seed_(seed) {}

  WeightsFile write() {
    file_.metadata = metadata();
    embedding();
    const int folds = unet_.fold * unet_.fold, last = unet_.widths.back(), first = unet_.widths.front();
    convolution("stem", first, unet_.channels_in * folds, 3);
    down();
    block("mid1", last, last);
    norm("attention.norm", last);
    convolution("attention.qkv", 3 * last, last, 1);
    convolution("attention.proj", last, last, 1);
    block("mid2", last, last);
    up();
    norm("head_norm", first);
    convolution("head", unet_.channels_out * folds, first, 3);
    return file_;
  }

 private:
  std::map<std::string, std::string> metadata() const {
    const nlohmann::json config = {{"channels_in", unet_.channels_in},
                                   {"channels_out", unet_.channels_out},
                                   {"size", unet_.size},
                                   {"fold", unet_.fold},
                                   {"widths", unet_.widths},
                                   {"blocks", unet_.blocks},
                                   {"groups", unet_.groups},
                                   {"heads", unet_.heads},
                                   {"embedding", unet_.embedding},
                                   {"classes", unet_.classes}};
    const nlohmann::json data = {
        {"height", unet_.size}, {"width", unet_.size}, {"channels", unet_.channels_in}, {"range", {-1, 1}}};
    nlohmann::json names = nlohmann::json::array();
    for (int i = 0; i < unet_.classes; ++i) names.push_back(std::to_string(i));
    return {{"format_version", "1"},
            {"name", "tiny"},
            {"card", "tiny.md"},
            {"architecture", "unet"},
            {"config", config.dump()},
            {"data", data.dump()},
            {"class_names", names.dump()},
            {"prediction", "v"},
            {"variance", unet_.channels_out == unet_.channels_in ? "none" : "learned"},
            {"schedule", R"({"family":"cosine","offset":0.008})"},
            {"num_steps", "100"},
            {"sigma_data", "0.5"}};
  }

  void tensor(const std::string& name, const std::vector<std::int64_t>& shape, float scale, float mean = 0) {
    std::int64_t size = 1;
    for (const std::int64_t extent : shape) size *= extent;
    std::vector<float> values =
        random_values(static_cast<size_t>(size), seed_ + 1000 * file_.tensors.size(), scale);
    for (float& value : values) value += mean;
    file_.tensors.push_back(f32_tensor(name, shape, values));
  }
  void convolution(const std::string& name, int out, int in, int kernel) {
    tensor(name + ".weight", {out, in, kernel, kernel},
           1 / std::sqrt(static_cast<float>(in * kernel * kernel)));
    tensor(name + ".bias", {out}, 0.1f);
  }
  void dense(const std::string& name, int out, int in) {
    tensor(name + ".weight", {out, in}, 1 / std::sqrt(static_cast<float>(in)));
    tensor(name + ".bias", {out}, 0.1f);
  }
  void norm(const std::string& name, int channels) {
    tensor(name + ".weight", {channels}, 0.2f, 1);
    tensor(name + ".bias", {channels}, 0.1f);
  }

  void embedding() {
    tensor("label.weight", {unet_.classes + 1, unet_.embedding}, 1);
    dense("time.0", unet_.embedding, unet_.embedding);
    dense("time.2", unet_.embedding, unet_.embedding);
  }

  void block(const std::string& name, int in, int out) {
    norm(name + ".norm1", in);
    convolution(name + ".conv1", out, in, 3);
    dense(name + ".modulation", 2 * out, unet_.embedding);
    norm(name + ".norm2", out);
    convolution(name + ".conv2", out, out, 3);
    if (in != out) convolution(name + ".skip", out, in, 1);
  }

  void down() {
    int channels = unet_.widths[0];
    for (size_t level = 0; level < unet_.widths.size(); ++level) {
      const std::string at = std::to_string(level);
      for (int i = 0; i < unet_.blocks; ++i) {
        block("down." + at + "." + std::to_string(i), channels, unet_.widths[level]);
        channels = unet_.widths[level];
      }
      if (level + 1 < unet_.widths.size()) convolution("downsample." + at, channels, channels, 3);
    }
  }

  void up() {
    const size_t levels = unet_.widths.size();
    for (size_t step = 0; step < levels; ++step) {
      const size_t level = levels - 1 - step;
      const int width = unet_.widths[level];
      const std::string at = std::to_string(step);
      for (int i = 0; i < unet_.blocks; ++i) block("up." + at + "." + std::to_string(i), 2 * width, width);
      if (level > 0) convolution("upsample." + at, unet_.widths[level - 1], width, 3);
    }
  }

  TinyUNet unet_;
  std::uint64_t seed_;
  WeightsFile file_;
};

inline WeightsFile tiny_unet(const TinyUNet& unet = {}, std::uint64_t seed = 1) {
  return TinyUNetWriter(unet, seed).write();
}

}  // namespace undiffuse
