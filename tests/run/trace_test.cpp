#include "core/run/trace.h"

#include <gtest/gtest.h>

#include <vector>

namespace undiffuse {
namespace {

constexpr size_t kStateSize = 100;  // floats
constexpr size_t kStateBytes = kStateSize * sizeof(float);

std::vector<float> state(int step) { return std::vector<float>(kStateSize, static_cast<float>(step)); }

void fill(Trace& trace, int num_steps) {
  trace.put_state(0, state(0));
  for (int step = 0; step < num_steps; ++step) {
    trace.put_record(step, {state(step), state(1000 + step), state(2000 + step), {}});
    trace.put_state(step + 1, state(step + 1));
  }
}

TEST(Trace, KeepsEverythingThatFits) {
  Trace trace(50, {kStateSize}, (4 * 50 + 1) * kStateBytes);
  fill(trace, 50);
  EXPECT_EQ(trace.keyframe_stride(), 1);
  for (int step = 0; step < 50; ++step) {
    ASSERT_TRUE(trace.has(step));
    EXPECT_EQ(trace.record(step).x_t[7], static_cast<float>(step));
    EXPECT_EQ(trace.record(step).x0_hat[0], static_cast<float>(1000 + step));
    EXPECT_EQ(trace.record(step).x0_var[99], static_cast<float>(2000 + step));
  }
  EXPECT_EQ(trace.nearest_state(50).step, 50);
}

TEST(Trace, StaysWithinItsBudgetOnKeyframesAndAWindow) {
  for (size_t states : {10, 40, 100, 399}) {
    const size_t budget = states * kStateBytes;
    Trace trace(100, {kStateSize}, budget);
    fill(trace, 100);
    EXPECT_LE(trace.bytes(), budget) << states << " states";
    EXPECT_TRUE(trace.has(99));
    EXPECT_FALSE(trace.has(0));
    for (int step = 0; step <= 100; ++step) {
      const Trace::State kept = trace.nearest_state(step);
      EXPECT_LE(kept.step, step);
      EXPECT_LT(step - kept.step, trace.keyframe_stride());
      EXPECT_EQ(kept.values[3], static_cast<float>(kept.step));
    }
  }
}

TEST(Trace, ASecondAnswerAndALargerStateCountAgainstTheBudget) {
  const TraceLayout layout{.image_size = kStateSize, .state_images = 2, .record_images = 4};
  const std::vector<float> both(2 * kStateSize, 7.0f);
  for (const size_t images : {12, 20, 60, 2 * 101 + 400}) {
    Trace trace(100, layout, images * kStateBytes);
    trace.put_state(0, both);
    for (int step = 0; step < 100; ++step) {
      const std::vector<float> second = state(3000 + step);
      trace.put_record(step, {state(step), state(1000 + step), state(2000 + step), second});
      trace.put_state(step + 1, both);
    }
    EXPECT_LE(trace.bytes(), images * kStateBytes) << images << " images";
    EXPECT_EQ(trace.record(99).x0_hat_2[5], 3099.0f);
    EXPECT_EQ(trace.nearest_state(50).values.size(), 2 * kStateSize);
    EXPECT_EQ(trace.has(0), images == 2 * 101 + 400);  // exactly enough for everything
  }
}

TEST(Trace, AStepWithoutItsSecondAnswerHoldsZeros) {
  Trace trace(2, {.image_size = kStateSize, .record_images = 4}, 1 << 20);
  trace.put_record(0, {state(1), state(2), state(3), {}});
  EXPECT_EQ(trace.record(0).x0_hat_2.size(), kStateSize);
  EXPECT_EQ(trace.record(0).x0_hat_2[9], 0.0f);
}

TEST(Trace, HoldsOneRecordWhateverTheBudget) {
  Trace trace(1000, {kStateSize}, 1);
  fill(trace, 1000);
  EXPECT_TRUE(trace.has(999));
  EXPECT_EQ(trace.nearest_state(400).step, 0);
}

}  // namespace
}  // namespace undiffuse
