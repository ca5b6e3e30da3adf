#include "core/process/perturbation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

namespace undiffuse {
namespace {

TEST(Perturbation, GaussiansMultiplyExactly) {
  Evidence evidence{EvidenceKind::NoisyPerturbed, {2.0f, -1.0f}, {}, 0.5};
  std::vector<float> mu = {1.0f, 1.0f}, sigma = {0.5f, 0.0f};
  evidence.perturb(0.3, mu, sigma);
  EXPECT_FLOAT_EQ(mu[0], 1.5f);  // equal precisions: the middle, and half the variance
  EXPECT_FLOAT_EQ(sigma[0], static_cast<float>(std::sqrt(0.125)));
  EXPECT_EQ(mu[1], 1.0f);  // where nothing is left to decide, evidence decides nothing
  EXPECT_EQ(sigma[1], 0.0f);
}

TEST(Perturbation, KnownPixelsAreCleanOrAsNoisyAsTheStep) {
  const std::vector<float> image = {0.5f, 0.5f}, known = {1.0f, 0.0f};
  for (const auto& [kind, mean, deviation] :
       {std::tuple{EvidenceKind::KnownClean, 0.5, 0.0}, std::tuple{EvidenceKind::KnownRenoised, 0.4, 0.6}}) {
    std::vector<float> mu = {-1.0f, -1.0f}, sigma = {0.1f, 0.1f};
    Evidence{kind, image, known}.perturb(0.64, mu, sigma);
    EXPECT_FLOAT_EQ(mu[0], static_cast<float>(mean));
    EXPECT_FLOAT_EQ(sigma[0], static_cast<float>(deviation));
    EXPECT_EQ(mu[1], -1.0f);
    EXPECT_EQ(sigma[1], 0.1f);
    std::vector<float> x = {1.0f, 1.0f};
    Evidence{kind, image, known}.start(0.64, x);
    EXPECT_FLOAT_EQ(x[0], static_cast<float>(mean + deviation));
    EXPECT_EQ(x[1], 1.0f);
  }
}

// For r(x) = N(y; x, s²) the gradient gives mu + sigma²/s² (y - mu), the product mu + sigma²/(sigma² + s²)
// (y - mu): they differ by a factor 1 + sigma²/s².
TEST(Perturbation, TheGradientIsTheProductsFirstOrder) {
  constexpr float kSigma = 0.05f, kS = 1.0f, kY = 2.0f;
  std::vector<float> by_gradient = {1.0f}, exact = {1.0f}, sigma = {kSigma};
  const std::vector<float> gradient = {(kY - 1.0f) / (kS * kS)};
  perturb_by_gradient(by_gradient, sigma, gradient);
  Evidence{EvidenceKind::NoisyPerturbed, {kY}, {}, kS}.perturb(0.5, exact, sigma);
  EXPECT_NEAR((by_gradient[0] - 1) / (exact[0] - 1), 1 + kSigma * kSigma, 1e-4);  // float32 in mu - 1
}

// Two cells of a 4 x 8 image's rows, and what a Gaussian N(mu, sigma²) becomes by them.
class Coarse : public testing::Test {
 protected:
  static constexpr Shape kShape{1, 4, 8, 1};  // cells of 1 x 2 pixels
  Evidence evidence(double strength) const {
    Evidence made{EvidenceKind::Coarse, {}, {}, 0, coarse_cells(kShape), strength};
    for (int i = 0; i < kShape.image_size(); ++i)
      made.image.push_back(std::sin(0.7f * static_cast<float>(i)));
    return made;
  }
  std::vector<float> some_image() const {
    std::vector<float> x;
    for (int i = 0; i < kShape.image_size(); ++i) x.push_back(std::cos(1.3f * static_cast<float>(i)));
    return x;
  }
};

TEST_F(Coarse, CellsArePartsOfEachChannel) {
  const std::vector<int> cells = coarse_cells({1, 8, 8, 3});
  EXPECT_EQ(cells[0], 0);
  EXPECT_EQ(cells[1], 1);  // another channel
  EXPECT_EQ(cells[3 * 1], 0);
  EXPECT_EQ(cells[3 * 2], 3);
  EXPECT_EQ(cells[3 * 8], 0);
  EXPECT_EQ(cells[3 * 16], 12);
  EXPECT_EQ(cells.back(), 47);
  const std::vector<float> coarse =
      coarse_picture(std::vector<float>{1, 3, 5, 9}, std::vector<int>{0, 0, 1, 1});
  EXPECT_EQ(coarse, (std::vector<float>{2, 2, 7, 7}));
}

TEST_F(Coarse, TheGradientIsThatOfLogR) {
  const Evidence given = evidence(0.7);
  const std::vector<float> x = some_image(), gradient = coarse_grad_log_r(given, 0.6, x);
  constexpr float kStep = 1.0f / 64;  // log r is quadratic: central differences are exact but for rounding
  for (size_t i = 0; i < x.size(); ++i) {
    std::vector<float> up = x, down = x;
    up[i] += kStep;
    down[i] -= kStep;
    const double slope = (coarse_log_r(given, 0.6, up) - coarse_log_r(given, 0.6, down)) / (2 * kStep);
    EXPECT_NEAR(gradient[i], slope, 1e-5) << i;  // float32 in up and down
  }
}

// N(mu, sigma² I) r(x) is Gaussian, its mean mu + sigma²/(1 + g) grad log r(mu) with g = strength sigma² /
// (1 - alpha_bar), the curvature of log r within sigma: the gradient's step is longer by 1 + g, and right
// where g is small.
TEST_F(Coarse, AStepIsTheExactPosteriorWhereLogRHardlyCurves) {
  constexpr double kAlphaBar = 0.6;
  for (const auto& [strength, sigma] : {std::tuple{0.05, 0.1}, std::tuple{1.0, 0.3}}) {
    const Evidence given = evidence(strength);
    const double g = strength * sigma * sigma / (1 - kAlphaBar);
    const std::vector<float> before = some_image();
    std::vector<float> mu = before, deviation(mu.size(), static_cast<float>(sigma));
    given.perturb(kAlphaBar, mu, deviation);
    // The exact mean: along a cell's mean the precisions 1/sigma² and strength/(1 - alpha_bar) add.
    const std::vector<float> mean = coarse_picture(before, given.cells),
                             target = coarse_picture(given.image, given.cells);
    for (size_t i = 0; i < mu.size(); ++i) {
      const double exact = g / (1 + g) * (std::sqrt(kAlphaBar) * target[i] - mean[i]);
      EXPECT_NEAR(mu[i] - before[i], exact * (1 + g), 1e-6);  // float32
      EXPECT_NEAR(mu[i] - before[i], exact, 1.01 * g * std::abs(exact) + 1e-6);
    }
    EXPECT_EQ(deviation, std::vector<float>(mu.size(), static_cast<float>(sigma)));
  }
}

TEST_F(Coarse, AStepThatDrawsNothingIsLeftAsItIs) {
  std::vector<float> mu = some_image(), sigma(mu.size(), 0.0f);
  const Evidence given = evidence(1);
  given.perturb(0.5, mu, sigma);
  EXPECT_EQ(mu, some_image());
  given.perturb(1, mu, sigma);  // where r would be a point
  EXPECT_EQ(mu, some_image());
}

TEST(Perturbation, AWalkWithANoisyImageStartsWhereThatMuchNoiseIs) {
  const std::vector<TrajectoryPoint> trajectory = {{0.01, 3}, {0.4, 2}, {0.9, 1}, {1, 0}};
  const Evidence noisy{EvidenceKind::NoisyStart, {1.0f}, {}, 1.0};
  const std::vector<TrajectoryPoint> walk = walk_with(noisy, trajectory);
  ASSERT_EQ(walk.size(), 3u);
  EXPECT_EQ(walk[0].alpha_bar, 0.5);
  EXPECT_EQ(walk[0].t, kNoTime);
  EXPECT_EQ(walk[1].t, 1);
  std::vector<float> x = {7.0f};
  noisy.start(0.5, x);
  EXPECT_FLOAT_EQ(x[0], static_cast<float>(std::sqrt(0.5)));
  EXPECT_EQ(walk_with(Evidence{EvidenceKind::NoisyStart, {1.0f}, {}, 100}, trajectory).size(), 4u);
  EXPECT_EQ(walk_with(Evidence{}, trajectory).size(), 4u);
}

TEST(Perturbation, EvidenceOfTheWrongKindIsRefusedInASentence) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(check_evidence({}, 2).ok());
  EXPECT_TRUE(check_evidence({EvidenceKind::KnownClean, {0, 0}, {1, 0}}, 2).ok());
  EXPECT_TRUE(check_evidence({EvidenceKind::Coarse, {0, 0}, {}, 0, {0, 1}, 1}, 2).ok());
  const struct {
    Evidence evidence;
    const char* says;
  } cases[] = {{{EvidenceKind::KnownClean, {0}, {1}}, "needs 2 numbers"},
               {{EvidenceKind::KnownRenoised, {0, 0}, {1}}, "needs 2 numbers"},
               {{EvidenceKind::Coarse, {0, 0}, {}, 0, {0, 0}, 0}, "above 0 to 1"},
               {{EvidenceKind::Coarse, {0, 0}, {}, 0, {0, 0}, 1.5}, "above 0 to 1"},
               {{EvidenceKind::Coarse, {0, 0}, {}, 0, {0}, 1}, "a cell for each"},
               {{EvidenceKind::Coarse, {0, 0}, {}, 0, {0, 2}, 1}, "a cell for each"},
               {{EvidenceKind::NoisyStart, {0, nan}, {}, 1}, "not finite"},
               {{EvidenceKind::NoisyStart, {0, 0}, {}, 0}, "above 0"},
               {{EvidenceKind::NoisyPerturbed, {0, 0}, {}, std::nan("")}, "above 0"}};
  for (const auto& each : cases) {
    const Status checked = check_evidence(each.evidence, 2);
    ASSERT_FALSE(checked.ok()) << each.says;
    EXPECT_NE(checked.error().message.find(each.says), std::string::npos) << checked.error().message;
  }
}

}  // namespace
}  // namespace undiffuse
