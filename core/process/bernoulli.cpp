#include "core/process/bernoulli.h"

#include <cmath>
#include <cstddef>

#include "core/base/error.h"

namespace undiffuse {
namespace {

// p ln(p / q), 0 at p = 0.
double relative(double p, double q) { return p > 0 ? p * std::log(p / q) : 0; }

}  // namespace

Schedule make_even_schedule(int num_steps) {
  UNDIFFUSE_ASSERT(num_steps >= 1);
  Schedule schedule;
  for (int t = 0; t <= num_steps; ++t) {
    schedule.alpha_bar.push_back(static_cast<double>(num_steps - t) / num_steps);
  }
  return schedule;
}

double bernoulli_forward(double x0, double alpha_bar, double base_rate) {
  return alpha_bar * x0 + base_rate * (1 - alpha_bar);
}

BernoulliPosterior bernoulli_posterior(bool x_t, double alpha_bar_t, double alpha_bar_s, double base_rate) {
  UNDIFFUSE_ASSERT(0 <= alpha_bar_t && alpha_bar_t < alpha_bar_s && alpha_bar_s <= 1);
  UNDIFFUSE_ASSERT(0 < base_rate && base_rate < 1);
  const double alpha = alpha_bar_t / alpha_bar_s;
  const auto likelihood = [&](double x_s) {
    const double one = bernoulli_forward(x_s, alpha, base_rate);
    return x_t ? one : 1 - one;
  };
  const double if_one = likelihood(1), if_zero = likelihood(0);
  const auto given = [&](double x0) {
    const double before = bernoulli_forward(x0, alpha_bar_s, base_rate);
    return before * if_one / (before * if_one + (1 - before) * if_zero);
  };
  return {given(0), given(1)};
}

double bernoulli_reverse(const BernoulliPosterior& q, double x0_hat) {
  return x0_hat * q.given_one + (1 - x0_hat) * q.given_zero;
}

double bernoulli_null_logit(bool x_t, double alpha_bar, double base_rate) {
  const double chance = bernoulli_forward(x_t ? 1 : 0, alpha_bar, base_rate);
  return std::log(chance) - std::log1p(-chance);
}

double bernoulli_kl_nats(double q, double p) { return relative(q, p) + relative(1 - q, 1 - p); }

double bernoulli_entropy_nats(double p) { return -relative(p, 1) - relative(1 - p, 1); }

double bernoulli_transition_kl_nats(const BernoulliPosterior& q, double x0_chance, double f_b) {
  return x0_chance * bernoulli_kl_nats(q.given_one, f_b) +
         (1 - x0_chance) * bernoulli_kl_nats(q.given_zero, f_b);
}

double bernoulli_edge_entropies_nats(const Schedule& schedule, bool x0, double base_rate) {
  const auto entropy_at = [&](size_t t) {
    return bernoulli_entropy_nats(bernoulli_forward(x0 ? 1 : 0, schedule.alpha_bar[t], base_rate));
  };
  return entropy_at(schedule.alpha_bar.size() - 1) - entropy_at(1) - bernoulli_entropy_nats(base_rate);
}

}  // namespace undiffuse
