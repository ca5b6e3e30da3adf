// Runs with evidence: exact posteriors of data whose answer is known, and records that fit the run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/run/session.h"
#include "process/gaussian_mixture.h"
#include "support/files.h"

namespace undiffuse {
namespace {

constexpr int kPixels = 1 << 14;  // each is a sample of its own: the data's pixels are independent

const GaussianMixture kTwoModes = {{{0.4, -0.8, 0.02}, {0.6, 0.6, 0.05}}};
const GaussianMixture kOneMode = {{{1.0, 0.2, 0.3}}};

std::vector<float> sample(const GaussianMixture& data, const Evidence& evidence, int steps) {
  const Schedule trained = make_schedule({}, 1000);
  const auto walk = walk_with(evidence, make_trajectory({}, trained, steps));
  Sampler sampler(make_sampler_table({}, walk), {1, 1, kPixels, 1}, {5, 0}, false, evidence);
  std::vector<float> x0_hat(kPixels), x0_var(kPixels);
  while (!sampler.done()) {
    const ModelCall call = sampler.pending();
    for (size_t i = 0; i < x0_hat.size(); ++i) {
      const Answer answer = data.answer(call.x[i], call.alpha_bar);
      x0_hat[i] = static_cast<float>(answer.x0_hat);
      x0_var[i] = static_cast<float>(answer.x0_var);
    }
    sampler.supply(x0_hat, x0_var);
  }
  return {sampler.x().begin(), sampler.x().end()};
}

struct Moments {
  double mean = 0, var = 0;
};

Moments moments(const std::vector<float>& x) {
  Moments found;
  for (const float value : x) found.mean += value / kPixels;
  for (const float value : x) found.var += (value - found.mean) * (value - found.mean) / kPixels;
  return found;
}

// p(x_0 | y) is p(x_0 | x_t) at the noise level of y, whose moments are the exact answer.
TEST(Evidence, AWalkFromANoisyImageSamplesItsPosterior) {
  constexpr double kY = -0.1, kSigma = 0.7;  // between the modes: both are possible
  const Evidence noisy{
      EvidenceKind::NoisyStart, std::vector<float>(kPixels, static_cast<float>(kY)), {}, kSigma};
  const double alpha_bar = 1 / (1 + kSigma * kSigma);
  const Answer exact = kTwoModes.answer(std::sqrt(alpha_bar) * kY, alpha_bar);
  const Moments found = moments(sample(kTwoModes, noisy, 1000));
  // Five standard errors of 16,384 draws, and a hundredth for a thousand steps.
  EXPECT_NEAR(found.mean, exact.x0_hat, 5 * std::sqrt(exact.x0_var / kPixels) + 0.01);
  EXPECT_NEAR(found.var, exact.x0_var, 0.03 * exact.x0_var + 0.01);
}

// Gaussian data make every perturbed step linear in x, so the end's moments follow by hand. They are not the
// posterior's: with r the same at every step the evidence counts more than once.
TEST(Evidence, PerturbedStepsOfGaussianDataFollowTheirRecursion) {
  constexpr double kY = 1.0, kSigma = 1.0, kMean = 0.2, kVar = 0.3;
  const Evidence noisy{
      EvidenceKind::NoisyPerturbed, std::vector<float>(kPixels, static_cast<float>(kY)), {}, kSigma};
  const auto table = make_sampler_table({}, make_trajectory({}, make_schedule({}, 1000), 100));
  double mean = kY, var = 0;  // the walk starts at y
  for (const Stage& stage : table) {
    const double signal = std::sqrt(stage.alpha_bar),
                 noisy_var = stage.alpha_bar * kVar + 1 - stage.alpha_bar;
    const double slope = signal * kVar / noisy_var, x0_var = kVar * (1 - stage.alpha_bar) / noisy_var;
    const ReverseTransition& step = stage.transition;
    const double sigma2 = step.var_const + step.var_on_x0_var * x0_var,
                 gain = sigma2 / (sigma2 + kSigma * kSigma);
    const double on_x = step.on_x0 * slope + step.on_x;
    mean = (1 - gain) * (step.on_x0 * (kMean - slope * signal * kMean) + on_x * mean) + gain * kY;
    var = std::pow((1 - gain) * on_x, 2) * var + (stage.draws ? gain * kSigma * kSigma : 0);
  }
  const Moments found = moments(sample(kOneMode, noisy, 100));
  EXPECT_NEAR(found.mean, mean, 5 * std::sqrt(var / kPixels));
  EXPECT_NEAR(found.var, var, 5 * var * std::sqrt(2.0 / kPixels));
  const double posterior_mean = kMean + kVar / (kVar + 1) * (kY - kMean), prior_gap = kY - posterior_mean;
  EXPECT_GT(mean, posterior_mean + 0.1 * prior_gap);
}

TEST(Evidence, KnownPixelsComeOutAsTheyAreAndOthersAsWithoutThem) {
  const std::vector<float> plain = sample(kTwoModes, {}, 50);
  std::vector<float> known(kPixels);
  for (size_t i = 0; i < known.size(); i += 3) known[i] = 1;
  for (const EvidenceKind kind : {EvidenceKind::KnownClean, EvidenceKind::KnownRenoised}) {
    const Evidence evidence{kind, std::vector<float>(kPixels, 0.25f), known};
    const std::vector<float> found = sample(kTwoModes, evidence, 50);
    for (size_t i = 0; i < found.size(); ++i) {
      if (known[i] == 1) {
        ASSERT_FLOAT_EQ(found[i], 0.25f);
      } else {
        ASSERT_EQ(found[i], plain[i]);
      }
    }
  }
}

// Gaussian data make a step with a coarse picture linear in the cell's mean, so the end's moments follow by
// hand, as above: by the gradient, and by the exact product, which it must be near where log r hardly curves.
TEST(Evidence, CoarseWalksOfGaussianDataFollowTheirRecursion) {
  constexpr double kY = 0.9, kMean = 0.2, kVar = 0.3, kStrength = 0.1;
  constexpr int kCellSize = 64;
  Evidence coarse{
      EvidenceKind::Coarse, std::vector<float>(kPixels, static_cast<float>(kY)), {}, 0, {}, kStrength};
  for (int i = 0; i < kPixels; ++i) coarse.cells.push_back(i / kCellSize);
  const auto table = make_sampler_table({}, make_trajectory({}, make_schedule({}, 1000), 500));
  double by_gradient = 0, exact = 0;  // the mean of all pixels, at first that of N(0, 1)
  for (const Stage& stage : table) {
    const double signal = std::sqrt(stage.alpha_bar),
                 noisy_var = stage.alpha_bar * kVar + 1 - stage.alpha_bar;
    const double slope = signal * kVar / noisy_var, x0_var = kVar * (1 - stage.alpha_bar) / noisy_var;
    const ReverseTransition& step = stage.transition;
    const double sigma2 = step.var_const + step.var_on_x0_var * x0_var;
    const double g = stage.alpha_bar_prev < 1 ? kStrength * sigma2 / (1 - stage.alpha_bar_prev) : 0;
    for (double* mean : {&by_gradient, &exact}) {
      const double mu = step.on_x0 * (kMean + slope * (*mean - signal * kMean)) + step.on_x * *mean;
      const double pulled = mean == &exact ? g / (1 + g) : g;
      *mean = mu + pulled * (std::sqrt(stage.alpha_bar_prev) * kY - mu);
    }
  }
  const Moments found = moments(sample(kOneMode, coarse, 500));
  EXPECT_NEAR(found.mean, by_gradient, 5 * std::sqrt(kVar / kPixels));  // five standard errors
  EXPECT_NEAR(by_gradient, exact, 0.1 * std::abs(exact - kMean));       // g is at most about a tenth
  EXPECT_GT(exact, kMean + 0.3 * (kY - kMean));                         // it does move the images
}

class EvidenceSession : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(session_.open_model(default_weights()));
    session_.apply("steps=6&images=4");
    size_ = static_cast<size_t>(session_.model().image.image_size());
  }
  Evidence upper_half(EvidenceKind kind) const {
    Evidence evidence{kind, std::vector<float>(size_, 0.5f), std::vector<float>(size_)};
    std::fill_n(evidence.known.begin(), size_ / 2, 1.0f);
    return evidence;
  }
  std::vector<float> field(int step, Field which) {
    std::vector<float> out(size_);
    session_.compute(step);
    EXPECT_TRUE(session_.field(step, 3, which, out));
    return out;
  }

  Session session_;
  size_t size_ = 0;
};

TEST_F(EvidenceSession, RecordsShowTheStepsThatWereTaken) {
  ASSERT_TRUE(session_.set_evidence(upper_half(EvidenceKind::KnownRenoised)));
  for (int step = 0; step + 1 < session_.num_steps(); ++step) {
    EXPECT_EQ(field(step, Field::XPrev), field(step + 1, Field::XT));
    const double alpha_bar = session_.table()[static_cast<size_t>(step)].alpha_bar_prev;
    EXPECT_FLOAT_EQ(field(step, Field::Mu)[0], static_cast<float>(0.5 * std::sqrt(alpha_bar)));
    EXPECT_NEAR(field(step, Field::Sigma)[0], std::sqrt(1 - alpha_bar), 1e-6);
  }
  const std::vector<float> end = field(session_.num_steps() - 1, Field::XPrev);
  EXPECT_TRUE(std::all_of(end.begin(), end.begin() + static_cast<std::ptrdiff_t>(size_ / 2),
                          [](float value) { return std::abs(value - 0.5f) < 1e-6f; }));
}

TEST_F(EvidenceSession, EvidenceStartsTheRunAgainAndAnotherModelDropsIt) {
  const std::vector<float> plain = field(5, Field::XPrev);
  ASSERT_TRUE(session_.set_evidence({EvidenceKind::NoisyStart, std::vector<float>(size_, 0.0f), {}, 1.0}));
  EXPECT_EQ(session_.available(), 0);
  EXPECT_LT(session_.num_steps(), 6);
  session_.compute(session_.num_steps() - 1);
  EXPECT_FALSE(session_.set_evidence({EvidenceKind::NoisyStart, {0.0f}, {}, 1.0}));
  EXPECT_EQ(session_.evidence().image.size(), size_);  // as it was
  ASSERT_TRUE(session_.open_model(default_weights()));
  EXPECT_EQ(field(5, Field::XPrev), plain);
}

}  // namespace
}  // namespace undiffuse
