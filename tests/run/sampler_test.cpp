#include "core/run/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace undiffuse {
namespace {

constexpr int kT = 1000;

Schedule cosine() { return make_schedule({}, kT); }

std::vector<Stage> ancestral(int steps, Variance variance, const ScheduleSpec& schedule = {}) {
  return make_sampler_table({.variance = variance}, make_trajectory(schedule, cosine(), steps));
}

TEST(SamplerTable, WalksFromNoiseToDataForEveryStepCount) {
  for (int steps : {1, 2, 3, 7, 50, 999, 1000}) {
    const std::vector<Stage> table = ancestral(steps, Variance::Learned);
    ASSERT_EQ(table.size(), static_cast<size_t>(steps));
    EXPECT_EQ(table.front().t, kT);
    EXPECT_EQ(table.back().t_prev, 0);
    EXPECT_EQ(table.back().alpha_bar_prev, 1.0);
    for (size_t i = 0; i < table.size(); ++i) {
      EXPECT_GT(table[i].t, table[i].t_prev);
      EXPECT_EQ(table[i].draws, i + 1 < table.size());
      if (i > 0) {
        EXPECT_EQ(table[i].t, table[i - 1].t_prev);
        EXPECT_EQ(table[i].alpha_bar, table[i - 1].alpha_bar_prev);
      }
    }
  }
}

TEST(Sampler, TheLastStepGivesTheMean) {
  Sampler sampler(ancestral(1, Variance::FixedLarge), {1, 2, 2, 1}, {7, 0}, true);
  const std::vector<float> x0_hat = {-3.0f, -0.5f, 0.25f, 2.0f}, x0_var(4, 1.0f);
  sampler.supply(x0_hat, x0_var);
  EXPECT_TRUE(sampler.done());
  const std::vector<float> clipped = {-1.0f, -0.5f, 0.25f, 1.0f};
  EXPECT_EQ(std::vector<float>(sampler.x().begin(), sampler.x().end()), clipped);
}

TEST(Sampler, StartsFromTheSameNoiseWhateverTheStepsAndSchedule) {
  const Shape shape{3, 4, 4, 1};
  const Sampler few(ancestral(5, Variance::Learned), shape, {9, 0}, true);
  const Sampler many(ancestral(500, Variance::FixedSmall, {ScheduleFamily::Linear}), shape, {9, 0}, false);
  EXPECT_TRUE(std::equal(few.x().begin(), few.x().end(), many.x().begin()));
}

TEST(Sampler, AnImageDoesNotDependOnItsBatch) {
  const Shape four{4, 4, 4, 1}, one{1, 4, 4, 1};
  const auto table = ancestral(3, Variance::FixedSmall);
  Sampler batch(table, four, {9, 0}, true), alone(table, one, {9, 2}, true);
  for (int step = 0; step < 3; ++step) {
    std::vector<float> x0_hat(64, 0.1f), x0_var(64, 0.2f);
    batch.supply(x0_hat, x0_var);
    alone.supply(std::span(x0_hat).first(16), std::span(x0_var).first(16));
  }
  EXPECT_TRUE(std::equal(alone.x().begin(), alone.x().end(), batch.x().begin() + 32));
}

TEST(Sampler, RestoreThenSupplyRepeatsAStepToTheBit) {
  Sampler sampler(ancestral(10, Variance::Learned), {1, 8, 8, 1}, {3, 0}, true);
  const std::vector<float> x0_hat(64, 0.3f), x0_var(64, 0.05f);
  for (int i = 0; i < 4; ++i) sampler.supply(x0_hat, x0_var);
  const std::vector<float> before(sampler.x().begin(), sampler.x().end());
  sampler.supply(x0_hat, x0_var);
  const std::vector<float> after(sampler.x().begin(), sampler.x().end());
  sampler.restart();
  sampler.restore(4, before);
  sampler.supply(x0_hat, x0_var);
  EXPECT_TRUE(std::equal(after.begin(), after.end(), sampler.x().begin()));
}

// Data N(m, v): the exact answer is linear in x_t, so every state is Gaussian and its moments follow
// a recursion. The sampler's own moments over many pixels must meet them.
struct GaussianData {
  double m, v;
  double gain(double alpha_bar) const { return std::sqrt(alpha_bar) * v / (alpha_bar * v + 1 - alpha_bar); }
  double x0_hat(double x, double alpha_bar) const {
    return m + gain(alpha_bar) * (x - std::sqrt(alpha_bar) * m);
  }
  double x0_var(double alpha_bar) const { return v * (1 - alpha_bar) / (alpha_bar * v + 1 - alpha_bar); }
};

struct Moments {
  double mean = 0, var = 1;
  void step(const Stage& stage, const GaussianData& data) {
    const double k = stage.transition.on_x0 * data.gain(stage.alpha_bar) + stage.transition.on_x;
    const double at_zero = stage.transition.on_x0 * data.x0_hat(0, stage.alpha_bar);
    const double drawn =
        stage.transition.var_const + stage.transition.var_on_x0_var * data.x0_var(stage.alpha_bar);
    mean = k * mean + at_zero;
    var = k * k * var + (stage.draws ? drawn : 0);
  }
};

TEST(Sampler, GaussianDataComesOutWithItsExactMoments) {
  const GaussianData data{0.4, 0.09};
  for (const Variance variance : {Variance::Learned, Variance::FixedSmall, Variance::FixedLarge}) {
    for (const int steps : {4, 50}) {
      Sampler sampler(ancestral(steps, variance), {16, 64, 64, 1}, {5, 0}, false);
      const auto n = static_cast<size_t>(16 * 64 * 64);
      std::vector<float> x0_hat(n), x0_var(n);
      Moments exact;
      while (!sampler.done()) {
        const ModelCall call = sampler.pending();
        for (size_t i = 0; i < n; ++i) {
          x0_hat[i] = static_cast<float>(data.x0_hat(call.x[i], call.alpha_bar));
          x0_var[i] = static_cast<float>(data.x0_var(call.alpha_bar));
        }
        exact.step(sampler.table()[static_cast<size_t>(sampler.step())], data);
        sampler.supply(x0_hat, x0_var);
      }
      double sum = 0, squares = 0;
      for (const float x : sampler.x()) sum += x, squares += x * static_cast<double>(x);
      const double count = static_cast<double>(n), mean = sum / count, var = squares / count - mean * mean;
      // Fixed seed; for another one each check fails once in 15,000 (4 standard errors).
      EXPECT_NEAR(mean, exact.mean, 4 * std::sqrt(exact.var / count));
      EXPECT_NEAR(var, exact.var, 4 * exact.var * std::sqrt(2 / count));
      // x0_var is exact, so the learned variance gives the data's own moments back, at any step
      // count; only the last step's missing draw takes its share of the variance.
      if (variance == Variance::Learned) {
        EXPECT_NEAR(exact.mean, data.m, 1e-9 + std::sqrt(cosine().alpha_bar[kT]));
        EXPECT_NEAR(exact.var + data.x0_var(sampler.table().back().alpha_bar), data.v, 1e-3);
      }
    }
  }
}

}  // namespace
}  // namespace undiffuse
