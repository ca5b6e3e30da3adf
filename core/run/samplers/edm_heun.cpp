#include <cmath>

#include "core/run/samplers/table.h"

namespace undiffuse {
namespace {

// A step may fall by several orders of magnitude: three steps of EDM's go from 80 to 2.5 to 0.002, a cosine
// schedule's first one from 20,000 to 30. The correction would weigh the difference of two guesses at the
// image by half that factor, and three steps of the digits' EDM model draw grey rubbish; without it,
// digits (weights/mnist-edm.json has the numbers). So such steps stay Euler's.
constexpr double kLargestFall = 100;

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
    const bool to_data = stage.alpha_bar_prev == 1;  // at level 0 there is no slope to ask for
    const double fall = noise_level(stage.churn.alpha_bar) / noise_level(stage.alpha_bar_prev);
    if (!to_data && fall <= kLargestFall) correct(stage);
  }
}

}  // namespace undiffuse
