// One reverse step p(x_s | x_t) = N(mu, sigma²) from the answer (x0_hat, x0_var).
#pragma once

#include <algorithm>
#include <span>

namespace undiffuse {

enum class Variance {
  Learned,     ///< sigma² = beta_tilde + c0² x0_var: the exact moment for the x0_var that was learned
  FixedSmall,  ///< sigma² = beta_tilde (x0_var = 0)
  FixedLarge,  ///< sigma² = beta (x0_var = 1 - alpha_bar_t)
};

/// mu = on_x0 x0_hat + on_x x_t; sigma² = var_const + var_on_x0_var x0_var, but at least a quarter of
/// var_const: an x0_var below 0, which a network may give that learned the variance of its own small step
/// (Prediction::Transition), must leave a longer step its noise.
struct ReverseTransition {
  double on_x0 = 0;
  double on_x = 0;
  double var_const = 0;
  double var_on_x0_var = 0;

  double variance(double x0_var) const {
    return std::max(var_const + var_on_x0_var * x0_var, kLeastPart * var_const);
  }
  static constexpr double kLeastPart = 0.25;
};

/// The step from alpha_bar_t to alpha_bar_s, 0 < alpha_bar_t < alpha_bar_s <= 1. At s = 0
/// (alpha_bar_s = 1) mu = x0_hat and beta_tilde = 0.
ReverseTransition reverse_transition(double alpha_bar_t, double alpha_bar_s, Variance variance);

/// mu and sigma (the standard deviation) of every element.
void mean_and_sigma(const ReverseTransition& transition, std::span<const float> x_t,
                    std::span<const float> x0_hat, std::span<const float> x0_var, std::span<float> mu,
                    std::span<float> sigma);

}  // namespace undiffuse
