#include "core/run/toys/toy_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/process/bound.h"
#include "support/tiny_toy.h"

namespace undiffuse {
namespace {

TEST(WriteDensity, HasItsRowsFromTheTopAndAMassOfOne) {
  const PointMixture one(Eigen::Array2Xd{{1.0}, {2.0}}, 0.09);
  constexpr int kSide = 60;
  std::vector<float> density(kSide * kSide);
  write_density(one.noisy(1), {{0, 0}, 4}, kSide, density);
  double mass = 0;
  for (const float value : density) mass += value;
  EXPECT_NEAR(mass * std::pow(8.0 / kSide, 2), 1, 1e-5);  // sums of smooth functions are exact but for floats
  const auto at = static_cast<size_t>(std::max_element(density.begin(), density.end()) - density.begin());
  EXPECT_NEAR(at % kSide, (1 + 4) / 8.0 * kSide, 1);
  EXPECT_NEAR(at / kSide, (4 - 2) / 8.0 * kSide, 1);
}

TEST(CompareReverse, OfUnitGaussianDataAndTheNullModelIsTheSameTwice) {
  const ToyModel model = std::move(*load_toy(to_bytes(tiny_toy())));
  const PointMixture data(Eigen::Array2Xd::Zero(2, 1), 1);
  const ReverseComparison found = compare_reverse(model, data, 4, 2, {0.5f, -1.0f});
  EXPECT_LT((found.mean - found.mu).abs().maxCoeff(), 1e-6);
  EXPECT_LT((found.deviation - found.sigma).abs().maxCoeff(), 1e-6);
  EXPECT_NEAR(found.kl_bits, 0, 1e-6);
}

// One component: the exact step is a Gaussian of its own, and the KL is closed.
TEST(CompareReverse, KlOfTwoGaussians) {
  const ToyModel model = std::move(*load_toy(to_bytes(tiny_toy())));
  const PointMixture data(Eigen::Array2Xd{{0.4}, {-0.3}}, 0.3);
  const ReverseComparison found = compare_reverse(model, data, 4, 2, {0.5f, -1.0f});
  double kl = 0;
  for (int i = 0; i < 2; ++i) {
    kl += gaussian_kl_nats(found.mean[i], std::pow(found.deviation[i], 2), found.mu[i],
                           std::pow(found.sigma[i], 2));
  }
  EXPECT_GT(to_bits(kl), 0.05);
  EXPECT_NEAR(found.kl_bits / to_bits(kl), 1, 0.01);  // what the window leaves out, at 3.5 deviations
}

}  // namespace
}  // namespace undiffuse
