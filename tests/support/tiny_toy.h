// Toys as weights files: networks of random or of no weights at all.
#pragma once

#include <string>
#include <vector>

#include "support/weights_file.h"

namespace undiffuse {

struct TinyToy {
  bool bits = false;
  int size = 2;  // coordinates, which must be 2, or bits
  double base_rate = 0.2;
  int num_steps = 5, readouts = 5, units = 6;
  bool radial_basis = false;
  float readout_scale = 0;  // 0: the null model, whose reverse steps are the forward kernel
  std::vector<float> betas = {0.01f, 0.2f, 0.3f, 0.5f, 0.9f};  // of points
};

inline WeightsFile tiny_toy(const TinyToy& toy = {}) {
  WeightsFile file;
  const std::string size = std::to_string(toy.size);
  file.metadata = {{"format_version", "1"},
                   {"architecture", toy.radial_basis ? "radial-basis" : "perceptron"},
                   {"activation", "tanh"},
                   {"name", "tiny-toy"},
                   {"card", "README.md"},
                   {"data", toy.bits ? "{\"kind\":\"bits\",\"size\":" + size +
                                           ",\"base_rate\":" + std::to_string(toy.base_rate) + "}"
                                     : "{\"kind\":\"points\",\"dimensions\":" + size + "}"},
                   {"prediction", toy.bits ? "x0-logit" : "v"},
                   {"num_steps", std::to_string(toy.num_steps)},
                   {"schedule", toy.bits ? "{\"family\":\"even\"}" : "{\"family\":\"table\"}"}};
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape, float scale) {
    size_t count = 1;
    for (const std::int64_t extent : shape) count *= static_cast<size_t>(extent);
    file.tensors.push_back(f32_tensor(name, shape, random_values(count, file.tensors.size() + 1, scale)));
  };
  const int outputs = toy.bits ? toy.size : 2 * toy.size;
  if (toy.radial_basis) {
    add("hidden.centre", {toy.units, toy.size}, 1);
    add("hidden.log_width", {toy.units}, 0.1f);
  } else {
    add("hidden.weight.0", {toy.units, toy.size}, 1);
    add("hidden.bias.0", {toy.units}, 1);
  }
  add("readout_weight", {toy.readouts, outputs, toy.units}, toy.readout_scale);
  add("readout_bias", {toy.readouts, outputs}, toy.readout_scale);
  if (!toy.bits) file.tensors.push_back(f32_tensor("beta", {toy.num_steps}, toy.betas));
  return file;
}

}  // namespace undiffuse
