#include "core/base/random.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

// Every float operation here is +, -, *, / or sqrt, which IEEE 754 rounds in one way only: the bits
// are the same on any compiler and processor, as long as a * b + c is not fused into one rounding
// (-ffp-contract=off).

namespace undiffuse {
namespace {

using Words = std::array<std::uint32_t, 4>;

// The high and low half of a 32 x 32 bit product.
struct Product {
  std::uint32_t high, low;
};
Product multiply(std::uint32_t a, std::uint32_t b) {
  const std::uint64_t product = std::uint64_t{a} * b;
  return {static_cast<std::uint32_t>(product >> 32), static_cast<std::uint32_t>(product)};
}

// std::bit_cast, which the C++ library of Emscripten 3.1.6 lacks.
template <class To, class From>
To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

// ln u for u in [2^-24, 1], relative error below 3e-7. With u = 2^e m and m around 1,
// ln m = 2 atanh(s), s = (m - 1) / (m + 1), |s| <= 0.172: the first term left out is s^11 / 11.
float log_of_unit(float u) {
  constexpr std::uint32_t kSqrtHalf = 0x3f3504f3;  // bits of sqrt(1/2), where m's interval starts
  const std::uint32_t bits = bits_as<std::uint32_t>(u);
  const std::int32_t e = static_cast<std::int32_t>(bits - kSqrtHalf) >> 23;
  const float m = bits_as<float>(bits - (static_cast<std::uint32_t>(e) << 23));
  const float s = (m - 1.0f) / (m + 1.0f);
  const float s2 = s * s;
  const float series = 1.0f + s2 * (1.0f / 3 + s2 * (1.0f / 5 + s2 * (1.0f / 7 + s2 * (1.0f / 9))));
  return static_cast<float>(e) * 0.69314718f + 2.0f * s * series;
}

// Taylor series on [-pi/4, pi/4]: the first terms left out are 2e-9 (sin) and 3e-8 (cos).
float sin_near_zero(float a) {
  const float a2 = a * a;
  return a * (1.0f + a2 * (-1.0f / 6 + a2 * (1.0f / 120 + a2 * (-1.0f / 5040 + a2 * (1.0f / 362880)))));
}
float cos_near_zero(float a) {
  const float a2 = a * a;
  return 1.0f + a2 * (-1.0f / 2 + a2 * (1.0f / 24 + a2 * (-1.0f / 720 + a2 * (1.0f / 40320))));
}

struct Direction {
  float cos, sin;
};

// The point on the unit circle at `turn` / 2^24 of a turn: the nearest quarter turn, exact in
// integers, and what is left of the angle.
Direction direction(std::uint32_t turn) {
  constexpr std::uint32_t kQuarter = 1u << 22;
  const std::uint32_t quarter = (turn + kQuarter / 2) / kQuarter;
  const auto left = static_cast<std::int32_t>(turn - quarter * kQuarter);
  const float angle = static_cast<float>(left) * (6.28318531f / (1 << 24));
  const float c = cos_near_zero(angle), s = sin_near_zero(angle);
  switch (quarter % 4) {
    case 0:
      return {c, s};
    case 1:
      return {-s, c};
    case 2:
      return {-c, -s};
    default:
      return {s, -c};
  }
}

// Box & Muller 1958: two words -> two independent normals, at most 5.8 = sqrt(2 ln 2^24) in size.
void box_muller(std::uint32_t radius_word, std::uint32_t angle_word, float* z) {
  const float u = static_cast<float>((radius_word >> 8) + 1) * (1.0f / (1 << 24));  // (0, 1]
  const float radius = std::sqrt(-2.0f * log_of_unit(u));
  const Direction d = direction(angle_word >> 8);
  z[0] = radius * d.cos;
  z[1] = radius * d.sin;
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const Product p0 = multiply(0xD2511F53u, counter[0]);
    const Product p1 = multiply(0xCD9E8D57u, counter[2]);
    counter = {p1.high ^ counter[1] ^ key[0], p1.low, p0.high ^ counter[3] ^ key[1], p0.low};
    key[0] += 0x9E3779B9u;  // golden ratio
    key[1] += 0xBB67AE85u;  // sqrt(3) - 1
  }
  return counter;
}

namespace {

// Element i of `values` comes from word i % 4 of block i / 4; four_of turns a block into its elements.
template <class FourOf>
void fill(std::span<float> values, std::uint64_t seed, std::uint32_t t, std::uint32_t sample, Purpose purpose,
          FourOf four_of) {
  const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(seed),
                                            static_cast<std::uint32_t>(seed >> 32)};
  for (std::size_t i = 0; i < values.size(); i += 4) {
    const std::array<float, 4> four = four_of(
        philox4x32({static_cast<std::uint32_t>(i / 4), t, sample, static_cast<std::uint32_t>(purpose)}, key));
    const std::size_t count = std::min<std::size_t>(4, values.size() - i);
    std::copy_n(four.begin(), count, values.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace

void fill_normal(std::span<float> z, std::uint64_t seed, std::uint32_t t, std::uint32_t sample,
                 Purpose purpose) {
  fill(z, seed, t, sample, purpose, [](const Words& words) {
    std::array<float, 4> four;
    box_muller(words[0], words[1], &four[0]);
    box_muller(words[2], words[3], &four[2]);
    return four;
  });
}

void fill_uniform(std::span<float> u, std::uint64_t seed, std::uint32_t t, std::uint32_t sample,
                  Purpose purpose) {
  fill(u, seed, t, sample, purpose, [](const Words& words) {
    std::array<float, 4> four;
    for (std::size_t i = 0; i < 4; ++i) four[i] = static_cast<float>(words[i] >> 8) * (1.0f / (1 << 24));
    return four;
  });
}

}  // namespace undiffuse
