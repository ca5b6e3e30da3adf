#include "core/process/forward_kernel.h"

#include <cmath>

#include "core/base/error.h"
#include "core/base/tensor.h"

namespace undiffuse {

void q_sample(std::span<const float> x0, std::span<const float> eps, double alpha_bar, std::span<float> x_t) {
  UNDIFFUSE_ASSERT(x0.size() == x_t.size() && eps.size() == x_t.size());
  const auto signal = static_cast<float>(std::sqrt(alpha_bar));
  const auto noise = static_cast<float>(std::sqrt(1 - alpha_bar));
  array(x_t) = signal * array(x0) + noise * array(eps);
}

Posterior q_posterior(double alpha_bar_t, double alpha_bar_s) {
  UNDIFFUSE_ASSERT(0 < alpha_bar_t && alpha_bar_t < alpha_bar_s && alpha_bar_s <= 1);
  const double alpha = alpha_bar_t / alpha_bar_s, beta = 1 - alpha;
  Posterior posterior;
  posterior.c0 = std::sqrt(alpha_bar_s) * beta / (1 - alpha_bar_t);
  posterior.c1 = std::sqrt(alpha) * (1 - alpha_bar_s) / (1 - alpha_bar_t);
  posterior.beta_tilde = beta * (1 - alpha_bar_s) / (1 - alpha_bar_t);
  posterior.beta = beta;
  return posterior;
}

}  // namespace undiffuse
