#include "core/process/schedule.h"
#include "core/run/samplers/table.h"

namespace undiffuse {
namespace {

// lambda, half the log-SNR: the variable in which the solver's steps are measured.
double step_size(const Stage& stage) {
  return 0.5 * (log_snr(stage.alpha_bar_prev) - log_snr(stage.alpha_bar));
}

}  // namespace

// x_prev = on_x x_t + on_x0 D with D = x0_hat + (x0_hat - x0_hat_previous) h / (2 h_previous) (Lu et al.
// 2022, algorithm 2). The first step has no previous answer, and one that ends at the data an infinite
// h: both are of first order.
void fill_dpm_solver_2m(const SamplerSpec&, std::span<Stage> table) {
  for (size_t i = 0; i < table.size(); ++i) {
    Stage& stage = table[i];
    stage.transition = deterministic_step(stage.alpha_bar, stage.alpha_bar_prev);
    stage.second = SecondAnswer::Previous;
    if (i == 0 || stage.alpha_bar_prev == 1) continue;
    const double beyond = step_size(stage) / (2 * step_size(table[i - 1]));
    stage.on_second = -stage.transition.on_x0 * beyond;
    stage.transition.on_x0 *= 1 + beyond;
  }
}

}  // namespace undiffuse
