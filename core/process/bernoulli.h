// Bits: the binomial forward process q, its posterior, and reverse steps p(x_s = 1 | x_t) = f_b
// (Sohl-Dickstein et al. 2015, table App.1, with any base rate r where the table has 0.5).
//
// A model's answer is x0_hat = P(x_0 = 1 | x_t), bit by bit. As with Gaussians it does not depend on s,
// and every step t -> s follows from it exactly: f_b is the posterior, averaged over x_0.
#pragma once

#include "core/process/schedule.h"

namespace undiffuse {

/// alpha_bar[t] = 1 - t / T, which beta_t = 1 / (T - t + 1) gives: every step erases the same share of
/// the signal (2.4.1). Ends at exactly 0, unlike the Gaussian schedules.
Schedule make_even_schedule(int num_steps);

/// q(x_t = 1 | x_0) = alpha_bar x_0 + r (1 - alpha_bar), for a bit x_0 or its probability.
/// alpha_bar = alpha_bar_t / alpha_bar_s gives q(x_t = 1 | x_s).
double bernoulli_forward(double x0, double alpha_bar, double base_rate);

/// q(x_s = 1 | x_t, x_0) for both values of x_0.
struct BernoulliPosterior {
  double given_zero = 0;
  double given_one = 0;
};

/// Of any step t -> s: 0 <= alpha_bar_t < alpha_bar_s <= 1, 0 < base_rate < 1. At alpha_bar_s = 1 it is
/// x_0 itself.
BernoulliPosterior bernoulli_posterior(bool x_t, double alpha_bar_t, double alpha_bar_s, double base_rate);

/// f_b = p(x_s = 1 | x_t) of an answer x0_hat = P(x_0 = 1 | x_t).
double bernoulli_reverse(const BernoulliPosterior& q, double x0_hat);

/// The logit of the answer that makes f_b the forward kernel itself, P(x_0 = 1 | x_t) of bits that are
/// independent B(r): what a network adds its output to. 0 <= alpha_bar < 1.
double bernoulli_null_logit(bool x_t, double alpha_bar, double base_rate);

/// KL(B(q) || B(p)) >= 0; p strictly between 0 and 1 wherever q differs from it.
double bernoulli_kl_nats(double q, double p);

/// -p ln p - (1 - p) ln(1 - p), 0 at both ends.
double bernoulli_entropy_nats(double p);

/// E over x_0 ~ B(x0_chance) of KL(q(x_s | x_t, x_0) || B(f_b)): a bit's term of the bound, given x_t.
double bernoulli_transition_kl_nats(const BernoulliPosterior& q, double x0_chance, double f_b);

/// H_q(X_T | X_0) - H_q(X_1 | X_0) - H_p(X_T) of one bit with this x_0, p(x_T) = B(r) and the forward
/// kernel as p(x_0 | x_1) (2015, eq. 13-14). It stands for data whose mean is r.
double bernoulli_edge_entropies_nats(const Schedule& schedule, bool x0, double base_rate);

}  // namespace undiffuse
