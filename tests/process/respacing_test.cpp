#include "core/process/respacing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/process/forward_kernel.h"

namespace undiffuse {
namespace {

std::vector<Schedule> families(int num_steps) {
  return {make_schedule({.family = ScheduleFamily::Linear}, num_steps),
          make_schedule({.family = ScheduleFamily::Cosine}, num_steps),
          make_schedule({.family = ScheduleFamily::ConstantRate}, num_steps)};
}

double at(const Schedule& schedule, int t) { return schedule.alpha_bar[static_cast<std::size_t>(t)]; }

TEST(RespacedTimes, AreRoundedEvenlySpacedTimes) {
  for (const int total : {1, 2, 10, 100, 255, 999, 1000}) {
    for (int steps = 1; steps <= total; ++steps) {
      const std::vector<int> times = respaced_times(total, steps);
      ASSERT_EQ(times.size(), static_cast<std::size_t>(steps) + 1);
      ASSERT_EQ(times.front(), total);
      ASSERT_EQ(times.back(), 0);
      for (int i = 0; i <= steps; ++i) {
        // The quotient is a half or misses it by 1 / (2 S), far more than its rounding.
        const double exact = static_cast<double>(steps - i) * total / steps;
        ASSERT_EQ(times[static_cast<std::size_t>(i)], static_cast<int>(std::floor(exact + 0.5)));
      }
      for (std::size_t i = 1; i < times.size(); ++i) {
        const int jump = times[i - 1] - times[i];
        ASSERT_GE(jump, total / steps);
        ASSERT_LE(jump, (total + steps - 1) / steps);
      }
    }
  }
}

TEST(RespacedTimes, HalvesGoUp) {
  EXPECT_EQ(respaced_times(10, 4), (std::vector<int>{10, 8, 5, 3, 0}));
  EXPECT_EQ(respaced_times(1000, 4), (std::vector<int>{1000, 750, 500, 250, 0}));
  EXPECT_EQ(respaced_times(7, 1), (std::vector<int>{7, 0}));
}

TEST(RespacedTimes, AllStepsAreTheScheduleItself) {
  const std::vector<int> times = respaced_times(1000, 1000);
  for (int i = 0; i <= 1000; ++i) EXPECT_EQ(times[static_cast<std::size_t>(i)], 1000 - i);
}

// However few the steps, they add up to the same forward process.
TEST(RespacedTimes, BetasMultiplyToTheSameAlphaBar) {
  for (const Schedule& schedule : families(1000)) {
    for (const int steps : {1, 2, 3, 7, 50, 333, 1000}) {
      const std::vector<int> times = respaced_times(1000, steps);
      double product = 1;
      for (std::size_t i = times.size() - 1; i > 0; --i) {
        product *= 1 - q_posterior(at(schedule, times[i - 1]), at(schedule, times[i])).beta;
        // One rounding of 1e-16 for each factor, over the factor: alpha is at least 1e-8 here.
        ASSERT_NEAR(product / at(schedule, times[i - 1]), 1, 1e-7);
      }
    }
  }
}

TEST(ModelTime, TheOwnTableGivesTBack) {
  for (const Schedule& schedule : families(1000)) {
    for (int t = 1; t <= 1000; ++t) EXPECT_EQ(model_time(schedule, at(schedule, t)), t);
  }
}

TEST(ModelTime, IsClampedToTheTrainedRange) {
  for (const Schedule& schedule : families(1000)) {
    EXPECT_EQ(model_time(schedule, 1.0), 1);
    EXPECT_EQ(model_time(schedule, 0.5 * (1 + at(schedule, 1))), 1);
    EXPECT_EQ(model_time(schedule, 0.5 * at(schedule, 1000)), 1000);
    EXPECT_EQ(model_time(schedule, 1e-300), 1000);
  }
}

TEST(ModelTime, FallsAsTheSignalGrows) {
  for (const Schedule& schedule : families(100)) {
    double last = 101;
    for (double logit = -25; logit <= 25; logit += 0.01) {
      const double t = model_time(schedule, 1 / (1 + std::exp(-logit)));
      EXPECT_LE(t, last);
      last = t;
    }
    EXPECT_EQ(last, 1);
  }
}

// Log-SNR of a table at a fractional t, linear between its rows: the trainer's own rule.
double log_snr_at(const Schedule& schedule, double t) {
  const int row = std::min(static_cast<int>(t), schedule.num_steps() - 1);
  const double part = t - row;
  return log_snr(at(schedule, row)) * (1 - part) + log_snr(at(schedule, row + 1)) * part;
}

TEST(ModelTime, HalfwayInLogSnrIsHalfwayInT) {
  for (const Schedule& schedule : families(1000)) {
    for (const int t : {1, 10, 500, 998, 999}) {
      const double halfway = 0.5 * (log_snr(at(schedule, t)) + log_snr(at(schedule, t + 1)));
      // The rows' log-SNRs differ by 1e-3 or more and are rounded to 1e-14.
      EXPECT_NEAR(model_time(schedule, 1 / (1 + std::exp(-halfway))), t + 0.5, 1e-9);
    }
  }
}

// The schedule is a sampling choice: a state of any schedule has a t that means the same noise.
TEST(ModelTime, AnotherSchedulesStateKeepsItsLogSnr) {
  const std::vector<Schedule> all = families(1000);
  for (const Schedule& trained : all) {
    for (const Schedule& sampled : all) {
      for (int t = 1; t <= 1000; ++t) {
        const double alpha_bar = at(sampled, t);
        if (alpha_bar > at(trained, 1) || alpha_bar < trained.alpha_bar.back()) continue;
        EXPECT_NEAR(log_snr_at(trained, model_time(trained, alpha_bar)), log_snr(alpha_bar),
                    1e-11);  // rounding
      }
    }
  }
}

// A model trained on noise levels (EDM): t = T (ln sigma - ln sigma_min) / (ln sigma_max - ln sigma_min).
TEST(ModelTime, OfLogLevelsIsTheLogarithm) {
  const Schedule trained = make_log_level_schedule(0.002, 80, 1000);
  for (const double level : {0.0025, 0.05, 0.5, 7.0, 79.0}) {
    const double expected = 1000 * std::log(level / 0.002) / std::log(80 / 0.002);
    // alpha_bar's rounding over 1 - alpha_bar = 6e-6 in the logarithm, times 1000 / 10.6.
    EXPECT_NEAR(model_time(trained, alpha_bar_of(level)), expected, 1e-8);
  }
  EXPECT_EQ(model_time(trained, alpha_bar_of(20000)), 1000);
  EXPECT_EQ(model_time(trained, alpha_bar_of(1e-5)), 1);
}

TEST(Trajectory, IsTheRespacedTable) {
  for (const ScheduleFamily family :
       {ScheduleFamily::Linear, ScheduleFamily::Cosine, ScheduleFamily::ConstantRate}) {
    const Schedule trained = make_schedule({}, 1000), table = make_schedule({.family = family}, 1000);
    const auto points = make_trajectory({.family = family}, trained, 30);
    const std::vector<int> times = respaced_times(1000, 30);
    ASSERT_EQ(points.size(), 31u);
    for (std::size_t i = 0; i < points.size(); ++i) {
      EXPECT_EQ(points[i].t, times[i]);
      EXPECT_EQ(points[i].alpha_bar, at(table, times[i]));
    }
  }
}

TEST(Trajectory, OfRhoIsItsLevelsWithoutTimes) {
  const ScheduleSpec spec{.family = ScheduleFamily::Rho, .rho = 5, .sigma_max = 30, .sigma_min = 0.02};
  const Schedule trained = make_schedule({}, 1000), table = make_schedule(spec, 12);
  const auto points = make_trajectory(spec, trained, 12);
  ASSERT_EQ(points.size(), 13u);
  for (int i = 0; i <= 12; ++i) {
    EXPECT_EQ(points[static_cast<std::size_t>(i)].alpha_bar, at(table, 12 - i));
    EXPECT_EQ(points[static_cast<std::size_t>(i)].t, i < 12 ? kNoTime : 0);
  }
}

TEST(Trajectory, OfRhoStaysWithinWhatTheModelKnows) {
  const Schedule linear = make_schedule({.family = ScheduleFamily::Linear}, 1000);  // levels 0.01 to 157
  const ScheduleSpec widest{.family = ScheduleFamily::Rho, .sigma_max = 1e6, .sigma_min = 1e-6};
  const auto points = make_trajectory(widest, linear, 10);
  EXPECT_NEAR(noise_level(points[0].alpha_bar), 80, 1e-9);
  EXPECT_NEAR(points[9].alpha_bar, at(linear, 1), 1e-15);
  const Schedule narrow = make_log_level_schedule(0.1, 10, 1000);
  const ScheduleSpec inside = within_trained_levels(widest, narrow);
  EXPECT_NEAR(inside.sigma_max, 10, 1e-12);
  EXPECT_NEAR(inside.sigma_min, 0.1 * std::pow(100, 1e-3), 1e-12);
  const ScheduleSpec above{.family = ScheduleFamily::Rho, .sigma_max = 0.05, .sigma_min = 0.01};
  EXPECT_LT(within_trained_levels(above, narrow).sigma_min, within_trained_levels(above, narrow).sigma_max);
}

}  // namespace
}  // namespace undiffuse
