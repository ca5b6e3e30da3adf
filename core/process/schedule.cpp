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
  }
  UNDIFFUSE_ASSERT(!"a schedule family without a formula");
}

}  // namespace

Schedule make_schedule(const ScheduleSpec& spec, int num_steps) {
  UNDIFFUSE_ASSERT(num_steps >= 1);
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

double log_snr(double alpha_bar) { return std::log(alpha_bar) - std::log1p(-alpha_bar); }

}  // namespace undiffuse
