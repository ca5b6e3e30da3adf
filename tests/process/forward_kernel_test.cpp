#include "core/process/forward_kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "core/process/respacing.h"
#include "tests/process/gaussian_mixture.h"

namespace undiffuse {
namespace {

struct Jump {
  double alpha_bar_t, alpha_bar_s;
};

// Single steps and respaced jumps at both ends and in the middle of every family.
std::vector<Jump> jumps() {
  std::vector<Jump> all;
  for (const ScheduleFamily family :
       {ScheduleFamily::Linear, ScheduleFamily::Cosine, ScheduleFamily::ConstantRate}) {
    const Schedule schedule = make_schedule({.family = family}, 1000);
    for (const int steps : {1000, 50, 7, 2}) {
      const std::vector<int> times = respaced_times(1000, steps);
      for (std::size_t i = 0; i + 2 < times.size(); i += (times.size() + 5) / 6) {
        all.push_back({schedule.alpha_bar[static_cast<std::size_t>(times[i])],
                       schedule.alpha_bar[static_cast<std::size_t>(times[i + 1])]});
      }
    }
    all.push_back({schedule.alpha_bar[2], schedule.alpha_bar[1]});
  }
  return all;
}

TEST(QSample, MixesSignalAndNoise) {
  const std::vector<float> x0 = {-1, 0, 0.5f, 1}, eps = {2, -1, 0, 0.25f};
  std::vector<float> x_t(4);
  q_sample(x0, eps, 0.64, x_t);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(x_t[i], 0.8f * x0[i] + 0.6f * eps[i]);
  q_sample(x0, eps, 1, x_t);
  EXPECT_EQ(x_t, x0);
}

// beta is a difference from 1: its relative error is 1e-16 over its size, here at least 1e-5.
constexpr double kTol = 1e-9;

TEST(QPosterior, PrecisionsAddUp) {
  for (const auto [alpha_bar_t, alpha_bar_s] : jumps()) {
    const Posterior q = q_posterior(alpha_bar_t, alpha_bar_s);
    const double alpha = alpha_bar_t / alpha_bar_s;
    const double precision = 1 / (1 - alpha_bar_s) + alpha / (1 - alpha);
    EXPECT_NEAR(q.beta, 1 - alpha, kTol * q.beta);
    EXPECT_NEAR(q.beta_tilde * precision, 1, kTol);
    EXPECT_NEAR(q.c0, q.beta_tilde * std::sqrt(alpha_bar_s) / (1 - alpha_bar_s), kTol * q.c0);
    EXPECT_NEAR(q.c1, q.beta_tilde * std::sqrt(alpha) / (1 - alpha), kTol * q.c1);
  }
}

TEST(QPosterior, LeadsToTheMarginalOfXs) {
  for (const auto [alpha_bar_t, alpha_bar_s] : jumps()) {
    const Posterior q = q_posterior(alpha_bar_t, alpha_bar_s);
    EXPECT_NEAR(q.c0 + q.c1 * std::sqrt(alpha_bar_t), std::sqrt(alpha_bar_s), 1e-12);
    EXPECT_NEAR(q.beta_tilde + q.c1 * q.c1 * (1 - alpha_bar_t), 1 - alpha_bar_s, kTol * (1 - alpha_bar_s));
  }
}

// q(x_s | x_t, x_0) by Bayes' rule on a grid of x_s, from the two forward kernels alone.
TEST(QPosterior, AgreesWithNumericalIntegration) {
  const double x0 = 0.4;
  for (const Jump& jump : jumps()) {
    const double alpha_bar_t = jump.alpha_bar_t, alpha_bar_s = jump.alpha_bar_s;
    const Posterior q = q_posterior(alpha_bar_t, alpha_bar_s);
    const double alpha = alpha_bar_t / alpha_bar_s;
    const double width = std::sqrt(q.beta_tilde), mean_s = std::sqrt(alpha_bar_s) * x0;
    const double x_t = std::sqrt(alpha_bar_t) * x0 + 1.3 * std::sqrt(1 - alpha_bar_t);
    const double from = q.c0 * x0 + q.c1 * x_t - 12 * width, to = from + 24 * width;
    const auto moment = [&](int power) {
      return integrate(from, to, width, [&](double x_s) {
        return std::pow(x_s, power) * normal_density(x_s, mean_s, 1 - alpha_bar_s) *
               normal_density(x_t, std::sqrt(alpha) * x_s, 1 - alpha);
      });
    };
    const double mass = moment(0), mean = moment(1) / mass, var = moment(2) / mass - mean * mean;
    EXPECT_NEAR(mean, q.c0 * x0 + q.c1 * x_t, 1e-9);
    // The difference of two moments of size 1 holds var to 1e-15, and beta itself to 1e-10 of it.
    EXPECT_NEAR(var, q.beta_tilde, 1e-14 + 1e-9 * q.beta_tilde);
  }
}

TEST(QPosterior, AtTheDataItIsTheData) {
  const Posterior q = q_posterior(0.3, 1);
  EXPECT_EQ(q.c0, 1);
  EXPECT_EQ(q.c1, 0);
  EXPECT_EQ(q.beta_tilde, 0);
  EXPECT_DOUBLE_EQ(q.beta, 0.7);
}

}  // namespace
}  // namespace undiffuse
