// PyTorch's normals on a CPU, as the published expectations drew them: for these tests only.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <span>

namespace undiffuse {

class TorchRandom {
 public:
  explicit TorchRandom(std::uint32_t seed) : engine_(seed) {}

  std::uint32_t word() { return static_cast<std::uint32_t>(engine_()); }

  /// Fills z with one call's normals. z.size() must be a multiple of 16.
  void normal(std::span<float> z) {
    for (float& u : z) u = static_cast<float>(word() & 0xFFFFFFu) * 0x1p-24f;
    for (std::size_t block = 0; block < z.size(); block += 16) {
      for (std::size_t j = block; j < block + 8; ++j) {
        const float radius = std::sqrt(-2 * std::log(1 - z[j]));
        const float angle = 2 * std::numbers::pi_v<float> * z[j + 8];
        z[j] = radius * std::cos(angle);
        z[j + 8] = radius * std::sin(angle);
      }
    }
  }

 private:
  std::mt19937 engine_;
};

}  // namespace undiffuse
