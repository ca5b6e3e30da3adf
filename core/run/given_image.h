// A given image on its way to being evidence: from any picture to the model's size, with noise, in parts.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/tensor.h"
#include "core/run/png.h"

namespace undiffuse {

/// A picture of any size (at least a pixel) as [height, width, channels] in [-1, 1]: its middle, cut to the
/// image's proportions, each pixel the mean of what it covers. Grey from colour by its brightness, colour
/// from grey by repeating it. A grey picture whose edge is rather white (ink on paper) is inverted, because
/// grey data are bright strokes on black.
std::vector<float> fit_picture(const Picture& picture, const Shape& image);

/// image + sigma n, with n ~ N(0, 1) of (seed; Purpose::Evidence).
std::vector<float> with_noise(std::span<const float> image, double sigma, std::uint64_t seed);

/// Parts of an image that can be missing.
struct ImagePart {
  std::string_view name;  ///< "left"
  /// Of a side: 0..4 from its start. Where four does not divide the side, counted from the nearer end, so
  /// that opposite parts are alike.
  struct Quarters {
    int from, to;
  };
  Quarters rows, columns;
};
std::span<const ImagePart> image_parts();

/// [height, width, channels]: 0 in the part, 1 elsewhere.
std::vector<float> known_without(const ImagePart& part, const Shape& image);

}  // namespace undiffuse
