#include "core/run/bound_estimate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"
#include "core/process/bound.h"
#include "core/process/forward_kernel.h"
#include "support/gaussian_engine.h"

namespace undiffuse {
namespace {

constexpr int kSteps = 40, kImages = 64, kPixels = kGaussianPixels;

std::vector<float> gaussian_images() {
  std::vector<float> x0(kImages * kPixels);
  fill_normal(x0, 3, 0, 0, Purpose::Start);
  for (float& value : x0) value *= static_cast<float>(std::sqrt(kDataVar));
  return x0;
}

BoundEstimate estimate_of(const ModelInfo& info, Engine& engine, std::span<const float> x0, int steps) {
  BoundEstimate estimate(info, engine, x0, std::vector<int>(kImages, 0), steps, 1);
  for (int step = 0; step < steps; ++step) estimate.add_step(step);
  return estimate;
}

// With the exact model, p's variance is the mean square of what the posterior's mean misses by, so that a
// step costs ½ ln(p's variance / beta_tilde) on average.
void expect_exact_steps(int steps) {
  const ModelInfo info = gaussian_model(kSteps);
  const std::vector<float> x0 = gaussian_images();
  GaussianEngine engine(info.trained, 16);
  const BoundEstimate estimate = estimate_of(info, engine, x0, steps);
  const BoundSummary summary = estimate.summary(Variance::Learned);
  for (int step = 0; step + 1 < steps; ++step) {
    const double a = estimate.trajectory()[static_cast<size_t>(step)].alpha_bar;
    const Posterior q = q_posterior(a, estimate.trajectory()[static_cast<size_t>(step) + 1].alpha_bar);
    const double missed = q.c0 * q.c0 * kDataVar * (1 - a) / (a * kDataVar + 1 - a);
    const double p_var = q.beta_tilde + missed;
    // ½ (d² / p_var), d of variance `missed`: deviation missed / p_var / sqrt(2); 5 of its standard errors
    // over 4096 pixels, in bits. A thousandth of that for float32.
    const double error = missed / p_var / std::sqrt(2.0 * kImages * kPixels) / std::log(2.0);
    EXPECT_NEAR(summary.terms[static_cast<size_t>(step)], to_bits(0.5 * std::log(p_var / q.beta_tilde)),
                5 * error + 1e-5)
        << step;
  }
}

TEST(BoundEstimate, StepsOfTheExactModelCostWhatTheyMust) {
  expect_exact_steps(kSteps);
  expect_exact_steps(7);
}

TEST(BoundEstimate, TheExactVarianceIsTheCheapest) {
  const ModelInfo info = gaussian_model(kSteps);
  const std::vector<float> x0 = gaussian_images();
  GaussianEngine engine(info.trained, 16);
  const BoundEstimate estimate = estimate_of(info, engine, x0, kSteps);
  const double exact = estimate.summary(Variance::Learned).bits_per_dim;
  EXPECT_LT(exact, estimate.summary(Variance::FixedSmall).bits_per_dim);
  EXPECT_LT(exact, estimate.summary(Variance::FixedLarge).bits_per_dim);
}

// No model needs fewer bits than a grey level's entropy: h(N(0, kDataVar)) over bins of 2/255.
TEST(BoundEstimate, IsAboveTheEntropyAndNotByMuch) {
  const ModelInfo info = gaussian_model(kSteps);
  const std::vector<float> x0 = gaussian_images();
  GaussianEngine engine(info.trained, 16);
  const BoundSummary summary = estimate_of(info, engine, x0, kSteps).summary(Variance::Learned);
  const double entropy = to_bits(gaussian_entropy_nats(kDataVar)) - std::log2(2.0 / 255);
  EXPECT_GT(summary.bits_per_dim, entropy - 4 * summary.standard_error);
  EXPECT_LT(summary.bits_per_dim, entropy + 0.5);
  EXPECT_GT(summary.standard_error, 0);
}

TEST(BoundEstimate, BatchesDoNotChangeIt) {
  const ModelInfo info = gaussian_model(kSteps);
  const std::vector<float> x0 = gaussian_images();
  GaussianEngine one(info.trained, 1), many(info.trained, 48), all(info.trained, 1000);
  const BoundSummary expected = estimate_of(info, one, x0, 5).summary(Variance::Learned);
  for (Engine* engine : {static_cast<Engine*>(&many), static_cast<Engine*>(&all)}) {
    const BoundSummary summary = estimate_of(info, *engine, x0, 5).summary(Variance::Learned);
    EXPECT_EQ(summary.bits_per_dim, expected.bits_per_dim);
    EXPECT_EQ(summary.terms, expected.terms);
  }
}

}  // namespace
}  // namespace undiffuse
