// Which steps are taken, and what a model makes of them.
#pragma once

#include <vector>

#include "core/process/schedule.h"

namespace undiffuse {

/// The S + 1 times visited by S steps over a schedule of T: t_i = round((S - i) T / S), i = 0..S,
/// from T down to 0. S in 1..T. The betas of the visited steps follow from alpha_bar:
/// beta_i = 1 - alpha_bar[t_i] / alpha_bar[t_{i+1}] (improved DDPM's respacing).
std::vector<int> respaced_times(int num_train_steps, int num_steps);

/// The model's own (fractional) t for a state with this alpha_bar: log-SNR interpolated linearly
/// between the rows of the schedule it was trained on, clamped to [1, T]. This is what makes the
/// schedule a sampling choice: any alpha_bar of any schedule has a t that means the same noise.
double model_time(const Schedule& trained, double alpha_bar);

}  // namespace undiffuse
