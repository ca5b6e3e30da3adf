#include "core/process/respacing.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/base/error.h"

namespace undiffuse {
namespace {

// Noise levels that EDM samples between (Karras et al. 2022, table 1).
constexpr double kMinLevel = 0.002, kMaxLevel = 80;

}  // namespace

std::vector<int> respaced_times(int num_train_steps, int num_steps) {
  UNDIFFUSE_ASSERT(num_steps >= 1 && num_steps <= num_train_steps);
  std::vector<int> times(static_cast<size_t>(num_steps) + 1);
  for (int i = 0; i <= num_steps; ++i) {
    // round((S - i) T / S) in integers: halves go up, on every machine
    const long long twice = 2LL * (num_steps - i) * num_train_steps + num_steps;
    times[static_cast<size_t>(i)] = static_cast<int>(twice / (2LL * num_steps));
  }
  return times;
}

ScheduleSpec within_trained_levels(ScheduleSpec spec, const Schedule& trained) {
  const double low = std::max(kMinLevel, noise_level(trained.alpha_bar[1]));
  const double high = std::min(kMaxLevel, noise_level(trained.alpha_bar.back()));
  if (!(low < high)) return spec;  // a model of other noise than EDM's: as asked for
  spec.sigma_max = std::clamp(spec.sigma_max, low, high);
  spec.sigma_min = std::clamp(spec.sigma_min, low, high);
  if (spec.sigma_min < spec.sigma_max) return spec;
  spec.sigma_max = high;
  spec.sigma_min = low;
  return spec;
}

std::vector<TrajectoryPoint> make_trajectory(const ScheduleSpec& spec, const Schedule& trained,
                                             int num_steps) {
  const bool levels = spec.family == ScheduleFamily::Rho;
  const int table_steps = levels ? num_steps : trained.num_steps();
  const Schedule schedule = make_schedule(within_trained_levels(spec, trained), table_steps);
  std::vector<TrajectoryPoint> points;
  for (const int row : respaced_times(table_steps, num_steps)) {
    points.push_back({schedule.alpha_bar[static_cast<size_t>(row)], levels && row > 0 ? kNoTime : row});
  }
  return points;
}

double model_time(const Schedule& trained, double alpha_bar) {
  UNDIFFUSE_ASSERT(trained.num_steps() >= 1);
  const std::vector<double>& table = trained.alpha_bar;
  if (alpha_bar >= table[1]) return 1.0;
  if (alpha_bar <= table.back()) return trained.num_steps();
  // table is strictly decreasing: low and low + 1 are the rows around alpha_bar
  const auto below = std::lower_bound(table.begin() + 1, table.end(), alpha_bar, std::greater<>());
  const auto row = static_cast<size_t>(below - table.begin());
  const double noisier = log_snr(table[row]), cleaner = log_snr(table[row - 1]);
  return static_cast<double>(row) - (log_snr(alpha_bar) - noisier) / (cleaner - noisier);
}

OwnStep own_step(const Schedule& trained, double alpha_bar) {
  const double t = model_time(trained, alpha_bar);
  if (t <= 1) return {1 - alpha_bar, 1, true};
  const int row = std::min(static_cast<int>(t), trained.num_steps() - 1);
  const double part = t - row;
  const double beta = std::pow(trained.beta(row), 1 - part) * std::pow(trained.beta(row + 1), part);
  return {beta, std::min(alpha_bar / (1 - beta), 1.0), false};
}

}  // namespace undiffuse
