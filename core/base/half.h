// IEEE 754 half precision (float16) as its 16 bits, and float.
#pragma once

#include <cstdint>

namespace undiffuse {

/// Exact for every value; NaN becomes infinity, which every reader here refuses alike.
float half_to_float(std::uint16_t half);

/// The nearest half, ties to even; beyond 65504 infinity. `value` must not be NaN.
std::uint16_t float_to_half(float value);

}  // namespace undiffuse
