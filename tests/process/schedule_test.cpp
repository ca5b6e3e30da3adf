#include "core/process/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "tests/golden/golden_file.h"

namespace undiffuse {
namespace {

using nlohmann::json;

std::vector<ScheduleSpec> many_specs() {
  std::vector<ScheduleSpec> specs = {{.family = ScheduleFamily::ConstantRate}};
  for (const double start : {1e-8, 1e-4, 0.01, 0.5}) {
    for (const double end : {1e-8, 0.02, 0.2, 0.5}) {
      specs.push_back({.family = ScheduleFamily::Linear, .beta_start = start, .beta_end = end});
    }
  }
  for (const double offset : {0.0, 0.001, 0.008, 0.5, 10.0}) {
    specs.push_back({.family = ScheduleFamily::Cosine, .offset = offset});
  }
  return specs;
}

// Whatever the settings or a weights file ask for, the tables keep what schedule.h promises.
TEST(Schedule, FallsFromOneAndStaysPositive) {
  for (const ScheduleSpec& spec : many_specs()) {
    for (const int num_steps : {1, 2, 3, 10, 150, 1000, 4000, 100000}) {
      const Schedule schedule = make_schedule(spec, num_steps);
      ASSERT_EQ(schedule.num_steps(), num_steps);
      ASSERT_EQ(schedule.alpha_bar[0], 1.0);
      for (int t = 1; t <= num_steps; ++t) {
        ASSERT_LT(schedule.alpha_bar[static_cast<std::size_t>(t)],
                  schedule.alpha_bar[static_cast<std::size_t>(t) - 1]);
        ASSERT_LE(schedule.beta(t), 0.999 + 1e-12);  // the cap, give or take the rounding of the ratio
      }
      ASSERT_GT(schedule.alpha_bar.back(), 1e-64);
      ASSERT_LT(1 / std::sqrt(schedule.alpha_bar.back()), std::numeric_limits<float>::max());
    }
  }
}

TEST(Schedule, LinearBetasAreEquallySpaced) {
  const Schedule schedule =
      make_schedule({.family = ScheduleFamily::Linear, .beta_start = 1e-3, .beta_end = 0.03}, 1000);
  for (int t = 1; t <= 1000; ++t) {
    EXPECT_NEAR(schedule.beta(t), 1e-3 + (0.03 - 1e-3) * (t - 1) / 999,
                1e-15);  // rounding of a number near 1
  }
}

// Betas are stated for T = 1000: another T adds about the same noise in all.
TEST(Schedule, LinearNoiseHardlyDependsOnTheNumberOfSteps) {
  const double log_1000 = std::log(make_schedule({.family = ScheduleFamily::Linear}, 1000).alpha_bar.back());
  for (const int num_steps : {500, 2000, 4000}) {
    const double log_T =
        std::log(make_schedule({.family = ScheduleFamily::Linear}, num_steps).alpha_bar.back());
    // ln(1 - beta) = -beta - beta²/2: the second term is at most 1 % of the first at T = 1000, 2 % at 500.
    EXPECT_NEAR(log_T / log_1000, 1, 0.02) << num_steps;
  }
}

TEST(Schedule, CosineIsTheCosineSquared) {
  for (const double offset : {0.0, 0.008, 0.5}) {
    const Schedule schedule = make_schedule({.family = ScheduleFamily::Cosine, .offset = offset}, 1000);
    const auto f = [&](int t) {
      return std::pow(std::cos((t / 1000.0 + offset) / (1 + offset) * std::numbers::pi / 2), 2);
    };
    for (int t = 0; t < 998; ++t) {  // the last betas are capped
      // 1000 factors, each rounded to 1e-16
      EXPECT_NEAR(schedule.alpha_bar[static_cast<std::size_t>(t)] / (f(t) / f(0)), 1, 1e-12) << t;
    }
  }
}

// 1 / T of the signal a step: alpha_bar is 1 - t / T up to the floors and the end at 2, one 1 / T each.
TEST(Schedule, ConstantRateErasesAConstantPartOfTheSignal) {
  for (const int num_steps : {40, 500, 1000}) {
    const Schedule schedule = make_schedule({.family = ScheduleFamily::ConstantRate}, num_steps);
    for (int t = 0; t <= num_steps; ++t) {
      EXPECT_NEAR(schedule.alpha_bar[static_cast<std::size_t>(t)], 1 - static_cast<double>(t) / num_steps,
                  1.0 / num_steps + 1e-3);
    }
  }
}

TEST(LogSnr, IsTheLogOfSignalOverNoise) {
  EXPECT_EQ(log_snr(0.5), 0);
  EXPECT_NEAR(log_snr(0.9), std::log(9), 1e-15);  // rounding
  EXPECT_NEAR(log_snr(1e-12), std::log(1e-12), 1e-11);
  EXPECT_EQ(log_snr(1), std::numeric_limits<double>::infinity());
}

TEST(RhoSchedule, HasEdmsLevels) {
  const json levels = read_golden("golden.json")["derived"]["edm.sigmas_N18"]["value"];
  const Schedule schedule = make_schedule({.family = ScheduleFamily::Rho}, 18);
  ASSERT_EQ(schedule.num_steps(), 18);
  for (int t = 0; t <= 18; ++t) {
    const double expected = levels[static_cast<std::size_t>(18 - t)];
    // alpha_bar is rounded to 1e-16 of 1: 1e-11 of 1 - alpha_bar at the smallest level.
    EXPECT_NEAR(noise_level(schedule.alpha_bar[static_cast<std::size_t>(t)]), expected, 1e-9 * expected);
  }
}

TEST(RhoSchedule, OneStepIsTheLargestLevel) {
  const Schedule schedule = make_schedule({.family = ScheduleFamily::Rho, .sigma_max = 20}, 1);
  EXPECT_NEAR(noise_level(schedule.alpha_bar[1]), 20, 1e-12);
}

TEST(RhoSchedule, ItsChartPassesThroughEachStep) {
  const ScheduleSpec spec{.family = ScheduleFamily::Rho, .rho = 3, .sigma_max = 40, .sigma_min = 0.01};
  const Schedule steps = make_schedule(spec, 20), chart = make_rho_schedule(spec, 20, 1000);
  ASSERT_EQ(chart.num_steps(), 1000);
  for (std::size_t t = 0; t <= 20; ++t) {
    EXPECT_NEAR(chart.alpha_bar[50 * t], steps.alpha_bar[t], 1e-14);
  }
  for (std::size_t t = 1; t <= 1000; ++t) EXPECT_LT(chart.alpha_bar[t], chart.alpha_bar[t - 1]);
}

TEST(LogLevelSchedule, CountsTheLogarithmOfTheLevel) {
  const Schedule schedule = make_log_level_schedule(0.002, 80, 1000);
  EXPECT_EQ(schedule.alpha_bar[0], 1);
  EXPECT_NEAR(noise_level(schedule.alpha_bar[1000]), 80, 1e-11);
  EXPECT_NEAR(noise_level(schedule.alpha_bar[500]), std::sqrt(0.002 * 80), 1e-12);
  for (const double level : {0.003, 0.1, 1.0, 33.0}) {
    EXPECT_NEAR(alpha_bar_of(level) * level * level, 1 - alpha_bar_of(level), 1e-15);
    EXPECT_NEAR(noise_level(alpha_bar_of(level)), level, 1e-10 * level);
  }
}

}  // namespace
}  // namespace undiffuse
