// Which steps are taken, and what a model makes of them.
#pragma once

#include <vector>

#include "core/process/schedule.h"

namespace undiffuse {

/// The S + 1 times visited by S steps over a schedule of T: t_i = round((S - i) T / S), i = 0..S,
/// from T down to 0. S in 1..T. The betas of the visited steps follow from alpha_bar:
/// beta_i = 1 - alpha_bar[t_i] / alpha_bar[t_{i+1}] (improved DDPM's respacing).
std::vector<int> respaced_times(int num_train_steps, int num_steps);

/// What TrajectoryPoint::t is where no integer t stands for the point.
inline constexpr int kNoTime = -1;

/// Where a run passes: an alpha_bar, and the t that counts it on the chosen schedule, if one does.
struct TrajectoryPoint {
  double alpha_bar = 1;
  int t = kNoTime;
};

/// The S + 1 points of S = num_steps steps, from noise to data (alpha_bar = 1, t = 0): the respaced
/// times of the family's table, as long as the trained one; or, for Rho, the S levels themselves
/// within what the model was trained on. S in 1..T.
std::vector<TrajectoryPoint> make_trajectory(const ScheduleSpec& spec, const Schedule& trained,
                                             int num_steps);

/// The spec with Rho's levels inside [0.002, 80], EDM's range, and inside the trained schedule's.
ScheduleSpec within_trained_levels(ScheduleSpec spec, const Schedule& trained);

/// The model's own (fractional) t for a state with this alpha_bar: log-SNR interpolated linearly
/// between the rows of the schedule it was trained on, clamped to [1, T]. This is what makes the
/// schedule a sampling choice: any alpha_bar of any schedule has a t that means the same noise.
double model_time(const Schedule& trained, double alpha_bar);

/// The step t -> t - 1 of a model's own table, from a state with this alpha_bar.
struct OwnStep {
  double beta = 0;
  double alpha_bar_prev = 1;
  bool first = false;  ///< t = 1 (or cleaner): it ends at the data
};

/// Between the table's rows beta is interpolated geometrically in model_time; beyond its ends it stays, and a
/// step that would end beyond the data ends there.
OwnStep own_step(const Schedule& trained, double alpha_bar);

}  // namespace undiffuse
