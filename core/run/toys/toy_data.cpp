#include "core/run/toys/toy_data.h"

#include <cmath>
#include <numbers>

namespace undiffuse {

PointMixture swiss_roll() {
  constexpr int kComponents = 512;
  Eigen::Array2Xd points(2, kComponents);
  for (int k = 0; k < kComponents; ++k) {
    const double theta = 1.5 * std::numbers::pi * (1 + 2 * (k + 0.5) / kComponents);
    points.col(k) << theta * std::sin(theta), -theta * std::cos(theta);
  }
  points.colwise() -= points.rowwise().mean().eval();
  const double var = kRollThickness * kRollThickness;
  return {points * std::sqrt((1 - var) / points.square().mean()), var};
}

Schedule roll_schedule(const ScheduleSpec& spec, int num_steps) {
  Schedule schedule = make_schedule(spec, num_steps);
  const double scale = (1 - kRollFirstBeta) / schedule.alpha_bar[1];
  for (size_t t = 1; t < schedule.alpha_bar.size(); ++t) schedule.alpha_bar[t] *= scale;
  return schedule;
}

BitPatterns heartbeats() {
  constexpr int kBits = 20, kPeriod = 5;
  Bits sequences = Bits::Zero(kBits, kPeriod);
  for (int phase = 0; phase < kPeriod; ++phase) {
    for (int i = phase; i < kBits; i += kPeriod) sequences(i, phase) = 1;
  }
  return BitPatterns(sequences);
}

}  // namespace undiffuse
