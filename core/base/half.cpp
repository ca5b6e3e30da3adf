#include "core/base/half.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace undiffuse {

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = half >> 15, exponent = half >> 10 & 31, fraction = half & 1023;
  const float magnitude =
      exponent == 31  ? std::numeric_limits<float>::infinity()
      : exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                      : std::ldexp(static_cast<float>(1024 + fraction), static_cast<int>(exponent) - 25);
  return sign ? -magnitude : magnitude;
}

std::uint16_t float_to_half(float value) {
  constexpr int kMinExponent = -14;  // below, the values are evenly spaced
  constexpr std::uint32_t kInfinity = 0x7c00, kSign = 0x8000;
  const float magnitude = std::fabs(value);
  std::uint32_t bits = kInfinity;
  if (magnitude < 65536) {
    const int exponent = magnitude > 0 ? std::max(std::ilogb(magnitude), kMinExponent) : kMinExponent;
    // 1024..2048 for normal numbers; their leading bit, and 2048, carry into the exponent.
    const auto fraction = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
    bits = static_cast<std::uint32_t>(exponent - kMinExponent) * 1024 + fraction;
  }
  return static_cast<std::uint16_t>(bits | (std::signbit(value) ? kSign : 0));
}

}  // namespace undiffuse
