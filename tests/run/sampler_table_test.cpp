// The samplers' tables, walked in double over data whose exact answer is known.
#include "core/run/samplers/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "core/process/forward_kernel.h"
#include "tests/golden/golden_file.h"

namespace undiffuse {
namespace {

using nlohmann::json;

constexpr double kV = 0.25;  // data N(0, kV)

double x0_hat(double x, double alpha_bar) {
  return std::sqrt(alpha_bar) * kV / (alpha_bar * kV + 1 - alpha_bar) * x;
}

/// What a table does to one number, with z and z' from a function of the step.
double walk(const std::vector<Stage>& table, double x, const std::function<double(int, bool)>& noise = {}) {
  double previous = 0;
  int step = 0;
  for (const Stage& stage : table) {
    const double x_hat = stage.churn.keep * x + (noise ? stage.churn.sigma * noise(step, true) : 0);
    const double x0 = x0_hat(x_hat, stage.churn.alpha_bar);
    const double end = stage.probe_on_x * x_hat + stage.probe_on_x0 * x0;
    const double second = stage.second == SecondAnswer::AtEnd ? x0_hat(end, stage.alpha_bar_prev) : previous;
    x = stage.transition.on_x * x_hat + stage.transition.on_x0 * x0 + stage.on_second * second;
    if (noise && stage.draws) x += std::sqrt(stage.transition.var_const) * noise(step, false);
    previous = x0;
    ++step;
  }
  return x;
}

Schedule all_levels() { return make_log_level_schedule(0.001, 100, 1000); }

std::vector<TrajectoryPoint> rho_points(int num_steps, double sigma_min = 0.002) {
  return make_trajectory({.family = ScheduleFamily::Rho, .sigma_min = sigma_min}, all_levels(), num_steps);
}

std::vector<Stage> rho_table(SamplerKind kind, int num_steps) {
  return make_sampler_table({.kind = kind}, rho_points(num_steps));
}

const json& golden(const std::string& name) {
  static const json file = read_golden("golden.json");
  return file["derived"].at(name)["value"];
}

constexpr SamplerKind kKinds[] = {SamplerKind::Ancestral, SamplerKind::Ddim, SamplerKind::EdmEuler,
                                  SamplerKind::EdmHeun, SamplerKind::DpmSolver2M};

TEST(SamplerTables, EachKindHasItsRow) {
  ASSERT_EQ(sampler_rows().size(), std::size(kKinds));
  for (size_t i = 0; i < std::size(kKinds); ++i) EXPECT_EQ(sampler_rows()[i].kind, kKinds[i]);
}

// EDM's x starts at 80, ours at 80 / sqrt(6401).
TEST(SamplerTables, EdmMeetsTheGaussianOracle) {
  const json& oracle = golden("edm.gaussian_oracle");
  for (const int steps : {5, 10, 18, 32, 64, 128}) {
    for (const auto& [name, kind] :
         {std::pair{"heun_N", SamplerKind::EdmHeun}, std::pair{"euler_N", SamplerKind::EdmEuler}}) {
      const double expected = oracle[name + std::to_string(steps)];
      // The same numbers in another state: rounding of 1e-16 at most a thousand times over.
      EXPECT_NEAR(walk(rho_table(kind, steps), 80 / std::sqrt(6401)), expected, 1e-11) << name << steps;
    }
  }
}

TEST(SamplerTables, DdimMeetsTheGaussianOracle) {
  const json& oracle = golden("ddim.gaussian_oracle");
  const Schedule linear = make_schedule({.family = ScheduleFamily::Linear}, 1000);
  for (const int steps : {10, 50, 100, 1000}) {
    std::vector<TrajectoryPoint> points;
    for (int i = steps - 1; i >= 0; --i) {  // "leading" spacing: t = i T / S + 1
      const int t = i * (1000 / steps) + 1;
      points.push_back({linear.alpha_bar[static_cast<size_t>(t)], t});
    }
    points.push_back({1, 0});
    const double expected = oracle["S" + std::to_string(steps)];
    EXPECT_NEAR(walk(make_sampler_table({.kind = SamplerKind::Ddim}, points), 1), expected, 1e-10) << steps;
  }
}

// Error over a range where every step is small, so that its order shows: the exact flow of N(0, v)
// scales x by the state's deviation.
double flow_error(SamplerKind kind, int num_steps) {
  std::vector<TrajectoryPoint> points = rho_points(num_steps, 0.1);
  points.pop_back();  // ends at level 0.1, not at the data
  const auto deviation = [](double alpha_bar) { return std::sqrt(alpha_bar * kV + 1 - alpha_bar); };
  const double exact = deviation(points.back().alpha_bar) / deviation(points.front().alpha_bar);
  return std::abs(walk(make_sampler_table({.kind = kind}, points), 1) - exact);
}

TEST(SamplerTables, ConvergeAtTheirOrder) {
  const std::pair<SamplerKind, double> orders[] = {{SamplerKind::Ddim, 1},
                                                   {SamplerKind::EdmEuler, 1},
                                                   {SamplerKind::EdmHeun, 2},
                                                   {SamplerKind::DpmSolver2M, 2}};
  for (const auto& [kind, order] : orders) {
    const double measured = std::log2(flow_error(kind, 400) / flow_error(kind, 800));
    // The next term of the error is 1 / 400 of the first, times a factor of the problem.
    EXPECT_NEAR(measured, order, 0.1) << static_cast<int>(kind);
  }
}

TEST(SamplerTables, WithoutNoiseTheFirstOrderSamplersAreOne) {
  for (const int steps : {1, 2, 18}) {
    const auto ddim = rho_table(SamplerKind::Ddim, steps), euler = rho_table(SamplerKind::EdmEuler, steps);
    for (size_t i = 0; i < ddim.size(); ++i) {
      EXPECT_NEAR(ddim[i].transition.on_x, euler[i].transition.on_x, 1e-15);
      EXPECT_NEAR(ddim[i].transition.on_x0, euler[i].transition.on_x0, 1e-15);
      EXPECT_FALSE(ddim[i].draws || euler[i].draws);
    }
  }
}

TEST(SamplerTables, DdimWithEtaOneIsAncestralWithTheSmallVariance) {
  const Schedule linear = make_schedule({.family = ScheduleFamily::Linear}, 1000);
  for (const int steps : {3, 50, 1000}) {
    const auto points = make_trajectory({.family = ScheduleFamily::Linear}, linear, steps);
    const auto ddim = make_sampler_table({.kind = SamplerKind::Ddim, .eta = 1}, points);
    const auto ancestral = make_sampler_table({.variance = Variance::FixedSmall}, points);
    for (size_t i = 0; i < ddim.size(); ++i) {
      // 1 - alpha_bar_prev - sigma² cancels where the step is small: 1e-16 over 1e-4, and a root.
      EXPECT_NEAR(ddim[i].transition.on_x, ancestral[i].transition.on_x, 1e-10);
      EXPECT_NEAR(ddim[i].transition.on_x0, ancestral[i].transition.on_x0, 1e-10);
      EXPECT_NEAR(ddim[i].transition.var_const, ancestral[i].transition.var_const, 1e-15);
      EXPECT_EQ(ddim[i].draws, ancestral[i].draws);
    }
  }
}

// Algorithm 2 of Karras et al. in EDM's own x, step by step, with the same draws.
double edm_algorithm_2(const std::vector<TrajectoryPoint>& points, const SamplerSpec& spec, double x,
                       const std::function<double(int, bool)>& noise) {
  const auto denoise = [](double at, double level) { return at * kV / (kV + level * level); };
  const int steps = static_cast<int>(points.size()) - 1;
  for (int i = 0; i < steps; ++i) {
    const double level = noise_level(points[static_cast<size_t>(i)].alpha_bar);
    const double next = noise_level(points[static_cast<size_t>(i) + 1].alpha_bar);
    const bool churns = spec.s_min <= level && level <= spec.s_max;
    const double gamma = churns ? std::min(spec.s_churn / steps, std::sqrt(2) - 1) : 0;
    const double raised = level * (1 + gamma);
    const double x_hat = x + std::sqrt(raised * raised - level * level) * spec.s_noise * noise(i, true);
    const double slope = (x_hat - denoise(x_hat, raised)) / raised;
    x = x_hat + (next - raised) * slope;
    if (spec.kind == SamplerKind::EdmHeun && next > 0) {
      x = x_hat + (next - raised) * (slope + (x - denoise(x, next)) / next) / 2;
    }
  }
  return x;
}

TEST(SamplerTables, EdmIsAlgorithm2WithChurn) {
  const auto noise = [](int step, bool churn) {
    std::mt19937 random(static_cast<unsigned>(2 * step + churn));
    return std::normal_distribution()(random);
  };
  for (const SamplerKind kind : {SamplerKind::EdmEuler, SamplerKind::EdmHeun}) {
    for (const double s_churn : {0.0, 3.0, 40.0}) {
      const SamplerSpec spec{.kind = kind, .s_churn = s_churn, .s_min = 0.05, .s_max = 50, .s_noise = 1.003};
      const auto points = rho_points(18);
      const double expected = edm_algorithm_2(points, spec, 80, noise);
      EXPECT_NEAR(walk(make_sampler_table(spec, points), 80 / std::sqrt(6401), noise), expected, 1e-11);
    }
  }
}

TEST(SamplerTables, ChurnIsCappedAndKeptToItsLevels) {
  const json& entry = golden("edm.churn_gamma");
  const SamplerSpec spec{.kind = SamplerKind::EdmHeun,
                         .s_churn = entry["S_churn"],
                         .s_min = entry["S_min"],
                         .s_max = entry["S_max"]};
  const auto gamma = [](const Stage& stage) {
    return noise_level(stage.churn.alpha_bar) / noise_level(stage.alpha_bar) - 1;
  };
  for (const Stage& stage : make_sampler_table(spec, rho_points(entry["num_steps"]))) {
    const double level = noise_level(stage.alpha_bar);
    const bool churns = spec.s_min <= level && level <= spec.s_max;
    EXPECT_NEAR(gamma(stage), churns ? entry["gamma"].get<double>() : 0.0, 1e-9) << level;
    EXPECT_EQ(stage.churn.sigma > 0, churns);
  }
  const auto few = make_sampler_table({.kind = SamplerKind::EdmEuler, .s_churn = 100}, rho_points(10));
  EXPECT_NEAR(gamma(few[5]), std::sqrt(2) - 1, 1e-12);
}

// DPM-Solver++(2M) as its authors write it: lambda, alpha, sigma, r and D.
double dpm_solver_2m(const std::vector<TrajectoryPoint>& points, double x) {
  double before = 0, h_before = 0;
  for (size_t i = 0; i + 1 < points.size(); ++i) {
    const double from = points[i].alpha_bar, to = points[i + 1].alpha_bar;
    const double h = (std::log(to / (1 - to)) - std::log(from / (1 - from))) / 2;
    const double now = x0_hat(x, from), r = h_before / h;
    const double d = i == 0 || to == 1 ? now : (1 + 1 / (2 * r)) * now - 1 / (2 * r) * before;
    x = std::sqrt((1 - to) / (1 - from)) * x - std::sqrt(to) * std::expm1(-h) * d;
    before = now;
    h_before = h;
  }
  return x;
}

TEST(SamplerTables, DpmSolverIsItsAuthorsFormula) {
  for (const int steps : {1, 2, 10, 50}) {
    const auto points = rho_points(steps);
    EXPECT_NEAR(walk(make_sampler_table({.kind = SamplerKind::DpmSolver2M}, points), 0.7),
                dpm_solver_2m(points, 0.7), 1e-12);
  }
}

// Weights of x_0 and eps are those of the forward process: a right answer leads to where q would be.
TEST(SamplerTables, ARightAnswerLeadsToTheForwardProcess) {
  const double x0 = 0.3, eps = -1.2;
  for (const SamplerKind kind :
       {SamplerKind::Ddim, SamplerKind::EdmEuler, SamplerKind::EdmHeun, SamplerKind::DpmSolver2M}) {
    for (const Stage& stage : rho_table(kind, 18)) {
      const double x = std::sqrt(stage.alpha_bar) * x0 + std::sqrt(1 - stage.alpha_bar) * eps;
      const double moved = stage.transition.on_x * x + (stage.transition.on_x0 + stage.on_second) * x0;
      const double expected =
          std::sqrt(stage.alpha_bar_prev) * x0 + std::sqrt(1 - stage.alpha_bar_prev) * eps;
      EXPECT_NEAR(moved, expected, 1e-12);
    }
  }
}

TEST(SamplerTables, HeunCallsTwiceButAtTheEnd) {
  int calls = 0;
  for (const Stage& stage : rho_table(SamplerKind::EdmHeun, 18)) calls += stage.calls();
  EXPECT_EQ(calls, 35);
  for (const Stage& stage : rho_table(SamplerKind::DpmSolver2M, 18)) EXPECT_EQ(stage.calls(), 1);
  const auto cosine =
      make_sampler_table({.kind = SamplerKind::EdmHeun}, make_trajectory({}, make_schedule({}, 1000), 20));
  EXPECT_EQ(cosine[0].calls(), 1);  // from level 20,000 to 30: too far to look back from
  EXPECT_EQ(cosine[1].calls(), 2);
  const auto three = rho_table(SamplerKind::EdmHeun, 3);
  EXPECT_EQ(three[0].calls(), 2);
  EXPECT_EQ(three[1].calls(), 1);  // from 2.5 to 0.002
}

// Ancestral steps, and churned ones, keep the marginals: with the exact answer, data come out with
// their own variance up to the solver's error.
TEST(SamplerTables, NoiseThatIsAddedIsTakenAwayAgain) {
  const int draws = 20000;
  std::mt19937 random(3);
  std::normal_distribution normal;
  const SamplerSpec specs[] = {{.kind = SamplerKind::EdmHeun, .s_churn = 30},
                               {.kind = SamplerKind::EdmEuler, .s_churn = 0},
                               {.kind = SamplerKind::Ddim, .eta = 1}};
  for (const SamplerSpec& spec : specs) {
    const auto table = make_sampler_table(spec, rho_points(200));
    double squares = 0;
    for (int i = 0; i < draws; ++i) {
      const double x = walk(table, normal(random), [&](int, bool) { return normal(random); });
      squares += x * x;
    }
    // 4 standard errors of a variance over 20,000 draws (once in 15,000 seeds), and 3 % for Euler's
    // first order at 200 steps, seen against the closed form.
    EXPECT_NEAR(squares / draws / kV, 1, 4 * std::sqrt(2.0 / draws) + 0.03) << static_cast<int>(spec.kind);
  }
}

TEST(SamplerTables, DrawsAreCountedByTOrByTheStepsLeft) {
  const auto times = make_sampler_table({}, make_trajectory({}, make_schedule({}, 1000), 10));
  for (const Stage& stage : times) EXPECT_EQ(stage.counter, static_cast<std::uint32_t>(stage.t));
  const auto levels = rho_table(SamplerKind::Ancestral, 10);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(levels[i].counter, 10 - i);
    EXPECT_EQ(levels[i].t, kNoTime);
  }
  EXPECT_EQ(levels.back().t_prev, 0);
}

}  // namespace
}  // namespace undiffuse
