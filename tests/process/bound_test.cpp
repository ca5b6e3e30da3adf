#include "core/process/bound.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "tests/process/gaussian_mixture.h"

namespace undiffuse {
namespace {

double at(const Schedule& schedule, int t) { return schedule.alpha_bar[static_cast<std::size_t>(t)]; }

constexpr ScheduleFamily kFamilies[] = {ScheduleFamily::Linear, ScheduleFamily::Cosine,
                                        ScheduleFamily::ConstantRate};

TEST(GaussianKl, AgreesWithNumericalIntegration) {
  const double mean_q = 0.3, var_q = 0.5, mean_p = -0.4, var_p = 1.7;
  const double width = std::sqrt(var_q);
  const double integral = integrate(mean_q - 12 * width, mean_q + 12 * width, width / 2, [&](double x) {
    const double q = normal_density(x, mean_q, var_q);
    return q * std::log(q / normal_density(x, mean_p, var_p));
  });
  EXPECT_NEAR(gaussian_kl_nats(mean_q, var_q, mean_p, var_p), integral, 1e-12);  // rounding of the sum
  EXPECT_EQ(gaussian_kl_nats(mean_q, var_q, mean_q, var_q), 0);
}

TEST(GaussianEntropy, AgreesWithNumericalIntegration) {
  const double integral = integrate(-12, 12, 0.5, [](double x) {
    const double q = normal_density(x, 0, 0.8);
    return -q * std::log(q);
  });
  EXPECT_NEAR(gaussian_entropy_nats(0.8), integral, 1e-12);
}

TEST(PriorKl, IsTheKlOfXT) {
  for (const double x0 : {-1.0, 0.0, 0.4}) {
    for (const double alpha_bar : {0.5, 1e-3}) {
      EXPECT_NEAR(prior_kl_nats(x0, alpha_bar),
                  gaussian_kl_nats(std::sqrt(alpha_bar) * x0, 1 - alpha_bar, 0, 1), 1e-15);
    }
  }
  // ½ alpha_bar x0² + ¼ alpha_bar², where the naive form has only its rounding left.
  EXPECT_NEAR(prior_kl_nats(0, 1e-9) / 2.5e-19, 1, 1e-6);
}

TEST(TransitionKl, IsTheKlOfTheTwoGaussiansWhateverXt) {
  const Posterior q = q_posterior(0.3, 0.5);
  const double x0 = 0.2, x0_hat = -0.1, x0_var = 0.04;
  for (const Variance variance : {Variance::Learned, Variance::FixedSmall, Variance::FixedLarge}) {
    const ReverseTransition p = reverse_transition(0.3, 0.5, variance);
    for (const double x_t : {-2.0, 0.0, 1.0}) {
      const double exact =
          gaussian_kl_nats(q.c0 * x0 + q.c1 * x_t, q.beta_tilde, p.on_x0 * x0_hat + p.on_x * x_t,
                           p.var_const + p.var_on_x0_var * x0_var);
      EXPECT_NEAR(transition_kl_nats(q, p, x0, x0_hat, x0_var), exact, 1e-14);
    }
  }
}

// The trainer's form of the same term: ½ [ln(1 + gV) + (1 + gD) / (1 + gV) - 1] with g = c0² / beta_tilde.
TEST(TransitionKl, IsTheTrainersFormula) {
  const Schedule schedule = make_schedule({}, 1000);
  for (const int t : {2, 10, 500, 999}) {
    const Posterior q = q_posterior(at(schedule, t), at(schedule, t - 1));
    const ReverseTransition p = reverse_transition(at(schedule, t), at(schedule, t - 1), Variance::Learned);
    const double g = q.c0 * q.c0 / q.beta_tilde, difference = 0.3, x0_var = 0.02;
    const double trainers =
        0.5 * (std::log1p(g * x0_var) + (1 + g * difference * difference) / (1 + g * x0_var) - 1);
    EXPECT_NEAR(transition_kl_nats(q, p, 0.5, 0.5 - difference, x0_var), trainers, 1e-9 * (1 + trainers))
        << t;
  }
}

// Data N(0, 1) has x0_hat = sqrt(alpha_bar) x_t and x0_var = 1 - alpha_bar: the reverse transition is
// the forward kernel, nothing is lost, and K is the data's own likelihood, whatever the schedule. The
// expected KL takes E (x0 - x0_hat)² = x0_var, in which it is affine.
double unit_gaussian_gap_bits(const Schedule& schedule, Variance variance) {
  double sum = 0;
  for (int t = 2; t <= schedule.num_steps(); ++t) {
    const double x0_var = 1 - at(schedule, t);
    sum += transition_kl_nats(q_posterior(at(schedule, t), at(schedule, t - 1)),
                              reverse_transition(at(schedule, t), at(schedule, t - 1), variance),
                              std::sqrt(x0_var), 0, x0_var);
  }
  return to_bits(edge_entropies_nats(schedule) - sum - null_log_likelihood_nats());
}

TEST(BoundOfUnitGaussianData, IsTheDatasOwnLikelihood) {
  for (const ScheduleFamily family : kFamilies) {
    for (const int num_steps : {40, 500, 1000}) {
      const Schedule schedule = make_schedule({.family = family}, num_steps);
      // T terms around 1, with the rounding of beta = 1 - ratio in each: 1e-16 over a beta of 1e-5.
      EXPECT_NEAR(unit_gaussian_gap_bits(schedule, Variance::Learned), 0, 1e-10);
      EXPECT_NEAR(unit_gaussian_gap_bits(schedule, Variance::FixedLarge), 0, 1e-10);
      EXPECT_LT(unit_gaussian_gap_bits(schedule, Variance::FixedSmall), -1e-3);  // too small a variance costs
    }
  }
}

double log_likelihood_nats(const GaussianMixture& data) {
  return integrate(-4, 4, 0.05, [&](double x) { return data.density(x) * std::log(data.density(x)); });
}

// E KL of the exact answer: ½ E ln(1 + c0² x0_var / beta_tilde), since E (x0 - x0_hat)² = x0_var.
double mixture_bound_nats(const GaussianMixture& data, const Schedule& schedule) {
  double sum = 0;
  for (int t = 2; t <= schedule.num_steps(); ++t) {
    const Posterior q = q_posterior(at(schedule, t), at(schedule, t - 1));
    const ReverseTransition p = reverse_transition(at(schedule, t), at(schedule, t - 1), Variance::Learned);
    sum += integrate(-8, 8, 0.05, [&](double x_t) {
      const double x0_var = data.answer(x_t, at(schedule, t)).x0_var;
      return data.density(x_t, at(schedule, t)) * transition_kl_nats(q, p, std::sqrt(x0_var), 0, x0_var);
    });
  }
  return edge_entropies_nats(schedule) - sum;
}

// A bound bounds: K stays below the data's log likelihood, and more steps come closer to it.
TEST(BoundOfBimodalData, ApproachesTheLikelihoodFromBelow) {
  const GaussianMixture data = unit_variance_bimodal();
  ASSERT_NEAR(data.mean(), 0, 1e-15);
  ASSERT_NEAR(data.var(), 1, 1e-15);
  const double truth = log_likelihood_nats(data);
  double last_gap = 10;
  for (const int num_steps : {20, 40, 80, 160}) {
    const double gap =
        truth - mixture_bound_nats(data, make_schedule({.family = ScheduleFamily::ConstantRate}, num_steps));
    EXPECT_GT(gap, 0) << num_steps;
    EXPECT_LT(gap, 0.75 * last_gap) << num_steps;
    last_gap = gap;
  }
  EXPECT_LT(last_gap, 0.1);
}

double entropy_nats(const GaussianMixture& data, double alpha_bar) {
  return integrate(-8, 8, 0.05, [&](double x) {
    const double p = data.density(x, alpha_bar);
    return p > 0 ? -p * std::log(p) : 0.0;
  });
}

// H_q(X_s | X_t) = H(X_t | X_s) + H(X_s) - H(X_t) lies between the bounds for bimodal data of unit
// variance, and on the upper one for a Gaussian.
TEST(EntropyBounds, HoldTheReverseStepsEntropy) {
  const GaussianMixture data = unit_variance_bimodal(), gaussian = {{{1, 0, 1}}};
  for (const ScheduleFamily family : kFamilies) {
    const Schedule schedule = make_schedule({.family = family}, 40);
    for (int t = 2; t <= 40; ++t) {
      const EntropyBounds bounds = reverse_entropy_bounds(at(schedule, t), at(schedule, t - 1));
      const double forward = gaussian_entropy_nats(1 - at(schedule, t) / at(schedule, t - 1));
      const auto reverse_entropy = [&](const GaussianMixture& of) {
        return forward + entropy_nats(of, at(schedule, t - 1)) - entropy_nats(of, at(schedule, t));
      };
      // Integrals to 1e-12; the Gaussian meets its bound to that.
      EXPECT_GE(reverse_entropy(data), bounds.lower_nats - 1e-11);
      EXPECT_LE(reverse_entropy(data), bounds.upper_nats + 1e-11);
      EXPECT_NEAR(reverse_entropy(gaussian), bounds.upper_nats, 1e-11);
      EXPECT_LT(bounds.lower_nats, bounds.upper_nats);
    }
  }
}

TEST(Decoder, IsTheGaussiansMassInTheBin) {
  const double mu = 0.11, sigma = 0.02, x0 = 25.0 / 127.5 - 0.02;
  const int points = 20000;  // the midpoint rule, whose error falls with the square of the spacing
  double mass = 0;
  for (int i = 0; i < points; ++i) {
    mass += normal_density(x0 + (2 * (i + 0.5) / points - 1) / 255, mu, sigma * sigma) * 2 / 255 / points;
  }
  EXPECT_NEAR(decoder_nll_nats(x0, mu, sigma), -std::log(mass), 1e-8);
}

TEST(Decoder, SharesOutOneBetweenTheGreyLevels) {
  for (const double mu : {-1.2, -0.9, 0.0, 1.0}) {
    for (const double sigma : {0.001, 0.02, 0.5}) {
      double sum = 0;
      for (int level = 0; level < 256; ++level)
        sum += std::exp(-decoder_nll_nats(level / 127.5 - 1, mu, sigma));
      EXPECT_NEAR(sum, 1, 1e-9);  // each of 256 levels may add the floor of 1e-12
    }
  }
}

// Levels are levels, whatever numbers a model calls black and white.
TEST(Decoder, DoesNotDependOnTheRange) {
  const DataRange range{-0.5f, 2.75f};
  for (const int level : {0, 1, 100, 254, 255}) {
    const double scale = (range.white - range.black) / 2, mu = 0.13, sigma = 0.3;
    const double there =
        decoder_nll_nats(range.value_of(level), range.black + (mu + 1) * scale, sigma * scale, range);
    EXPECT_NEAR(there, decoder_nll_nats(level / 127.5 - 1, mu, sigma), 1e-5) << level;  // float levels
  }
}

TEST(Decoder, HasAFloor) { EXPECT_NEAR(decoder_nll_nats(-1, 1, 0.01), -std::log(1e-12), 1e-12); }

}  // namespace
}  // namespace undiffuse
