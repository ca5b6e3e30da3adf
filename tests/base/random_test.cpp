#include "core/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <vector>

#include "tests/golden/golden_file.h"

namespace undiffuse {
namespace {

using nlohmann::json;

std::vector<float> normals(std::size_t count, std::uint64_t seed = 1, std::uint32_t t = 0,
                           std::uint32_t sample = 0, Purpose purpose = Purpose::Step) {
  std::vector<float> z(count);
  fill_normal(z, seed, t, sample, purpose);
  return z;
}

std::uint32_t bits_of(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

std::uint32_t fnv1a(const std::vector<float>& z) {
  std::uint32_t hash = 0x811c9dc5u;
  for (const float value : z) hash = (hash ^ bits_of(value)) * 16777619u;
  return hash;
}

TEST(Philox, GivesThePublishedAnswers) {
  const json golden = read_golden("noise.json");
  ASSERT_EQ(golden["philox"].size(), 3u);
  for (const json& entry : golden["philox"]) {
    const std::array<std::uint32_t, 4> words = philox4x32(entry["counter"], entry["key"]);
    EXPECT_EQ(json(words), entry["words"]);
  }
}

// The same bits from every compiler, from WASM and from weights/noise.py.
TEST(FillNormal, GivesTheGoldenBits) {
  const json golden = read_golden("noise.json");
  ASSERT_FALSE(golden["normal"].empty());
  for (const json& entry : golden["normal"]) {
    const std::uint64_t seed = std::stoull(entry["seed"].get<std::string>());
    const std::vector<float> z = normals(entry["count"], seed, entry["t"], entry["sample"],
                                         static_cast<Purpose>(entry["purpose"].get<int>()));
    for (std::size_t i = 0; i < entry["first_bits"].size(); ++i) {
      EXPECT_EQ(bits_of(z[i]), entry["first_bits"][i]);
      EXPECT_NEAR(z[i], entry["first"][i].get<double>(), 1e-6);  // the file's six digits
    }
    EXPECT_EQ(fnv1a(z), entry["fnv1a"]);
  }
}

TEST(FillNormal, AnElementDoesNotDependOnHowManyAreDrawn) {
  const std::vector<float> all = normals(103);
  for (std::size_t count = 0; count <= all.size(); ++count) {
    const std::vector<float> some = normals(count);
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << count;
  }
}

TEST(FillNormal, EveryInputChangesTheDraw) {
  const std::vector<float> z = normals(64, 1, 2, 3, Purpose::Step);
  const std::vector<std::vector<float>> others = {
      normals(64, 2, 2, 3, Purpose::Step),  normals(64, 1 + (1ull << 32), 2, 3, Purpose::Step),
      normals(64, 1, 3, 3, Purpose::Step),  normals(64, 1, 2, 4, Purpose::Step),
      normals(64, 1, 2, 3, Purpose::Start), normals(64, 1, 2, 3, Purpose::Churn),
      normals(64, 1, 3, 2, Purpose::Step)};
  for (const std::vector<float>& other : others) {
    int equal = 0;
    for (std::size_t i = 0; i < z.size(); ++i) equal += z[i] == other[i];
    EXPECT_LE(equal, 1);  // two floats meet by chance about once in a million
  }
}

// Box-Muller on the same words with the C library's functions in double.
TEST(FillNormal, OwnFunctionsAreAccurate) {
  constexpr std::size_t kCount = 1 << 18;
  const std::vector<float> z = normals(kCount);
  double worst = 0;
  for (std::size_t i = 0; i < kCount; i += 2) {
    const auto words = philox4x32({static_cast<std::uint32_t>(i / 4), 0, 0, 1}, {1, 0});
    const std::uint32_t radius_word = words[i % 4], angle_word = words[i % 4 + 1];
    const double radius = std::sqrt(-2 * std::log(((radius_word >> 8) + 1) * 0x1p-24));
    const double angle = 2 * std::numbers::pi * (angle_word >> 8) * 0x1p-24;
    worst = std::max(
        {worst, std::abs(z[i] - radius * std::cos(angle)), std::abs(z[i + 1] - radius * std::sin(angle))});
  }
  EXPECT_LT(worst, 1e-6);  // numbers up to 5.8 in float, whose last place is 5e-7 there
}

// ---- Statistics. Seeds are fixed; each line says how often another seed would fail.

constexpr std::size_t kDraws = 1 << 20;

TEST(FillNormalStatistics, Moments) {
  const std::vector<float> z = normals(kDraws, 7);
  double power[5] = {};
  for (const double value : z) {
    for (int k = 1; k <= 4; ++k) power[k] += std::pow(value, k);
  }
  const double n = static_cast<double>(kDraws);
  const double exact[5] = {1, 0, 1, 0, 3};
  const double variance[5] = {0, 1, 2, 15, 96};  // of z^k: E z^2k - (E z^k)²
  for (int k = 1; k <= 4; ++k) {
    const double z_score = (power[k] / n - exact[k]) / std::sqrt(variance[k] / n);
    EXPECT_LT(std::abs(z_score), 4) << "moment " << k;  // each: 1 seed in 16,000
  }
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

TEST(FillNormalStatistics, ChiSquareOf256EqualBins) {
  constexpr int kBins = 256;
  std::vector<int> count(kBins);
  for (const float value : normals(kDraws, 8)) {
    ++count[static_cast<std::size_t>(std::min(kBins - 1, static_cast<int>(normal_cdf(value) * kBins)))];
  }
  const double expected = static_cast<double>(kDraws) / kBins;
  double chi_square = 0;
  for (const int found : count) chi_square += (found - expected) * (found - expected) / expected;
  const double degrees = kBins - 1;
  // Two-sided, since a too even spread is as wrong: 4 standard deviations, about 1 seed in 10,000.
  EXPECT_LT(std::abs(chi_square - degrees), 4 * std::sqrt(2 * degrees));
}

TEST(FillNormalStatistics, TailsAreThere) {
  int beyond_four = 0;
  for (const float value : normals(kDraws, 9)) beyond_four += std::abs(value) > 4;
  const double expected = kDraws * 2 * normal_cdf(-4);                   // 66
  EXPECT_LT(std::abs(beyond_four - expected), 4 * std::sqrt(expected));  // Poisson: 1 seed in 10,000
}

double correlation(const std::vector<float>& a, const std::vector<float>& b, std::size_t shift = 0) {
  double sum = 0;
  for (std::size_t i = 0; i + shift < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i + shift];
  return sum / std::sqrt(static_cast<double>(a.size() - shift));  // N(0, 1) for independent draws
}

double correlation_of_squares(std::vector<float> a, std::vector<float> b, std::size_t shift = 0) {
  for (float& value : a) value = (value * value - 1) / std::numbers::sqrt2_v<float>;
  for (float& value : b) value = (value * value - 1) / std::numbers::sqrt2_v<float>;
  return correlation(a, b, shift);
}

// Neighbouring elements share a Philox call (and a radius), neighbouring t, samples and seeds differ
// in one bit of its input. Squares would show a shared radius. Each line: 1 seed in 16,000.
TEST(FillNormalStatistics, NeighboursAreIndependent) {
  const std::vector<float> z = normals(kDraws / 4, 10, 5, 6);
  for (const std::size_t shift : {1u, 2u, 3u, 4u, 28u, 784u}) {
    EXPECT_LT(std::abs(correlation(z, z, shift)), 4) << "element + " << shift;
    EXPECT_LT(std::abs(correlation_of_squares(z, z, shift)), 4) << "element + " << shift;
  }
  const std::vector<std::vector<float>> neighbours = {
      normals(kDraws / 4, 10, 4, 6), normals(kDraws / 4, 10, 5, 7), normals(kDraws / 4, 11, 5, 6),
      normals(kDraws / 4, 10, 5, 6, Purpose::Churn)};
  for (const std::vector<float>& other : neighbours) {
    EXPECT_LT(std::abs(correlation(z, other)), 4);
    EXPECT_LT(std::abs(correlation_of_squares(z, other)), 4);
  }
}

// Each element is its Philox word's upper 24 bits; see GivesThePublishedAnswers for the words.
TEST(FillUniform, IsThePhiloxWords) {
  std::vector<float> u(6);
  fill_uniform(u, 7, 3, 2, Purpose::Data);
  for (std::uint32_t i = 0; i < 6; ++i) {
    const std::uint32_t word =
        philox4x32({i / 4, 3, 2, static_cast<std::uint32_t>(Purpose::Data)}, {7, 0})[i % 4];
    EXPECT_EQ(u[i] * (1 << 24), static_cast<float>(word >> 8));
  }
}

// Fixed seed: passes or fails for good. Bounds of 4.5 standard errors would fail one seed in 10^5.
TEST(FillUniform, IsUniform) {
  std::vector<float> u(100000);
  fill_uniform(u, 1, 0, 0, Purpose::Step);
  double sum = 0, squares = 0;
  for (const float value : u) {
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const double n = static_cast<double>(u.size());
  EXPECT_NEAR(sum / n, 1.0 / 2, 4.5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(squares / n, 1.0 / 3, 4.5 * std::sqrt(4.0 / 45 / n));
}

}  // namespace
}  // namespace undiffuse
