#include "core/run/bound_step.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/process/prediction.h"

namespace undiffuse {

BoundStep::BoundStep(std::span<const TrajectoryPoint> walk, int step, Variance variance, DataRange range)
    : decodes_(static_cast<size_t>(step) + 2 == walk.size()),
      variance_(variance),
      range_(range),
      alpha_bar_(walk[static_cast<size_t>(step)].alpha_bar) {
  UNDIFFUSE_ASSERT(walk.size() >= 3 && step >= 0 && static_cast<size_t>(step) + 2 <= walk.size());
  const auto from = static_cast<size_t>(decodes_ ? step - 1 : step);
  const double alpha_bar = walk[from].alpha_bar, alpha_bar_prev = walk[from + 1].alpha_bar;
  q_ = q_posterior(alpha_bar, alpha_bar_prev);
  p_ = reverse_transition(alpha_bar, alpha_bar_prev, variance);
}

double BoundStep::cost_nats(double x0, double x0_hat, double x0_var) const {
  if (!decodes_) return transition_kl_nats(q_, p_, x0, x0_hat, x0_var);
  return decoder_nll_nats(x0, x0_hat, std::sqrt(sigma_var(x0_var)), range_);
}

double BoundStep::sigma_var(double x0_var) const {
  if (!decodes_) return p_.variance(x0_var);
  // A network's x0_var may be below 0 (Prediction::Transition).
  const double least = (1 - alpha_bar_) * std::exp(kMinLogVar);
  return variance_ == Variance::Learned ? std::max(x0_var, least) : q_.beta_tilde;
}

EntropyBounds BoundStep::entropy_bounds() const {
  if (!decodes_) return {gaussian_entropy_nats(q_.beta_tilde), gaussian_entropy_nats(q_.beta)};
  return {-std::numeric_limits<double>::infinity(), gaussian_entropy_nats(1 - alpha_bar_)};
}

}  // namespace undiffuse
