#include <cmath>

#include "core/process/forward_kernel.h"
#include "core/run/samplers/table.h"

namespace undiffuse {

// x_prev = sqrt(alpha_bar_prev) x0_hat + sqrt(1 - alpha_bar_prev - sigma²) eps_hat + sigma z with
// sigma² = eta² beta_tilde (Song et al. 2021, eq. 12 and 16), eps_hat being what x_t holds if x0_hat is
// right: after clipping, too.
void fill_ddim(const SamplerSpec& spec, std::span<Stage> table) {
  for (Stage& stage : table) {
    const double beta_tilde = q_posterior(stage.alpha_bar, stage.alpha_bar_prev).beta_tilde;
    const double sigma_var = spec.eta * spec.eta * beta_tilde;
    const double on_x = std::sqrt((1 - stage.alpha_bar_prev - sigma_var) / (1 - stage.alpha_bar));
    stage.transition = {std::sqrt(stage.alpha_bar_prev) - on_x * std::sqrt(stage.alpha_bar), on_x, sigma_var,
                        0};
    stage.draws = sigma_var > 0;
  }
}

}  // namespace undiffuse
