// The data of the 2015 paper's toys, whose likelihood is known (appendix D.1).
#pragma once

#include "core/process/bit_patterns.h"
#include "core/process/point_mixture.h"
#include "core/process/schedule.h"

namespace undiffuse {

/// Deviation of the Swiss roll across its line, both ways.
inline constexpr double kRollThickness = 0.05;
/// beta_1 of every Swiss roll's schedule: the variance of p(x_0 | x_1), which is the forward kernel.
inline constexpr double kRollFirstBeta = kRollThickness * kRollThickness / 4;

/// 512 Gaussians on the spiral (theta sin theta, -theta cos theta), theta evenly from 1.5 pi to 4.5 pi,
/// moved to mean zero and scaled so that a coordinate's variance is 1 on average. The paper does not
/// publish its generator; this is ours. Neighbours are at most 0.77 thicknesses apart, so that the
/// density along the roll is smooth (to 1e-14).
PointMixture swiss_roll();

/// A schedule of T steps with beta_1 in place of its own.
Schedule roll_schedule(const ScheduleSpec& spec, int num_steps);

/// The share of ones in a heartbeat, and so in x_T.
inline constexpr double kHeartbeatRate = 0.2;

/// Five sequences of 20 bits: a one at every fifth place, from each of five phases.
BitPatterns heartbeats();

}  // namespace undiffuse
