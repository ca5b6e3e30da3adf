#include <cmath>

#include "core/run/samplers/table.h"

namespace undiffuse {
namespace {

// Algorithm 2 with its x' put in: in EDM's x, and with r = level_prev / level of the raised start,
// x_prev = r x + (1 - r)(2 - 1/r)/2 x0_hat + (1/r - 1)/2 x0_hat_2. Ours is sqrt(alpha_bar_prev) times that.
void correct(Stage& stage) {
  const double alpha_bar = stage.churn.alpha_bar, signal_prev = std::sqrt(stage.alpha_bar_prev);
  const double r = noise_level(stage.alpha_bar_prev) / noise_level(alpha_bar);
  stage.probe_on_x = stage.transition.on_x;
  stage.probe_on_x0 = stage.transition.on_x0;
  stage.transition.on_x0 = signal_prev * (1 - r) * (2 - 1 / r) / 2;
  stage.second = SecondAnswer::AtEnd;
  stage.on_second = signal_prev * (1 / r - 1) / 2;
}

}  // namespace

void fill_edm_heun(const SamplerSpec& spec, std::span<Stage> table) {
  fill_edm_euler(spec, table);
  for (Stage& stage : table) {
    if (stage.alpha_bar_prev < 1) correct(stage);  // at level 0 there is no slope to ask for
  }
}

}  // namespace undiffuse
