#include "core/run/run_bound.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/random.h"
#include "core/process/bound.h"
#include "core/process/forward_kernel.h"
#include "core/run/bound_estimate.h"
#include "support/files.h"
#include "support/gaussian_engine.h"

namespace undiffuse {
namespace {

constexpr int kSteps = 40;

std::vector<float> gaussian_image() {
  std::vector<float> x0(kGaussianPixels);
  fill_normal(x0, 3, 0, 0, Purpose::Start);
  for (float& value : x0) value *= static_cast<float>(std::sqrt(kDataVar));
  return x0;
}

std::vector<TrajectoryPoint> own_walk(const ModelInfo& info) {
  return make_trajectory({.family = ScheduleFamily::Cosine}, info.trained, info.trained.num_steps());
}

BoundCurve curve_of(const ModelInfo& info, Engine& engine, BoundSubject subject) {
  RunBound bound(info, engine, std::move(subject));
  while (!bound.work()) {
  }
  return bound.curve();
}

BoundCurve gaussian_curve(Variance variance) {
  const ModelInfo info = gaussian_model(kSteps);
  GaussianEngine engine(info.trained, 1);
  return curve_of(info, engine, {own_walk(info), variance, gaussian_image(), 0, 1});
}

// The same draws, the same calls: the same numbers, though added up in another order.
TEST(RunBound, IsTheEstimateOfThatOneImage) {
  const ModelInfo info = gaussian_model(kSteps);
  GaussianEngine engine(info.trained, 1);
  const std::vector<float> x0 = gaussian_image();
  BoundEstimate estimate(info, engine, x0, {0}, kSteps, 1);
  for (int step = 0; step < kSteps; ++step) estimate.add_step(step);
  for (const Variance variance : {Variance::Learned, Variance::FixedSmall, Variance::FixedLarge}) {
    const BoundSummary expected = estimate.summary(variance);
    const BoundCurve curve = gaussian_curve(variance);
    for (size_t step = 0; step < kSteps; ++step) {
      EXPECT_NEAR(curve.terms[step].cost, expected.terms[step], 1e-12 * (1 + expected.terms[step]));
    }
    EXPECT_NEAR(curve.prior, expected.prior, 1e-12);
    EXPECT_NEAR(curve.total(), expected.bits_per_dim, 1e-11);
  }
}

// With independent Gaussian pixels the true reverse step is known: its entropy is the model's, for every
// pixel, and lies within the band (2015, eq. 24).
TEST(RunBound, TheTrueStepsEntropyLiesInTheBand) {
  const BoundCurve curve = gaussian_curve(Variance::Learned);
  const ModelInfo info = gaussian_model(kSteps);
  for (size_t step = 0; step + 1 < kSteps; ++step) {
    const double a = info.trained.alpha_bar[kSteps - step], b = info.trained.alpha_bar[kSteps - step - 1];
    const double var_t = a * kDataVar + 1 - a, var_s = b * kDataVar + 1 - b;
    // x_t = sqrt(a / b) x_s + noise: var(x_s | x_t) = var_s - cov² / var_t. 1e-6 relative: x0_var is float32.
    const double true_var = var_s - a / b * var_s * var_s / var_t;
    EXPECT_NEAR(curve.terms[step].entropy, to_bits(gaussian_entropy_nats(true_var)), 1e-5) << step;
    EXPECT_LT(curve.lower[step], curve.terms[step].entropy);
    EXPECT_LT(curve.terms[step].entropy, curve.upper[step]);
    EXPECT_DOUBLE_EQ(curve.terms[step].entropy_low, curve.terms[step].entropy_high);
  }
}

TEST(RunBound, FixedVariancesAreTheBandsEdges) {
  const BoundCurve small = gaussian_curve(Variance::FixedSmall), large = gaussian_curve(Variance::FixedLarge);
  for (size_t step = 0; step + 1 < kSteps; ++step) {
    EXPECT_NEAR(small.terms[step].entropy, small.lower[step], 1e-9) << step;
    EXPECT_NEAR(large.terms[step].entropy, large.upper[step], 1e-9) << step;
  }
  EXPECT_EQ(small.lower.back(), -std::numeric_limits<double>::infinity());
  EXPECT_NEAR(small.upper.back(),
              to_bits(gaussian_entropy_nats(1 - own_walk(gaussian_model(kSteps))[39].alpha_bar)), 1e-12);
}

TEST(RunBound, FillsInAStepAtATime) {
  const ModelInfo info = gaussian_model(5);
  GaussianEngine engine(info.trained, 1);
  RunBound bound(info, engine, {own_walk(info), Variance::Learned, gaussian_image(), 0, 1});
  EXPECT_EQ(say_bound(bound.curve()), "0 of 5 steps computed");
  for (size_t step = 1; step <= 5; ++step) {
    EXPECT_EQ(bound.work(), step == 5);
    EXPECT_EQ(bound.curve().terms.size(), step);
  }
  EXPECT_TRUE(bound.work()) << "and then nothing more happens";
  EXPECT_EQ(bound.curve().terms.size(), 5u);
}

TEST(RunBound, SaysWhatItFound) {
  BoundCurve curve{Variance::Learned, 0.25, {-1, -std::numeric_limits<double>::infinity()}, {2, 1.5}, {}};
  EXPECT_EQ(say_bound_step(curve, 0), "") << "not there yet";
  curve.terms = {{0.5, 1, 0.5, 1.5}, {1.25, 0.75, 0.5, 1}};
  EXPECT_EQ(
      say_bound(curve),
      "−log₂ p(x₀) ≤ 2.000 bits/dim = 0.250 at the start + 0.500 in the steps + 1.250 for the grey levels");
  EXPECT_EQ(
      say_bound_step(curve, 0),
      "Step 1: KL 0.500 bits/dim; entropy −1.000 ≤ H_q ≤ 2.000, the model's 1.000 (90 % of pixels: 0.500 to "
      "1.500)");
  EXPECT_EQ(
      say_bound_step(curve, 1),
      "Step 2: grey levels 1.250 bits/dim; entropy H_q ≤ 1.500, the model's 0.750 (90 % of pixels: 0.500 to "
      "1.000)");
  const auto json = nlohmann::json::parse(describe_bound(curve));
  EXPECT_TRUE(json["lower"][1].is_null());
  EXPECT_EQ(json["cost"], (std::vector<double>{0.5, 1.25}));
  EXPECT_EQ(json["said"], say_bound(curve));
}

class RunBoundOfASession : public testing::Test {
 protected:
  BoundCurve curve(const std::string& settings, int sample = 0) {
    session_.apply(settings);
    EXPECT_TRUE(session_.has_model() || session_.open_model(default_weights()).ok());
    session_.run();
    return curve_of(session_.model(), session_.engine(), subject_of(session_, sample));
  }
  Session session_;
};

TEST_F(RunBoundOfASession, AsksAboutTheImageAsItIsSaved) {
  curve("steps=6&images=4&class=each", 2);
  const BoundSubject subject = subject_of(session_, 2);
  EXPECT_EQ(subject.label, 2);
  ASSERT_EQ(subject.walk.size(), 7u);
  EXPECT_EQ(subject.walk.back().alpha_bar, 1);
  for (const float value : subject.x0) {
    const double level = (static_cast<double>(value) + 1) * 127.5;
    EXPECT_NEAR(level, std::round(level), 1e-4);  // float32's part of 255 levels
    EXPECT_LE(std::abs(value), 1);
  }
}

// The model's mean entropy is within the band at every step but the last: for digits most pixels are sure,
// and lie at its lower edge.
TEST_F(RunBoundOfASession, TheModelsMeanEntropyLiesInTheBand) {
  const BoundCurve found = curve("steps=10");
  EXPECT_TRUE(found.done());
  EXPECT_TRUE(std::isfinite(found.total()));
  for (size_t step = 0; step + 1 < 10; ++step) {
    EXPECT_GE(found.terms[step].entropy, found.lower[step] - 1e-9) << step;
    EXPECT_LE(found.terms[step].entropy, found.upper[step]) << step;
    EXPECT_GT(found.terms[step].cost, 0) << step;
  }
}

TEST_F(RunBoundOfASession, TakesAnyScheduleAndSampler) {
  const BoundCurve found = curve("steps=4&sampler=edm-heun&schedule=rho");
  EXPECT_EQ(found.terms.size(), 4u);
  EXPECT_TRUE(std::isfinite(found.total()));
  EXPECT_EQ(found.variance, Variance::Learned);
  EXPECT_EQ(curve("steps=4&variance=fixed-large").variance, Variance::FixedLarge);
}

TEST_F(RunBoundOfASession, DoesNotDisturbTheRun) {
  curve("steps=6");
  std::vector<float> before(static_cast<size_t>(session_.model().image.image_size())), after = before;
  session_.restart();
  session_.compute(2);
  session_.apply("steps=6&seed=12");
  session_.compute(5);
  ASSERT_TRUE(session_.field(5, 0, Field::XPrev, before));
  session_.apply("steps=6&seed=13");
  session_.apply("steps=6&seed=12");
  session_.compute(5);
  RunBound bound(session_.model(), session_.engine(), subject_of(session_, 0));
  bound.work();
  ASSERT_TRUE(session_.field(5, 0, Field::XPrev, after));
  EXPECT_EQ(before, after);
}

}  // namespace
}  // namespace undiffuse
