#include "core/process/bound.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/error.h"

namespace undiffuse {
namespace {

double normal_cdf(double z) { return 0.5 * (1 + std::erf(z / std::numbers::sqrt2)); }

}  // namespace

double to_bits(double nats) { return nats / std::numbers::ln2; }

double gaussian_kl_nats(double mean_q, double var_q, double mean_p, double var_p) {
  const double difference = mean_q - mean_p;
  return 0.5 * (std::log(var_p / var_q) + (var_q + difference * difference) / var_p - 1);
}

double gaussian_entropy_nats(double var) {
  return 0.5 * std::log(2 * std::numbers::pi * std::numbers::e * var);
}

double transition_kl_nats(const Posterior& q, const ReverseTransition& p, double x0, double x0_hat,
                          double x0_var) {
  UNDIFFUSE_ASSERT(q.beta_tilde > 0 && q.c1 == p.on_x);
  return gaussian_kl_nats(q.c0 * x0, q.beta_tilde, p.on_x0 * x0_hat, p.variance(x0_var));
}

double prior_kl_nats(double x0, double alpha_bar_T) {
  // gaussian_kl_nats would lose the tiny alpha_bar_T in 1 - alpha_bar_T.
  return 0.5 * (alpha_bar_T * x0 * x0 - alpha_bar_T - std::log1p(-alpha_bar_T));
}

double decoder_nll_nats(double x0, double mu, double sigma, DataRange range) {
  UNDIFFUSE_ASSERT(sigma > 0);
  const double width = static_cast<double>(range.white) - range.black, bin_half = width / 510;
  const double at_end = width / 2000;  // well within the outer bins
  const double below = x0 < range.black + at_end ? 0 : normal_cdf((x0 - mu - bin_half) / sigma);
  const double up_to = x0 > range.white - at_end ? 1 : normal_cdf((x0 - mu + bin_half) / sigma);
  return -std::log(std::max(up_to - below, 1e-12));
}

double edge_entropies_nats(const Schedule& schedule) {
  return gaussian_entropy_nats(1 - schedule.alpha_bar.back()) -
         gaussian_entropy_nats(1 - schedule.alpha_bar[1]) - gaussian_entropy_nats(1);
}

double null_log_likelihood_nats() { return -gaussian_entropy_nats(1); }

EntropyBounds reverse_entropy_bounds(double alpha_bar_t, double alpha_bar_s) {
  const Posterior q = q_posterior(alpha_bar_t, alpha_bar_s);
  return {gaussian_entropy_nats(q.beta_tilde), gaussian_entropy_nats(q.beta)};
}

}  // namespace undiffuse
