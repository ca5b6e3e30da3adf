#include "core/process/reverse_transition.h"

#include <cmath>

#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/process/forward_kernel.h"

namespace undiffuse {

ReverseTransition reverse_transition(double alpha_bar_t, double alpha_bar_s, Variance variance) {
  const Posterior q = q_posterior(alpha_bar_t, alpha_bar_s);
  switch (variance) {
    case Variance::Learned:
      return {q.c0, q.c1, q.beta_tilde, q.c0 * q.c0};
    case Variance::FixedSmall:
      return {q.c0, q.c1, q.beta_tilde, 0};
    case Variance::FixedLarge:
      return {q.c0, q.c1, q.beta, 0};
  }
  UNDIFFUSE_ASSERT(!"a variance without a formula");
}

void mean_and_sigma(const ReverseTransition& transition, std::span<const float> x_t,
                    std::span<const float> x0_hat, std::span<const float> x0_var, std::span<float> mu,
                    std::span<float> sigma) {
  UNDIFFUSE_ASSERT(x0_hat.size() == x_t.size() && x0_var.size() == x_t.size());
  UNDIFFUSE_ASSERT(mu.size() == x_t.size() && sigma.size() == x_t.size());
  array(mu) =
      static_cast<float>(transition.on_x0) * array(x0_hat) + static_cast<float>(transition.on_x) * array(x_t);
  // Not Eigen's sqrt: it is an approximation in whole vectors and exact in what is left over, so a
  // pixel's bits would hang on where in memory it lies.
  const auto var_const = static_cast<float>(transition.var_const);
  const float least = static_cast<float>(ReverseTransition::kLeastPart) * var_const;
  array(sigma) = (var_const + static_cast<float>(transition.var_on_x0_var) * array(x0_var))
                     .unaryExpr([least](float var) { return std::sqrt(std::max(var, least)); });
}

}  // namespace undiffuse
