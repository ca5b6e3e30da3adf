#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/run/samplers/table.h"

namespace undiffuse {

// EDM's x is x_t / sqrt(alpha_bar). Its x + sqrt(raised² - level²) s_noise z' becomes, in our state, a
// forward step from alpha_bar to the raised level's.
void raise_noise(const SamplerSpec& spec, int num_steps, Stage& stage) {
  const double level = noise_level(stage.alpha_bar);
  if (level < spec.s_min || level > spec.s_max || spec.s_churn <= 0) return;
  const double gamma = std::min(spec.s_churn / num_steps, std::numbers::sqrt2 - 1);
  stage.churn.alpha_bar = alpha_bar_of(level * (1 + gamma));
  const double kept = stage.churn.alpha_bar / stage.alpha_bar;
  stage.churn.keep = std::sqrt(kept);
  stage.churn.sigma = std::sqrt(1 - kept) * spec.s_noise;
}

void fill_edm_euler(const SamplerSpec& spec, std::span<Stage> table) {
  for (Stage& stage : table) {
    raise_noise(spec, static_cast<int>(table.size()), stage);
    stage.transition = deterministic_step(stage.churn.alpha_bar, stage.alpha_bar_prev);
  }
}

}  // namespace undiffuse
