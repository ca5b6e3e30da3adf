// The shape of an image batch, and Eigen's view of the memory that holds one.
#pragma once

#include <Eigen/Core>
#include <span>

namespace undiffuse {

/// [batch, height, width, channels], channels fastest (NHWC): how every image lies in memory here.
struct Shape {
  int batch = 1;
  int height = 1;
  int width = 1;
  int channels = 1;

  int pixels() const { return height * width; }
  int image_size() const { return height * width * channels; }
  int size() const { return batch * image_size(); }
  bool operator==(const Shape&) const = default;
};

using ArrayMap = Eigen::Map<Eigen::ArrayXf>;
using ConstArrayMap = Eigen::Map<const Eigen::ArrayXf>;

/// A flat array expression on memory that somebody else owns; lives no longer than that memory.
inline ArrayMap array(std::span<float> values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}
inline ConstArrayMap array(std::span<const float> values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

}  // namespace undiffuse
