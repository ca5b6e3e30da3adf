// The Gaussian forward process q and its posterior.
#pragma once

#include <span>

namespace undiffuse {

/// x_t = sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) eps: a draw of q(x_t | x_0) (DDPM eq. 4).
void q_sample(std::span<const float> x0, std::span<const float> eps, double alpha_bar, std::span<float> x_t);

/// q(x_s | x_t, x_0) = N(c0 x_0 + c1 x_t, beta_tilde) for any step t -> s < t (DDPM eq. 6-7 with the
/// respaced beta = 1 - alpha_bar_t / alpha_bar_s).
struct Posterior {
  double c0 = 0;
  double c1 = 0;
  double beta_tilde = 0;  ///< its variance; 0 at s = 0
  double beta = 0;        ///< variance that the forward step s -> t adds
};

/// 0 < alpha_bar_t < alpha_bar_s <= 1.
Posterior q_posterior(double alpha_bar_t, double alpha_bar_s);

}  // namespace undiffuse
