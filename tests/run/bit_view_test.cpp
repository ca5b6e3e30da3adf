#include "core/run/toys/bit_view.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/run/toys/toy_data.h"
#include "core/run/toys/toy_run.h"
#include "support/files.h"

namespace undiffuse {
namespace {

ToyModel heartbeat_model() {
  Result<ToyModel> model = load_toy(read_repository_file("weights/toys/heartbeat.safetensors"));
  EXPECT_TRUE(model) << (model ? "" : model.error().message);
  return std::move(*model);
}

TEST(FlipChance, IsTheChanceOfTheOtherBit) {
  const Bits x_t{{0.0f, 1.0f}}, f_b{{0.25f, 0.25f}};
  const Bits flips = flip_chance(x_t, f_b);
  EXPECT_EQ(flips(0, 0), 0.25f);
  EXPECT_EQ(flips(0, 1), 0.75f);
}

// Over many bits, the share that flips is the mean chance: five of its standard errors, each bit's variance
// at most its chance.
TEST(FlipChance, IsHowOftenARunFlips) {
  const ToyModel model = heartbeat_model();
  BitRun run(model, 50, 200, 1);
  double expected = 0, flipped = 0;
  while (run.work()) {
    const int step = run.available() - 1;
    expected += flip_chance(run.state(step), run.chance(step)).sum();
    flipped += (run.state(step + 1) - run.state(step)).abs().sum();
  }
  EXPECT_GT(expected, 100);
  EXPECT_NEAR(flipped, expected, 5 * std::sqrt(expected));
}

TEST(ValidSequences, AreThePatternsAndNothingElse) {
  const BitPatterns data = heartbeats();
  Bits x(20, 7);
  x.leftCols(5) = data.patterns();
  x.col(5) = data.patterns().col(0);
  x(3, 5) = 1 - x(3, 5);
  x.col(6).setZero();
  const Bits valid = valid_sequences(data, x);
  EXPECT_TRUE((valid.leftCols(5) == 1).all());
  EXPECT_EQ(valid(0, 5), 0);
  EXPECT_EQ(valid(0, 6), 0);
}

TEST(ValidSequences, NearlyAllAtTheEndOfAWholeRun) {
  const ToyModel model = heartbeat_model();
  BitRun run(model, model.schedule.num_steps(), 64, 1);
  while (run.work()) {
  }
  // weights/toys/measured.json: 99.7 % of 1,000. Fewer than 60 of 64 has a chance below 1e-6.
  EXPECT_GE(valid_sequences(heartbeats(), run.state(run.num_steps())).sum(), 60);
  EXPECT_LE(valid_sequences(heartbeats(), run.state(0)).sum(), 3) << "five sequences of 2^20";
}

TEST(DescribeBitBound, HasTheReferenceLines) {
  const ToyModel model = heartbeat_model();
  const BitPatterns data = heartbeats();
  const int steps = 20, draws = affordable_draws(steps);
  const ToyBound bound =
      measure_bits(data, model.base_rate, model.schedule, toy_times(2000, steps), &model, draws, 1);
  const auto json = nlohmann::json::parse(describe_bit_bound(bound, data));
  EXPECT_NEAR(json["data"].get<double>(), -2.3219, 1e-4);   // log2(1/5)
  EXPECT_NEAR(json["null"].get<double>(), -14.4386, 1e-4);  // -20 H2(0.2)
  EXPECT_EQ(json["model"]["bits"].get<double>(), bound.model.bits);
  EXPECT_EQ(json["best"]["error"].get<double>(), bound.best.error);
  EXPECT_LT(json["model"]["bits"], json["best"]["bits"]);
  EXPECT_LT(json["best"]["bits"], json["data"]) << "no factorised step is the truth";
}

TEST(AffordableDraws, FewerWhereStepsAreMany) {
  EXPECT_EQ(affordable_draws(2), 400);
  EXPECT_EQ(affordable_draws(200), 100);
  EXPECT_EQ(affordable_draws(2000), 10);
}

}  // namespace
}  // namespace undiffuse
