// Numbers to colours, the same maps as the page's.
#pragma once

#include <imgui.h>

#include <algorithm>
#include <span>

#include "core/base/data_range.h"

namespace undiffuse {

enum class Colormap {
  Grey,       ///< images
  Diverging,  ///< signed values: blue, white in the middle, orange
  Viridis,    ///< perceptually uniform (matplotlib's, CC0)
};

/// `part` in [0, 1], clamped.
ImU32 color_at(Colormap map, float part);

/// The values that a map's ends stand for.
struct MapRange {
  float min = -1;
  float max = 1;
};
inline MapRange image_range(const DataRange& range) { return {range.black, range.white}; }
inline constexpr MapRange kGivenRange{-1, 1};  ///< of given images, whatever the model's range is
inline constexpr MapRange kNoiseRange{-3, 3};  ///< all but three in a thousand draws of N(0, 1)
MapRange range_of(std::span<const float> values);
MapRange signed_range_of(std::span<const float> values);  ///< symmetric about zero

}  // namespace undiffuse
