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

}  // namespace
}  // namespace undiffuse
