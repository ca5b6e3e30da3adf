#include "native/app/colormap.h"

#include <cmath>
#include <vector>

namespace undiffuse {
namespace {

const std::vector<unsigned>& stops_of(Colormap map) {
  static const std::vector<unsigned> grey = {0x000000, 0xffffff};
  static const std::vector<unsigned> diverging = {0x1d3f9e, 0x5f83e0, 0xc3d0f3, 0xfbfaf7,
                                                  0xf3cdb8, 0xdc7d50, 0x94360f};
  static const std::vector<unsigned> viridis = {0x440154, 0x481a6c, 0x472f7d, 0x414487, 0x39568c, 0x31688e,
                                                0x2a788e, 0x23888e, 0x1f988b, 0x22a884, 0x35b779, 0x54c568,
                                                0x7ad151, 0xa5db36, 0xd2e21b, 0xfde725};
  return map == Colormap::Grey ? grey : map == Colormap::Diverging ? diverging : viridis;
}

}  // namespace

ImU32 color_at(Colormap map, float part) {
  const std::vector<unsigned>& stops = stops_of(map);
  const float place = std::clamp(part, 0.0f, 1.0f) * static_cast<float>(stops.size() - 1);
  const size_t low = std::min(static_cast<size_t>(place), stops.size() - 2);
  const float above = place - static_cast<float>(low);
  const auto channel = [&](int shift) {
    const auto from = static_cast<float>(stops[low] >> shift & 255);
    const auto to = static_cast<float>(stops[low + 1] >> shift & 255);
    return static_cast<int>(std::lround(from + (to - from) * above));
  };
  return IM_COL32(channel(16), channel(8), channel(0), 255);
}

MapRange range_of(std::span<const float> values) {
  if (values.empty()) return {0, 1};
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return {*min, *max};
}

MapRange signed_range_of(std::span<const float> values) {
  const MapRange range = range_of(values);
  const float size = std::max({-range.min, range.max, 1e-6f});
  return {-size, size};
}

}  // namespace undiffuse
