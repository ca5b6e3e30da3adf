// Which numbers stand for black and white in a model's images.
#pragma once

#include <algorithm>

namespace undiffuse {

struct DataRange {
  float black = -1, white = 1;  ///< black < white

  /// The value of a grey level in 0..255, fractions allowed, and a value's level, clamped to 0..255.
  float value_of(double level) const {
    return static_cast<float>(black + level / 255 * (static_cast<double>(white) - black));
  }
  float level_of(float value) const { return (clamped(value) - black) * (255 / (white - black)); }
  float clamped(float value) const { return std::clamp(value, black, white); }
  /// The value that is the same grey in another range; to the bit where that is this one.
  float in(const DataRange& other, float value) const {
    if (*this == other) return value;
    return other.black + (value - black) * ((other.white - other.black) / (white - black));
  }
  float middle() const { return (black + white) / 2; }
  bool operator==(const DataRange&) const = default;
};

/// Whether x0_hat is clamped, and to what.
struct Clip {
  Clip(bool whether = true, DataRange to = {}) : on(whether), range(to) {}
  bool on;
  DataRange range;
};

}  // namespace undiffuse
