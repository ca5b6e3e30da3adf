#include "core/process/reverse_transition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/random.h"
#include "core/process/forward_kernel.h"
#include "core/process/schedule.h"
#include "tests/process/gaussian_mixture.h"

namespace undiffuse {
namespace {

struct Moments {
  double mean = 0, var = 0;
};

// Mean and variance of q(x_s | x_t) from the data's density and the two forward kernels alone:
// q(x_s | x_t) ~ q(x_t | x_s) times the integral over x_0 of q(x_s | x_0) p(x_0).
Moments integrate_reverse_step(const GaussianMixture& data, double x_t, double alpha_bar_t,
                               double alpha_bar_s) {
  const double alpha = alpha_bar_t / alpha_bar_s, data_width = 0.1;  // the narrower mode's
  const double kernel_width = std::sqrt(1 - alpha_bar_s), step_width = std::sqrt((1 - alpha) / alpha);
  const double width = std::min(data_width, kernel_width / std::sqrt(alpha_bar_s));
  const auto density_of_x_s = [&](double x_s) {
    return integrate(-2.5, 2.5, width, [&](double x0) {
      return data.density(x0) * normal_density(x_s, std::sqrt(alpha_bar_s) * x0, 1 - alpha_bar_s);
    });
  };
  // x_s lies within 12 widths of what x_t says, and of what the data says.
  const double from = std::max(x_t / std::sqrt(alpha) - 12 * step_width, -2.5 - 12 * kernel_width);
  const double to = std::min(x_t / std::sqrt(alpha) + 12 * step_width, 2.5 + 12 * kernel_width);
  const double x_s_width =
      std::min(step_width, std::hypot(kernel_width, std::sqrt(alpha_bar_s) * data_width)) / 2;
  double sums[3] = {};
  integrate(from, to, x_s_width, [&](double x_s) {
    const double p = density_of_x_s(x_s) * normal_density(x_t, std::sqrt(alpha) * x_s, 1 - alpha);
    for (int k = 0; k < 3; ++k) sums[k] += p * std::pow(x_s, k);
    return 0.0;
  });
  const double mean = sums[1] / sums[0];
  return {mean, sums[2] / sums[0] - mean * mean};
}

struct Jump {
  int t, s;
};

// The heart of the matter: with the exact (x0_hat, x0_var) mu and sigma² are the exact moments of the
// reverse step, however far it jumps and however little Gaussian the data is.
TEST(ReverseTransition, HasTheExactMomentsOfABimodalReverseStep) {
  const GaussianMixture data = bimodal();
  for (const ScheduleFamily family : {ScheduleFamily::Cosine, ScheduleFamily::Linear}) {
    const Schedule schedule = make_schedule({.family = family}, 1000);
    for (const auto [t, s] :
         {Jump{2, 1}, {20, 19}, {500, 499}, {1000, 999}, {40, 1}, {300, 200}, {600, 100}, {1000, 500}}) {
      const double alpha_bar_t = schedule.alpha_bar[static_cast<std::size_t>(t)];
      const double alpha_bar_s = schedule.alpha_bar[static_cast<std::size_t>(s)];
      const ReverseTransition p = reverse_transition(alpha_bar_t, alpha_bar_s, Variance::Learned);
      for (const double x_t : {-1.1, 0.1, 0.7}) {
        const Answer answer = data.answer(x_t, alpha_bar_t);
        const Moments exact = integrate_reverse_step(data, x_t, alpha_bar_t, alpha_bar_s);
        const double mu = p.on_x0 * answer.x0_hat + p.on_x * x_t;
        const double var = p.var_const + p.var_on_x0_var * answer.x0_var;
        // Spacings of half a width leave errors below 1e-12; var is a difference of numbers of size 1.
        EXPECT_NEAR(mu, exact.mean, 1e-9) << t << " -> " << s << " at " << x_t;
        EXPECT_NEAR(var, exact.var, 1e-12 + 1e-8 * exact.var) << t << " -> " << s << " at " << x_t;
      }
    }
  }
}

// At t -> 0 the moments are those of x_0 itself: the mixture's closed form against integration.
TEST(ReverseTransition, AtTheLastStepItIsTheAnswer) {
  const GaussianMixture data = bimodal();
  const double alpha_bar = 0.6;
  const ReverseTransition p = reverse_transition(alpha_bar, 1, Variance::Learned);
  for (const double x_t : {-1.1, -0.1, 0.7}) {
    double sums[3] = {};
    integrate(-2.5, 2.5, 0.05, [&](double x0) {
      const double joint = data.density(x0) * normal_density(x_t, std::sqrt(alpha_bar) * x0, 1 - alpha_bar);
      for (int k = 0; k < 3; ++k) sums[k] += joint * std::pow(x0, k);
      return 0.0;
    });
    const double mean = sums[1] / sums[0], var = sums[2] / sums[0] - mean * mean;
    const Answer answer = data.answer(x_t, alpha_bar);
    EXPECT_NEAR(p.on_x0 * answer.x0_hat + p.on_x * x_t, mean, 1e-12);  // rounding
    EXPECT_NEAR(p.var_const + p.var_on_x0_var * answer.x0_var, var, 1e-12);
  }
  EXPECT_EQ(p.on_x, 0);
  EXPECT_EQ(p.var_const, 0);
}

TEST(ReverseTransition, FixedVariancesAreEndsOfTheLearnedOne) {
  const Schedule schedule = make_schedule({}, 1000);
  for (const auto [t, s] : {Jump{1, 0}, {2, 1}, {500, 499}, {1000, 980}, {1000, 0}}) {
    const double alpha_bar_t = schedule.alpha_bar[static_cast<std::size_t>(t)];
    const double alpha_bar_s = schedule.alpha_bar[static_cast<std::size_t>(s)];
    const Posterior q = q_posterior(alpha_bar_t, alpha_bar_s);
    const ReverseTransition learned = reverse_transition(alpha_bar_t, alpha_bar_s, Variance::Learned);
    const ReverseTransition small = reverse_transition(alpha_bar_t, alpha_bar_s, Variance::FixedSmall);
    const ReverseTransition large = reverse_transition(alpha_bar_t, alpha_bar_s, Variance::FixedLarge);
    EXPECT_EQ(small.var_const, q.beta_tilde);
    EXPECT_EQ(small.var_const, learned.var_const);
    EXPECT_EQ(large.var_const, q.beta);
    // x0_var = 1 - alpha_bar_t: beta comes out as a sum, with the rounding of 1 - alpha_bar.
    EXPECT_NEAR(learned.var_const + learned.var_on_x0_var * (1 - alpha_bar_t), q.beta, 1e-12);
    for (const ReverseTransition& p : {small, large}) {
      EXPECT_EQ(p.var_on_x0_var, 0);
      EXPECT_EQ(p.on_x0, learned.on_x0);
      EXPECT_EQ(p.on_x, learned.on_x);
    }
  }
}

struct Images {
  std::vector<float> x_t, x0_hat, x0_var, mu, sigma;
};

Images images(std::size_t size) {
  Images made;
  for (std::vector<float>* image : {&made.x_t, &made.x0_hat, &made.x0_var, &made.mu, &made.sigma})
    image->resize(size);
  fill_normal(made.x_t, 1, 0, 0, Purpose::Step);
  fill_normal(made.x0_hat, 1, 0, 1, Purpose::Step);
  fill_normal(made.x0_var, 1, 0, 2, Purpose::Step);
  for (float& var : made.x0_var) var *= var;
  return made;
}

TEST(MeanAndSigma, AreTheTransitionsOfEveryElement) {
  const ReverseTransition p = reverse_transition(0.3, 0.5, Variance::Learned);
  Images image = images(53);
  mean_and_sigma(p, image.x_t, image.x0_hat, image.x0_var, image.mu, image.sigma);
  for (std::size_t i = 0; i < image.mu.size(); ++i) {
    EXPECT_NEAR(image.mu[i], p.on_x0 * image.x0_hat[i] + p.on_x * image.x_t[i], 1e-6);  // float
    EXPECT_NEAR(image.sigma[i], std::sqrt(p.var_const + p.var_on_x0_var * image.x0_var[i]), 1e-6);
  }
}

// mu may lie where x0_hat did: the sampler clips in place.
TEST(MeanAndSigma, WorkInPlace) {
  const ReverseTransition p = reverse_transition(0.3, 0.5, Variance::Learned);
  Images image = images(53);
  mean_and_sigma(p, image.x_t, image.x0_hat, image.x0_var, image.mu, image.sigma);
  std::vector<float> x0_hat = image.x0_hat;
  mean_and_sigma(p, image.x_t, x0_hat, image.x0_var, x0_hat, image.sigma);
  EXPECT_EQ(x0_hat, image.mu);
}

// A pixel's bits must not hang on where in memory it lies, or batches would change pictures.
TEST(MeanAndSigma, AreTheSameAtAnyAddress) {
  const ReverseTransition p = reverse_transition(0.3, 0.5, Variance::Learned);
  Images image = images(64);
  mean_and_sigma(p, image.x_t, image.x0_hat, image.x0_var, image.mu, image.sigma);
  for (std::size_t skip = 1; skip < 17; ++skip) {
    std::vector<float> mu(64 - skip), sigma(64 - skip);
    mean_and_sigma(p, std::span(image.x_t).subspan(skip), std::span(image.x0_hat).subspan(skip),
                   std::span(image.x0_var).subspan(skip), mu, sigma);
    EXPECT_TRUE(std::equal(mu.begin(), mu.end(), image.mu.begin() + static_cast<std::ptrdiff_t>(skip)));
    EXPECT_TRUE(
        std::equal(sigma.begin(), sigma.end(), image.sigma.begin() + static_cast<std::ptrdiff_t>(skip)));
  }
}

}  // namespace
}  // namespace undiffuse
