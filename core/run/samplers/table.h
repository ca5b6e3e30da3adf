// A sampler is a table: what each reverse step does, as coefficients.
//
// A new sampler is a file in this folder with a function that fills a table, and its row in table.cpp.
// The step loop, the views' equations and a GPU's update kernel read the table and nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/process/respacing.h"
#include "core/process/reverse_transition.h"

namespace undiffuse {

enum class SamplerKind {
  Ancestral,    ///< draws from the reverse transition at each step (DDPM, algorithm 2)
  Ddim,         ///< keeps the predicted noise, renews a part of it (Song et al. 2021, eq. 12)
  EdmEuler,     ///< Euler steps in the noise level, after churn (Karras et al. 2022, algorithm 2)
  EdmHeun,      ///< the same with Heun's correction from a second call at the step's end
  DpmSolver2M,  ///< DPM-Solver++(2M): extrapolates from the last two answers (Lu et al. 2022)
};

/// A sampler and its parameters; a parameter of another sampler is ignored.
struct SamplerSpec {
  SamplerKind kind = SamplerKind::Ancestral;
  Variance variance = Variance::Learned;  ///< Ancestral
  double eta = 0;                         ///< Ddim: 0 deterministic .. 1 as much noise as fixed small
  // EDM's churn (algorithm 2): steps from a noise level in [s_min, s_max] first raise it, by a factor
  // of at most sqrt(2), with noise of deviation s_noise.
  double s_churn = 0;  ///< over the number of steps: by how much of itself the level is raised
  double s_min = 0;
  double s_max = 80;
  double s_noise = 1;
  bool operator==(const SamplerSpec&) const = default;
};

/// A second answer that a step makes use of.
enum class SecondAnswer {
  None,
  Previous,  ///< the x0_hat of the step before
  AtEnd,     ///< the network's x0_hat at the step's end, where the first one leads to
};

/// Noise that is added before the network is called: x_hat = keep x_t + sigma z'.
struct Churn {
  double alpha_bar = 0;  ///< of x_hat
  double keep = 1;
  double sigma = 0;  ///< 0: x_hat is x_t
};

/// One reverse step t -> t_prev: x_prev = mu + sigma z with
/// mu = transition.on_x x_hat + transition.on_x0 x0_hat + on_second x0_hat_2 and the transition's sigma².
/// All in double, computed once per run.
struct Stage {
  int t = kNoTime;  ///< where the schedule counts the point
  int t_prev = kNoTime;
  double alpha_bar = 0;       ///< of x_t
  double alpha_bar_prev = 1;  ///< of x_prev
  Churn churn;
  ReverseTransition transition;
  SecondAnswer second = SecondAnswer::None;
  double on_second = 0;
  /// AtEnd: where the second call is made, probe_on_x x_hat + probe_on_x0 x0_hat at alpha_bar_prev.
  double probe_on_x = 0;
  double probe_on_x0 = 0;
  bool draws = false;         ///< false: z is 0
  std::uint32_t counter = 0;  ///< the draws' t: t itself, or else the number of steps left

  int calls() const { return second == SecondAnswer::AtEnd ? 2 : 1; }  ///< answers that it takes
};

/// The table of a run along a trajectory of at least two points.
std::vector<Stage> make_sampler_table(const SamplerSpec& spec, std::span<const TrajectoryPoint> trajectory);

/// A sampler's name for the settings string and for people, and the function that fills its table.
/// Given are the points, counters and churn.alpha_bar = alpha_bar; the rest is zero.
struct SamplerRow {
  SamplerKind kind;
  std::string_view value;
  std::string_view label;
  void (*fill)(const SamplerSpec& spec, std::span<Stage> table);
};
std::span<const SamplerRow> sampler_rows();

// The rows' functions, one file each.
void fill_ancestral(const SamplerSpec& spec, std::span<Stage> table);
void fill_ddim(const SamplerSpec& spec, std::span<Stage> table);
void fill_edm_euler(const SamplerSpec& spec, std::span<Stage> table);
void fill_edm_heun(const SamplerSpec& spec, std::span<Stage> table);
void fill_dpm_solver_2m(const SamplerSpec& spec, std::span<Stage> table);

/// The move from alpha_bar to alpha_bar_prev along the predicted noise: the Euler step in the noise
/// level, DDIM's deterministic step and the first-order DPM-Solver++ step are all this one.
ReverseTransition deterministic_step(double alpha_bar, double alpha_bar_prev);

/// Fills a stage's churn.
void raise_noise(const SamplerSpec& spec, int num_steps, Stage& stage);

}  // namespace undiffuse
