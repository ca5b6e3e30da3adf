// The 2015 paper's parameterisation: a network that states the Gaussian of its own small step.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/random.h"
#include "core/process/forward_kernel.h"
#include "core/process/prediction.h"
#include "core/process/respacing.h"
#include "core/process/reverse_transition.h"

namespace undiffuse {
namespace {

const Schedule& paper_schedule() {
  static const Schedule kSchedule = make_schedule({.family = ScheduleFamily::ConstantRate}, 1000);
  return kSchedule;
}

Parameterization transition() { return {Prediction::Transition, 1, &paper_schedule()}; }

double logit(double p) { return std::log(p / (1 - p)); }
double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

double x0_var_of(double z_sigma, double alpha_bar) {
  const ToX0Var map = to_x0_var(transition(), alpha_bar);
  const double e = std::expm1(map.scale * z_sigma);
  return map.noise_var * (1 + map.gain * e / (1 + map.beta * e));
}

// The whole way round: what the network states of its step is what the step does.
TEST(Transition, AdjacentStepsAreTheNetworksGaussian) {
  const double root_T = std::sqrt(1000.0);
  for (int t = 2; t <= 1000; ++t) {
    const double alpha_bar = paper_schedule().alpha_bar[static_cast<size_t>(t)];
    const double alpha_bar_prev = paper_schedule().alpha_bar[static_cast<size_t>(t) - 1];
    const double beta = 1 - alpha_bar / alpha_bar_prev;
    const ReverseTransition step = reverse_transition(alpha_bar, alpha_bar_prev, Variance::Learned);
    for (const double z : {-4.0, -0.3, 0.0, 2.5}) {
      const double x_t = 0.7, z_sigma = 3 * z;
      const ToX0 map = to_x0(transition(), alpha_bar);
      const double mu = step.on_x0 * (map.on_x * x_t + map.on_output * z) + step.on_x * x_t;
      // Doubles; what cancels is at most a hundredfold larger.
      EXPECT_NEAR(mu, std::sqrt(1 - beta) * x_t + std::sqrt(beta) * z, 1e-12) << t;
      const double var = step.variance(x0_var_of(z_sigma, alpha_bar));
      EXPECT_NEAR(var / sigmoid(z_sigma / root_T + logit(beta)), 1, 1e-11) << t;
      const OwnTransition own = own_transition(transition(), x_t, z, z_sigma, alpha_bar);
      EXPECT_NEAR(own.mu, mu, 1e-12) << t;
      EXPECT_NEAR(own.var / var, 1, 1e-11) << t;
    }
  }
}

// The same in float, through the functions that a run calls.
TEST(Transition, ARunsStepIsTheNetworksGaussian) {
  constexpr size_t kPixels = 64;
  std::vector<float> raw(2 * kPixels), x_t(kPixels), x0_hat(kPixels), x0_var(kPixels), mu(kPixels),
      sigma(kPixels);
  fill_normal(raw, 1, 0, 0, Purpose::Step);
  fill_normal(x_t, 1, 0, 1, Purpose::Step);
  for (const int t : {2, 3, 10, 100, 500, 999, 1000}) {
    const double alpha_bar = paper_schedule().alpha_bar[static_cast<size_t>(t)];
    const double alpha_bar_prev = paper_schedule().alpha_bar[static_cast<size_t>(t) - 1];
    const double beta = 1 - alpha_bar / alpha_bar_prev;
    to_answer(transition(), true, 1, alpha_bar, raw, x_t, x0_hat, x0_var);
    mean_and_sigma(reverse_transition(alpha_bar, alpha_bar_prev, Variance::Learned), x_t, x0_hat, x0_var, mu,
                   sigma);
    for (size_t i = 0; i < kPixels; ++i) {
      // Float: a few of its 6e-8, and of numbers that are up to ten times as large as the result.
      EXPECT_NEAR(mu[i], std::sqrt(1 - beta) * x_t[i] + std::sqrt(beta) * raw[2 * i], 3e-6) << t;
      const double var = sigmoid(raw[2 * i + 1] / std::sqrt(1000.0) + logit(beta));
      EXPECT_NEAR(sigma[i] / std::sqrt(var), 1, 3e-6) << t;
    }
  }
}

// p(x_0 | x_1) is the forward kernel, whatever the network says.
TEST(Transition, TheFirstStepIsTheForwardKernel) {
  const double alpha_bar = paper_schedule().alpha_bar[1], beta = 1 - alpha_bar;
  std::vector<float> x0_hat(2), x0_var(2);
  to_answer(transition(), true, 1, alpha_bar, std::vector<float>{5, -9, -7, 30}, std::vector<float>{1, -2},
            x0_hat, x0_var);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(x0_hat[i], std::sqrt(1 - beta) * (i == 0 ? 1 : -2), 1e-6);  // float
    EXPECT_NEAR(x0_var[i] / beta, 1, 1e-6);
  }
  EXPECT_EQ(output_from_x0(transition(), 1, x0_hat[0], alpha_bar), 0);
  EXPECT_EQ(variance_output_from_x0_var(transition(), x0_var[0], alpha_bar), 0);
}

// Data N(0, data_var): everything is known. The network that states the exact Gaussian of its own step says
// the exact mean and variance of x_0, and so any longer step is exact too.
void expect_exact_answer(double data_var) {
  for (const int t : {2, 5, 40, 300, 700, 1000}) {
    const double alpha_bar = paper_schedule().alpha_bar[static_cast<size_t>(t)];
    const double alpha_bar_prev = paper_schedule().alpha_bar[static_cast<size_t>(t) - 1];
    const double x_var = alpha_bar * data_var + 1 - alpha_bar;
    const double x0_on_x = std::sqrt(alpha_bar) * data_var / x_var,
                 x0_var = data_var * (1 - alpha_bar) / x_var;
    const Posterior q = q_posterior(alpha_bar, alpha_bar_prev);
    const double x_t = 1.3, mean = (q.c0 * x0_on_x + q.c1) * x_t;
    const double var = q.beta_tilde + q.c0 * q.c0 * x0_var;
    const double z_mu = (mean - std::sqrt(1 - q.beta) * x_t) / std::sqrt(q.beta);
    const double z_sigma = std::sqrt(1000.0) * (logit(var) - logit(q.beta));
    const ToX0 map = to_x0(transition(), alpha_bar);
    // z_mu is a small difference, by up to 1e3 less than mean, and x0_hat up to 1e2 times z_mu.
    EXPECT_NEAR(map.on_x * x_t + map.on_output * z_mu, x0_on_x * x_t, 1e-10) << t;
    EXPECT_NEAR(x0_var_of(z_sigma, alpha_bar) / x0_var, 1, 1e-8) << t;
    for (const double alpha_bar_s : {alpha_bar_prev, 0.5 * (1 + alpha_bar), 1.0}) {
      const double x_s_var = alpha_bar_s * data_var + 1 - alpha_bar_s;
      const ReverseTransition step = reverse_transition(alpha_bar, alpha_bar_s, Variance::Learned);
      const double covariance = std::sqrt(alpha_bar / alpha_bar_s) * x_s_var;  // of x_s and x_t
      EXPECT_NEAR(step.on_x0 * x0_on_x + step.on_x, covariance / x_var, 1e-9) << t;
      EXPECT_NEAR(step.variance(x0_var_of(z_sigma, alpha_bar)), x_s_var - covariance * covariance / x_var,
                  1e-8)
          << t;
    }
  }
}

TEST(Transition, IsExactForGaussianData) {
  expect_exact_answer(0.25);
  expect_exact_answer(1);
  expect_exact_answer(2);
}

// With data of variance 1 the reverse step is the forward kernel: a network that says nothing is right.
TEST(Transition, ZerosAreTheUnitGaussian) {
  for (const int t : {2, 77, 1000}) {
    const double alpha_bar = paper_schedule().alpha_bar[static_cast<size_t>(t)];
    EXPECT_NEAR(to_x0(transition(), alpha_bar).on_x, std::sqrt(alpha_bar), 1e-15);
    EXPECT_NEAR(x0_var_of(0, alpha_bar), 1 - alpha_bar, 1e-15);
  }
}

TEST(Transition, ItsOutputsComeBack) {
  for (const double alpha_bar : {paper_schedule().alpha_bar[2], 0.9, 0.31, 0.01, 1e-3}) {
    for (const double z : {-3.0, -0.01, 0.0, 0.4, 20.0}) {
      const ToX0 map = to_x0(transition(), alpha_bar);
      EXPECT_NEAR(output_from_x0(transition(), 0.6, map.on_x * 0.6 + map.on_output * z, alpha_bar), z, 1e-11);
      EXPECT_NEAR(variance_output_from_x0_var(transition(), x0_var_of(z, alpha_bar), alpha_bar), z, 1e-9);
    }
  }
}

TEST(Transition, ClampsItsVariance) {
  std::vector<float> x0_hat(2), x0_var(2);
  to_answer(transition(), true, 1, 0.5, std::vector<float>{0, -1e30f, 0, 1e30f}, std::vector<float>{0, 0},
            x0_hat, x0_var);
  const double root_T = std::sqrt(1000.0);
  EXPECT_NEAR(x0_var[0] / x0_var_of(kMinLogVar * root_T, 0.5), 1, 1e-4);
  EXPECT_NEAR(x0_var[1] / x0_var_of(kMaxLogVar * root_T, 0.5), 1, 1e-4);
}

// Sigma < beta_tilde gives an x0_var below 0, which a longer step cannot use as it is.
TEST(Transition, ALongerStepKeepsSomeOfItsNoise) {
  const double alpha_bar = paper_schedule().alpha_bar[400], x0_var = x0_var_of(-10, alpha_bar);
  EXPECT_LT(x0_var, -1);
  const ReverseTransition own =
      reverse_transition(alpha_bar, paper_schedule().alpha_bar[399], Variance::Learned);
  EXPECT_GT(own.variance(x0_var), 0.7 * own.var_const);
  const ReverseTransition longer =
      reverse_transition(alpha_bar, paper_schedule().alpha_bar[300], Variance::Learned);
  EXPECT_LT(longer.var_const + longer.var_on_x0_var * x0_var, 0);
  EXPECT_EQ(longer.variance(x0_var), longer.var_const / 4);
  std::vector<float> mu(1), sigma(1);
  mean_and_sigma(longer, std::vector<float>{0}, std::vector<float>{0},
                 std::vector<float>{static_cast<float>(x0_var)}, mu, sigma);
  EXPECT_NEAR(sigma[0], std::sqrt(longer.var_const) / 2, 1e-6);
}

TEST(OwnStep, IsTheTablesAtItsRows) {
  const Schedule& table = paper_schedule();
  for (int t = 2; t <= 1000; ++t) {
    const OwnStep own = own_step(table, table.alpha_bar[static_cast<size_t>(t)]);
    EXPECT_FALSE(own.first);
    EXPECT_NEAR(own.beta / table.beta(t), 1, 1e-12) << t;
    EXPECT_NEAR(own.alpha_bar_prev / table.alpha_bar[static_cast<size_t>(t) - 1], 1, 1e-12) << t;
  }
  EXPECT_TRUE(own_step(table, table.alpha_bar[1]).first);
}

TEST(OwnStep, IsBetweenTheRowsAndStaysAtTheEnds) {
  const Schedule& table = paper_schedule();
  for (const int t : {2, 50, 999}) {
    const double between =
        std::sqrt(table.alpha_bar[static_cast<size_t>(t)] * table.alpha_bar[static_cast<size_t>(t) + 1]);
    const OwnStep own = own_step(table, between);
    EXPECT_GT(own.beta, std::min(table.beta(t), table.beta(t + 1)));
    EXPECT_LT(own.beta, std::max(table.beta(t), table.beta(t + 1)));
    EXPECT_GT(own.alpha_bar_prev, between);
    EXPECT_LE(own.alpha_bar_prev, 1);
  }
  const OwnStep clean = own_step(table, 0.9999), noisy = own_step(table, 1e-6);
  EXPECT_TRUE(clean.first);
  EXPECT_NEAR(clean.beta, 1e-4, 1e-15);
  EXPECT_EQ(clean.alpha_bar_prev, 1);
  EXPECT_NEAR(noisy.beta / table.beta(1000), 1, 1e-12);
}

}  // namespace
}  // namespace undiffuse
