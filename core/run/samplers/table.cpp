#include "core/run/samplers/table.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace undiffuse {
namespace {

constexpr SamplerRow kRows[] = {
    {SamplerKind::Ancestral, "ancestral", "Ancestral (DDPM)", fill_ancestral},
    {SamplerKind::Ddim, "ddim", "DDIM", fill_ddim},
    {SamplerKind::EdmEuler, "edm-euler", "EDM Euler", fill_edm_euler},
    {SamplerKind::EdmHeun, "edm-heun", "EDM Heun", fill_edm_heun},
    {SamplerKind::DpmSolver2M, "dpm-solver-2m", "DPM-Solver++(2M)", fill_dpm_solver_2m},
};

std::vector<Stage> plain_table(std::span<const TrajectoryPoint> trajectory) {
  std::vector<Stage> table(trajectory.size() - 1);
  for (size_t i = 0; i < table.size(); ++i) {
    const TrajectoryPoint &from = trajectory[i], &to = trajectory[i + 1];
    Stage& stage = table[i];
    stage.t = from.t;
    stage.t_prev = to.t;
    stage.alpha_bar = stage.churn.alpha_bar = from.alpha_bar;
    stage.alpha_bar_prev = to.alpha_bar;
    stage.counter = static_cast<std::uint32_t>(from.t == kNoTime ? table.size() - i : from.t);
  }
  return table;
}

}  // namespace

std::span<const SamplerRow> sampler_rows() { return kRows; }

std::vector<Stage> make_sampler_table(const SamplerSpec& spec, std::span<const TrajectoryPoint> trajectory) {
  UNDIFFUSE_ASSERT(trajectory.size() >= 2);
  std::vector<Stage> table = plain_table(trajectory);
  const auto row = std::find_if(std::begin(kRows), std::end(kRows),
                                [&](const SamplerRow& candidate) { return candidate.kind == spec.kind; });
  UNDIFFUSE_ASSERT(row != std::end(kRows));
  row->fill(spec, table);
  return table;
}

ReverseTransition deterministic_step(double alpha_bar, double alpha_bar_prev) {
  const double on_x = std::sqrt((1 - alpha_bar_prev) / (1 - alpha_bar));
  return {std::sqrt(alpha_bar_prev) - on_x * std::sqrt(alpha_bar), on_x, 0, 0};
}

}  // namespace undiffuse
