#include "core/process/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/error.h"

namespace undiffuse {
namespace {

constexpr double kMaxBeta = 0.999;  // improved DDPM caps the cosine's last betas so that alpha_bar > 0
constexpr double kMinBeta = 1e-12;  // keeps the table strictly decreasing in double
// Parameters in their ranges can multiply hundreds of betas near the cap, past what a double holds.
// From here on a state is noise and nothing else, and 1 / sqrt(alpha_bar) still fits a float.
constexpr double kAllNoise = 1e-60;

// Betas are stated for T = 1000; fewer steps must add the same noise in all (B.1: s = 1000 / T).
double linear_beta(const ScheduleSpec& spec, int t, int num_steps) {
  const double scale = 1000.0 / num_steps;
  const double part = num_steps > 1 ? (t - 1.0) / (num_steps - 1.0) : 1.0;
  return scale * (spec.beta_start + (spec.beta_end - spec.beta_start) * part);
}

double cosine_beta(const ScheduleSpec& spec, int t, int num_steps) {
  const auto f = [&](double u) {
    const double cosine = std::cos((u + spec.offset) / (1 + spec.offset) * std::numbers::pi / 2);
    return cosine * cosine;
  };
  return 1 - f(static_cast<double>(t) / num_steps) / f((t - 1.0) / num_steps);
}

// Erases about 1/T of the signal a step. The denominators run T..2 and a floor of 1e-6 (1e-3 more at
// t = 1) and a ceiling of 1 - 1e-5 keep every step a Gaussian, as in the paper's reference code.
double constant_rate_beta(int t, int num_steps) {
  const double floor = 1e-6 + (t == 1 ? 1e-3 : 0.0);
  const double part = num_steps > 1 ? (t - 1.0) / (num_steps - 1.0) : 0.0;
  const double denominator = num_steps + (2.0 - num_steps) * part;
  return floor + (1 - floor - 1e-5) / denominator;
}

double beta_at(const ScheduleSpec& spec, int t, int num_steps) {
  switch (spec.family) {
    case ScheduleFamily::Linear:
      return linear_beta(spec, t, num_steps);
    case ScheduleFamily::Cosine:
      return cosine_beta(spec, t, num_steps);
    case ScheduleFamily::ConstantRate:
      return constant_rate_beta(t, num_steps);
    case ScheduleFamily::Rho:
      break;  // a table of levels, not of betas
  }
  UNDIFFUSE_ASSERT(!"a schedule family without a formula");
}

// Levels at a position 0..S of S steps, S - 1 being the last level above 0.
double rho_level(const ScheduleSpec& spec, double position, int num_steps) {
  const double last = num_steps - 1;
  if (position > last) return spec.sigma_min * (num_steps - position);
  const double part = num_steps > 1 ? position / last : 0.0;
  const double from = std::pow(spec.sigma_max, 1 / spec.rho), to = std::pow(spec.sigma_min, 1 / spec.rho);
  return std::pow(from + part * (to - from), spec.rho);
}

template <class LevelAt>
Schedule from_levels(int num_steps, LevelAt level_at) {
  Schedule schedule;
  schedule.alpha_bar.resize(static_cast<size_t>(num_steps) + 1, 1.0);
  for (int t = 1; t <= num_steps; ++t) {
    schedule.alpha_bar[static_cast<size_t>(t)] = alpha_bar_of(level_at(t));
  }
  return schedule;
}

}  // namespace

Schedule make_schedule(const ScheduleSpec& spec, int num_steps) {
  UNDIFFUSE_ASSERT(num_steps >= 1);
  if (spec.family == ScheduleFamily::Rho) return make_rho_schedule(spec, num_steps, num_steps);
  Schedule schedule;
  schedule.alpha_bar.resize(static_cast<size_t>(num_steps) + 1, 1.0);
  for (int t = 1; t <= num_steps; ++t) {
    const double alpha_bar_prev = schedule.alpha_bar[static_cast<size_t>(t) - 1];
    const double max_beta = alpha_bar_prev < kAllNoise ? kMinBeta : kMaxBeta;
    const double beta = std::clamp(beta_at(spec, t, num_steps), kMinBeta, max_beta);
    schedule.alpha_bar[static_cast<size_t>(t)] = alpha_bar_prev * (1 - beta);
  }
  return schedule;
}

Schedule make_rho_schedule(const ScheduleSpec& spec, int num_steps, int num_rows) {
  UNDIFFUSE_ASSERT(spec.rho >= 1 && 0 < spec.sigma_min && spec.sigma_min < spec.sigma_max);
  UNDIFFUSE_ASSERT(num_steps >= 1 && num_rows >= num_steps);
  return from_levels(num_rows, [&](int t) {
    const double position = static_cast<double>(num_rows - t) * num_steps / num_rows;
    return rho_level(spec, position, num_steps);
  });
}

Schedule make_log_level_schedule(double sigma_min, double sigma_max, int num_steps) {
  UNDIFFUSE_ASSERT(0 < sigma_min && sigma_min < sigma_max && num_steps >= 1);
  const double range = std::log(sigma_max / sigma_min);
  return from_levels(num_steps, [&](int t) { return sigma_min * std::exp(range * t / num_steps); });
}

double noise_level(double alpha_bar) { return std::sqrt((1 - alpha_bar) / alpha_bar); }
double alpha_bar_of(double noise_level) { return 1 / (1 + noise_level * noise_level); }

double log_snr(double alpha_bar) { return std::log(alpha_bar) - std::log1p(-alpha_bar); }

}  // namespace undiffuse
