#include "core/process/point_mixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/process/bound.h"
#include "core/process/reverse_transition.h"

namespace undiffuse {
namespace {

PointMixture three_points() {
  Eigen::Array2Xd centres(2, 3);
  centres << -1, 0.5, 1, 0.2, -0.7, 0.9;
  return {centres, 0.04};
}

double log_normal(const Eigen::Array2d& x, const Eigen::Array2d& mean, double var) {
  return -(x - mean).square().sum() / (2 * var) - std::log(2 * std::numbers::pi * var);
}

// Sums over a plane that holds everything; smooth functions, so exact to rounding at this spacing.
template <class F>
double plane_sum(F f) {
  constexpr double kSpacing = 0.05, kReach = 6;
  double sum = 0;
  for (double y = -kReach; y <= kReach; y += kSpacing) {
    for (double x = -kReach; x <= kReach; x += kSpacing) sum += f(Eigen::Array2d(x, y));
  }
  return sum * kSpacing * kSpacing;
}

TEST(PointMixture, PosteriorMomentsAgreeWithNumericalIntegration) {
  const PointMixture data = three_points();
  const Mixture density = data.noisy(1);
  const double alpha_bar = 0.6;
  const Eigen::Array2d x_t(0.1, 0.4);
  const auto joint = [&](const Eigen::Array2d& x0) {
    return std::exp(density.log_density(x0) + log_normal(x_t, std::sqrt(alpha_bar) * x0, 1 - alpha_bar));
  };
  const double mass = plane_sum(joint);
  EXPECT_NEAR(std::log(mass), data.noisy(alpha_bar).log_density(x_t), 1e-10);
  const Mixture posterior = data.posterior(x_t, alpha_bar);
  for (int i = 0; i < 2; ++i) {
    const double mean = plane_sum([&](const Eigen::Array2d& x0) { return x0[i] * joint(x0); }) / mass;
    const double square =
        plane_sum([&](const Eigen::Array2d& x0) { return x0[i] * x0[i] * joint(x0); }) / mass;
    EXPECT_NEAR(posterior.total_mean()[i], mean, 1e-10);
    EXPECT_NEAR(posterior.total_var()[i], square - mean * mean, 1e-10);
  }
}

// q(x_s | x_t) = q(x_t | x_s) q(x_s) / q(x_t), at any x_s.
TEST(PointMixture, ReverseStepIsBayesRule) {
  const PointMixture data = three_points();
  const double alpha_bar_t = 0.3, alpha_bar_s = 0.7, alpha = alpha_bar_t / alpha_bar_s;
  const Eigen::Array2d x_t(-0.3, 0.2);
  const Mixture reverse = data.reverse(x_t, alpha_bar_t, q_posterior(alpha_bar_t, alpha_bar_s));
  for (const Eigen::Array2d& x_s :
       {Eigen::Array2d(0, 0), Eigen::Array2d(-0.9, 0.1), Eigen::Array2d(0.6, 0.8)}) {
    const double bayes = log_normal(x_t, std::sqrt(alpha) * x_s, 1 - alpha) +
                         data.noisy(alpha_bar_s).log_density(x_s) - data.noisy(alpha_bar_t).log_density(x_t);
    EXPECT_NEAR(reverse.log_density(x_s), bayes, 1e-12);
  }
}

// Its moments are what reverse_transition() makes of the exact answer (architecture, contract 2).
TEST(PointMixture, ReverseStepHasTheMomentsOfTheTransition) {
  const PointMixture data = three_points();
  const Eigen::Array2d x_t(0.4, -0.1);
  const Mixture x0 = data.posterior(x_t, 0.3), x_s = data.reverse(x_t, 0.3, q_posterior(0.3, 0.7));
  const ReverseTransition p = reverse_transition(0.3, 0.7, Variance::Learned);
  for (int i = 0; i < 2; ++i) {
    EXPECT_NEAR(x_s.total_mean()[i], p.on_x0 * x0.total_mean()[i] + p.on_x * x_t[i], 1e-14);
    EXPECT_NEAR(x_s.total_var()[i], p.var_const + p.var_on_x0_var * x0.total_var()[i], 1e-14);
  }
}

TEST(PointMixture, EntropyOfOneComponentIsClosed) {
  const PointMixture one(Eigen::Array2Xd::Constant(2, 1, 0.3), 0.09);
  for (const double alpha_bar : {1.0, 0.5, 0.01}) {
    const double var = alpha_bar * 0.09 + 1 - alpha_bar;
    EXPECT_NEAR(one.entropy_nats(alpha_bar), 2 * gaussian_entropy_nats(var), 1e-12);
  }
}

TEST(PointMixture, EntropyOfFarComponentsAddsTheChoice) {
  Eigen::Array2Xd centres = Eigen::Array2Xd::Zero(2, 4);
  centres.row(0) << -9, -3, 3, 9;
  const PointMixture far(centres, 0.01);
  EXPECT_NEAR(far.entropy_nats(1), 2 * gaussian_entropy_nats(0.01) + std::log(4.0), 1e-12);
}

TEST(PointMixture, FarAwayTheNearestComponentIsAll) {
  const PointMixture data = three_points();
  const Mixture posterior = data.posterior({-60, 10}, 0.9);  // every density there is 0 in a double
  EXPECT_NEAR(posterior.weight[0], 1, 1e-12);
  EXPECT_TRUE(std::isfinite(data.noisy(0.9).log_density({-60, 10})));
}

}  // namespace
}  // namespace undiffuse
