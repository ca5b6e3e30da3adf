#include "core/process/bernoulli.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "core/process/bit_patterns.h"

namespace undiffuse {
namespace {

constexpr double kRate = 0.2;

double at(const Schedule& schedule, int t) { return schedule.alpha_bar[static_cast<std::size_t>(t)]; }

double chance_of(bool x, double chance_of_one) { return x ? chance_of_one : 1 - chance_of_one; }

TEST(EvenSchedule, ErasesOneTthOfTheSignalAStep) {
  for (const int T : {1, 3, 40, 2000}) {
    const Schedule schedule = make_even_schedule(T);
    double alpha_bar = 1;
    for (int t = 1; t <= T; ++t) {
      EXPECT_NEAR(schedule.beta(t), 1.0 / (T - t + 1), 1e-12);
      alpha_bar *= 1 - 1.0 / (T - t + 1);
      EXPECT_NEAR(at(schedule, t), alpha_bar, 1e-12);  // T roundings of a product
      EXPECT_NEAR(at(schedule, t), 1 - static_cast<double>(t) / T, 1e-15);
    }
    EXPECT_EQ(schedule.alpha_bar.back(), 0);
  }
}

TEST(BernoulliForward, ComposesStepByStep) {
  const Schedule schedule = make_even_schedule(7);
  for (const double x0 : {0.0, 1.0}) {
    double chance = x0;
    for (int t = 1; t <= 7; ++t) {
      const double beta = schedule.beta(t);
      chance = chance * (1 - beta) + kRate * beta;  // table App.1 with the base rate
      EXPECT_NEAR(bernoulli_forward(x0, at(schedule, t), kRate), chance, 1e-15);
    }
  }
}

TEST(BernoulliPosterior, IsBayesRule) {
  const double alpha_bar_t = 0.3, alpha_bar_s = 0.55, alpha = alpha_bar_t / alpha_bar_s;
  for (const bool x_t : {false, true}) {
    const BernoulliPosterior q = bernoulli_posterior(x_t, alpha_bar_t, alpha_bar_s, kRate);
    for (const bool x0 : {false, true}) {
      double joint[2];
      for (const bool x_s : {false, true}) {
        joint[x_s] = chance_of(x_s, bernoulli_forward(x0, alpha_bar_s, kRate)) *
                     chance_of(x_t, bernoulli_forward(x_s, alpha, kRate));
      }
      EXPECT_NEAR(x0 ? q.given_one : q.given_zero, joint[1] / (joint[0] + joint[1]), 1e-15);
      EXPECT_NEAR(joint[0] + joint[1], chance_of(x_t, bernoulli_forward(x0, alpha_bar_t, kRate)), 1e-15);
    }
  }
}

TEST(BernoulliPosterior, ForgetsXtWhereNoSignalIsLeftAndIsX0AtTheEnd) {
  const BernoulliPosterior zero = bernoulli_posterior(false, 0, 0.1, kRate);
  const BernoulliPosterior one = bernoulli_posterior(true, 0, 0.1, kRate);
  EXPECT_NEAR(zero.given_one, one.given_one, 1e-15);
  EXPECT_NEAR(one.given_one, bernoulli_forward(1, 0.1, kRate), 1e-15);
  const BernoulliPosterior last = bernoulli_posterior(true, 0.9, 1, kRate);
  EXPECT_EQ(last.given_zero, 0);
  EXPECT_EQ(last.given_one, 1);
}

// Bits that are independent B(r) walk the same way in both directions.
TEST(BernoulliNullLogit, MakesTheReverseStepTheForwardKernel) {
  for (const bool x_t : {false, true}) {
    const double x0_hat = 1 / (1 + std::exp(-bernoulli_null_logit(x_t, 0.3, kRate)));
    const double f_b = bernoulli_reverse(bernoulli_posterior(x_t, 0.3, 0.55, kRate), x0_hat);
    EXPECT_NEAR(f_b, bernoulli_forward(x_t, 0.3 / 0.55, kRate), 1e-15);
  }
}

TEST(BernoulliKl, IsZeroForTheSameChanceAndKnownElsewhere) {
  EXPECT_EQ(bernoulli_kl_nats(0.3, 0.3), 0);
  EXPECT_NEAR(bernoulli_kl_nats(0.5, 0.25), 0.5 * std::log(4.0 / 3), 1e-15);
  EXPECT_NEAR(bernoulli_kl_nats(0, 0.25), std::log(4.0 / 3), 1e-15);
  EXPECT_NEAR(bernoulli_kl_nats(1, 0.25), std::log(4.0), 1e-15);
  EXPECT_NEAR(bernoulli_entropy_nats(0.5), std::log(2.0), 1e-15);
  EXPECT_EQ(bernoulli_entropy_nats(0), 0);
  EXPECT_EQ(bernoulli_entropy_nats(1), 0);
}

// K of one bit from B(r) with the forward kernel backwards, all expectations as sums: -H(r), for any T.
TEST(BernoulliBound, OfIndependentBitsIsTheirEntropy) {
  for (const int T : {2, 5, 2000}) {
    const Schedule schedule = make_even_schedule(T);
    double bound = 0;
    for (const bool x0 : {false, true}) {
      const double of_x0 = chance_of(x0, kRate);
      bound += of_x0 * bernoulli_edge_entropies_nats(schedule, x0, kRate);
      for (int t = 2; t <= T; ++t) {
        for (const bool x_t : {false, true}) {
          const BernoulliPosterior q = bernoulli_posterior(x_t, at(schedule, t), at(schedule, t - 1), kRate);
          const double f_b = bernoulli_forward(x_t, 1 - schedule.beta(t), kRate);
          bound -= of_x0 * chance_of(x_t, bernoulli_forward(x0, at(schedule, t), kRate)) *
                   bernoulli_kl_nats(x0 ? q.given_one : q.given_zero, f_b);
        }
      }
    }
    EXPECT_NEAR(bound, -bernoulli_entropy_nats(kRate), 1e-13 * T);  // T terms, each to a double's rounding
  }
}

// ---- every trajectory of a small case

using Sequence = std::vector<bool>;

// Two sequences of three bits; 2^3 states at each of T = 3 steps make 512 trajectories.
class Enumeration : public testing::Test {
 protected:
  static constexpr int kBits = 3, kSteps = 3, kStates = 1 << kBits;
  static constexpr double kShareOfOnes = 2.0 / 3;  // K asks for data whose mean is the base rate

  static Bits two_patterns() {
    Bits patterns(kBits, 2);
    patterns << 1, 0, 0, 1, 1, 1;
    return patterns;
  }
  static bool bit(int state, int i) { return (state >> i & 1) != 0; }
  static Eigen::ArrayXf bits_of(int state) {
    Eigen::ArrayXf bits(kBits);
    for (int i = 0; i < kBits; ++i) bits[i] = bit(state, i) ? 1.0f : 0.0f;
    return bits;
  }

  double prior(int state) const {
    double chance = 1;
    for (int i = 0; i < kBits; ++i) chance *= chance_of(bit(state, i), kShareOfOnes);
    return chance;
  }
  double forward(int from, int to, double alpha) const {
    double chance = 1;
    for (int i = 0; i < kBits; ++i) {
      chance *= chance_of(bit(to, i), bernoulli_forward(bit(from, i), alpha, kShareOfOnes));
    }
    return chance;
  }
  // p(x_{t-1} | x_t) with the exact answer; at t = 1 the forward kernel.
  double reverse(int from, int to, int t) const {
    if (t == 1) return forward(from, to, 1 - schedule_.beta(1));
    const Eigen::ArrayXd x0_hat = data_.x0_hat(bits_of(from), at(schedule_, t), kShareOfOnes);
    double chance = 1;
    for (int i = 0; i < kBits; ++i) {
      const BernoulliPosterior q =
          bernoulli_posterior(bit(from, i), at(schedule_, t), at(schedule_, t - 1), kShareOfOnes);
      chance *= chance_of(bit(to, i), bernoulli_reverse(q, x0_hat[i]));
    }
    return chance;
  }

  BitPatterns data_{two_patterns()};
  Schedule schedule_ = make_even_schedule(kSteps);
};

TEST_F(Enumeration, PosteriorOverThePatternsIsBayesRule) {
  for (int state = 0; state < kStates; ++state) {
    const double alpha_bar = at(schedule_, 2);
    const double a = forward(0b101, state, alpha_bar), b = forward(0b110, state, alpha_bar);
    const Eigen::ArrayXd found = data_.posterior(bits_of(state), alpha_bar, kShareOfOnes);
    EXPECT_NEAR(found[0], a / (a + b), 1e-14);
    EXPECT_NEAR(found[1], b / (a + b), 1e-14);
  }
  EXPECT_TRUE(data_.contains(bits_of(0b101)));
  EXPECT_FALSE(data_.contains(bits_of(0b111)));
}

// K (eq. 13-14), term by term, against E_q ln p(x_0..x_T) / q(x_1..x_T | x_0) over all trajectories; and
// below the model's own ln p(x_0), which the same enumeration gives.
TEST_F(Enumeration, BoundIsTheSumOverAllTrajectories) {
  double bound = 0, by_terms = 0, log_likelihood = 0;
  for (const int x0 : {0b101, 0b110}) {
    double likelihood = 0;
    for (int path = 0; path < kStates * kStates * kStates; ++path) {
      const int x[] = {x0, path % kStates, path / kStates % kStates, path / kStates / kStates};
      double p = prior(x[kSteps]), q = 1;
      for (int t = 1; t <= kSteps; ++t) {
        p *= reverse(x[t], x[t - 1], t);
        q *= forward(x[t - 1], x[t], 1 - schedule_.beta(t));
      }
      likelihood += p;
      bound += 0.5 * q * std::log(p / q);
    }
    log_likelihood += 0.5 * std::log(likelihood);
    for (int i = 0; i < kBits; ++i) {
      by_terms += 0.5 * bernoulli_edge_entropies_nats(schedule_, bit(x0, i), kShareOfOnes);
    }
    for (int t = 2; t <= kSteps; ++t) {
      for (int x_t = 0; x_t < kStates; ++x_t) {
        const Eigen::ArrayXd x0_hat = data_.x0_hat(bits_of(x_t), at(schedule_, t), kShareOfOnes);
        for (int i = 0; i < kBits; ++i) {
          const BernoulliPosterior q =
              bernoulli_posterior(bit(x_t, i), at(schedule_, t), at(schedule_, t - 1), kShareOfOnes);
          by_terms -= 0.5 * forward(x0, x_t, at(schedule_, t)) *
                      bernoulli_transition_kl_nats(q, x0_hat[i], bernoulli_reverse(q, x0_hat[i]));
        }
      }
    }
  }
  // bernoulli_transition_kl_nats averages over x_0 given x_t, the sum above weighs by the true x_0: the
  // same in all, as x_t's weights are those of the mixture.
  EXPECT_NEAR(by_terms, bound, 1e-12);
  EXPECT_LT(bound, log_likelihood);
  EXPECT_LT(log_likelihood, std::log(0.5));  // no model beats the truth
}

}  // namespace
}  // namespace undiffuse
