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
  const struct {
    Evidence evidence;
    const char* says;
  } cases[] = {{{EvidenceKind::KnownClean, {0}, {1}}, "needs 2 numbers"},
               {{EvidenceKind::KnownRenoised, {0, 0}, {1}}, "needs 2 numbers"},
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
