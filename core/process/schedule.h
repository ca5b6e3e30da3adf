// Noise schedules: how much signal alpha_bar is left at t = 0..T.
#pragma once

#include <vector>

namespace undiffuse {

enum class ScheduleFamily {
  Linear,        ///< beta grows linearly (DDPM, Ho et al. 2020, section 4)
  Cosine,        ///< alpha_bar falls like a cosine squared (Nichol & Dhariwal 2021, eq. 17)
  ConstantRate,  ///< beta_t = 1 / (T - t + 1) in its Gaussian form (Sohl-Dickstein et al. 2015, 2.4.1)
  Rho,           ///< noise levels whose rho-th roots fall evenly (EDM, Karras et al. 2022, eq. 5)
};

/// A family and its parameters; a parameter of another family is ignored.
struct ScheduleSpec {
  ScheduleFamily family = ScheduleFamily::Cosine;
  double beta_start = 1e-4;  ///< Linear: beta_1 at T = 1000 (scaled by 1000 / T), in (0, 1)
  double beta_end = 0.02;    ///< Linear: beta_T at T = 1000 (scaled by 1000 / T), in (0, 1)
  double offset = 0.008;     ///< Cosine: s of eq. 17, >= 0; larger starts with larger steps
  double rho = 7;            ///< Rho: >= 1; larger makes the last steps smaller
  double sigma_max = 80;     ///< Rho: noise level of x_T, > sigma_min
  double sigma_min = 0.002;  ///< Rho: noise level before the last step, > 0
  bool operator==(const ScheduleSpec&) const = default;
};

/// Tables run t = 0..T; t = 0 is data (alpha_bar[0] = 1), t = T is noise. Strictly decreasing and
/// above 1e-64.
struct Schedule {
  std::vector<double> alpha_bar;

  int num_steps() const { return static_cast<int>(alpha_bar.size()) - 1; }    ///< T
  double beta(int t) const { return 1.0 - alpha_bar[t] / alpha_bar[t - 1]; }  ///< t in 1..T
};

/// The schedule of `num_steps` = T >= 1 steps. Betas are capped at 0.999, as in the sources, but for
/// Rho, whose table is the levels of T steps themselves.
Schedule make_schedule(const ScheduleSpec& spec, int num_steps);

/// Rho's levels of `num_steps` steps on a finer table of `num_rows` >= num_steps rows, for charts: the
/// formula between the steps, and a straight fall to 0 within the last.
Schedule make_rho_schedule(const ScheduleSpec& spec, int num_steps, int num_rows);

/// How a model counts that was trained on noise levels (EDM): t = T (ln sigma - ln sigma_min) /
/// (ln sigma_max - ln sigma_min), as the table of t = 1..T. 0 < sigma_min < sigma_max.
Schedule make_log_level_schedule(double sigma_min, double sigma_max, int num_steps);

/// EDM's sigma: sqrt((1 - alpha_bar) / alpha_bar), the noise over the signal; and back.
double noise_level(double alpha_bar);
double alpha_bar_of(double noise_level);

/// ln(alpha_bar / (1 - alpha_bar)); +infinity at alpha_bar = 1.
double log_snr(double alpha_bar);

}  // namespace undiffuse
