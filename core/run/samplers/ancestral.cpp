#include "core/run/samplers/table.h"

namespace undiffuse {

// The last step draws nothing: the mean of p(x_0 | x_1) is the image, its noise would only be noise
// (DDPM, algorithm 2: z = 0 at t = 1).
void fill_ancestral(const SamplerSpec& spec, std::span<Stage> table) {
  for (Stage& stage : table) {
    stage.transition = reverse_transition(stage.alpha_bar, stage.alpha_bar_prev, spec.variance);
    stage.draws = stage.alpha_bar_prev < 1;
  }
}

}  // namespace undiffuse
