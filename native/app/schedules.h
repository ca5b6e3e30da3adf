// The curves of the schedule chart, from the core's description of them.
#pragma once

#include <string>
#include <vector>

#include "core/run/settings.h"

namespace undiffuse {

enum class Curve { AlphaBar, Beta, LogSnr };

struct ScheduleCurve {
  std::string name;  ///< for people
  bool chosen = false;
  std::vector<double> values;  ///< evenly over the run, from noise to data
};

/// All schedules with the parameters of `settings`.
std::vector<ScheduleCurve> schedule_curves(const Settings& settings, const Schedule& trained, Curve curve);

}  // namespace undiffuse
