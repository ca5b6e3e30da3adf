#include "core/run/toys/toy_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "core/process/bernoulli.h"
#include "core/process/reverse_transition.h"
#include "core/run/toys/toy_data.h"
#include "support/tiny_toy.h"

namespace undiffuse {
namespace {

ToyModel loaded(const TinyToy& toy) {
  Result<ToyModel> model = load_toy(to_bytes(tiny_toy(toy)));
  EXPECT_TRUE(model.ok()) << (model ? "" : model.error().message);
  return std::move(*model);
}

Points some_points() {
  Points x(2, 3);
  x << 0.3f, -1, 2, 0.1f, 0.7f, -0.4f;
  return x;
}

TEST(ToyData, SwissRollHasMeanZeroAndUnitVariance) {
  const Mixture roll = swiss_roll().noisy(1);
  EXPECT_NEAR(roll.total_mean().abs().maxCoeff(), 0, 1e-14);
  EXPECT_NEAR(roll.total_var().mean(), 1, 1e-14);
  EXPECT_DOUBLE_EQ(roll.var, kRollThickness * kRollThickness);
}

// A row of Gaussians h apart is smooth to 2 exp(-2 pi² sigma² / h²).
TEST(ToyData, SwissRollIsSmoothAlongItself) {
  const Eigen::Array2Xd points = swiss_roll().centres();
  const Eigen::Index n = points.cols();
  const double apart =
      (points.rightCols(n - 1) - points.leftCols(n - 1)).square().colwise().sum().sqrt().maxCoeff();
  EXPECT_LT(2 * std::exp(-2 * std::pow(std::numbers::pi * kRollThickness / apart, 2)), 1e-14);
}

TEST(ToyData, HeartbeatsBeatEveryFifthBit) {
  const BitPatterns data = heartbeats();
  EXPECT_EQ(data.size(), 20);
  EXPECT_EQ(data.count(), 5);
  EXPECT_TRUE((data.patterns().colwise().sum() == 4).all());
  EXPECT_TRUE((data.patterns().rowwise().sum() == 1).all());
  EXPECT_DOUBLE_EQ(data.patterns().mean(), static_cast<double>(static_cast<float>(kHeartbeatRate)));
}

TEST(RollSchedule, ReplacesTheFirstBetaAndNoOther) {
  const Schedule own = make_schedule({.family = ScheduleFamily::Cosine}, 40);
  const Schedule roll = roll_schedule({.family = ScheduleFamily::Cosine}, 40);
  EXPECT_NEAR(roll.beta(1), kRollFirstBeta, 1e-15);
  for (int t = 2; t <= 40; ++t) EXPECT_NEAR(roll.beta(t), own.beta(t), 1e-12);
}

TEST(ToyTimes, EndWithTheFixedStep) {
  EXPECT_EQ(toy_times(5, 5), (std::vector<int>{5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(toy_times(40, 2), (std::vector<int>{40, 1, 0}));
  EXPECT_EQ(toy_times(40, 4), (std::vector<int>{40, 27, 14, 1, 0}));
}

// v = 0 and r = 0 answer x0_hat = sqrt(alpha_bar) x_t and x0_var = 1 - alpha_bar: of data N(0, I), which walk
// the same way in both directions.
TEST(PointStep, OfTheNullModelIsTheForwardKernel) {
  for (const bool radial_basis : {false, true}) {
    const ToyModel model = loaded({.radial_basis = radial_basis});
    const Points x_t = some_points();
    for (int t = 1; t <= 5; ++t) {
      const PointStep step = point_step(model, t, t - 1, x_t);
      const double beta = model.schedule.beta(t);
      // A few roundings of float.
      EXPECT_LT((step.mu - static_cast<float>(std::sqrt(1 - beta)) * x_t).abs().maxCoeff(), 1e-6);
      EXPECT_LT((step.sigma - static_cast<float>(std::sqrt(beta))).abs().maxCoeff(), 1e-6);
    }
  }
}

TEST(PointStep, FollowsFromTheAnswer) {
  const ToyModel model = loaded({.readout_scale = 0.5f});
  const Points x_t = some_points();
  const PointAnswer answer = answer_points(model, 4, x_t);
  const ReverseTransition p =
      reverse_transition(model.schedule.alpha_bar[4], model.schedule.alpha_bar[2], Variance::Learned);
  const PointStep step = point_step(model, 4, 2, x_t);
  for (Eigen::Index i = 0; i < x_t.size(); ++i) {
    EXPECT_NEAR(step.mu(i), p.on_x0 * answer.x0_hat(i) + p.on_x * x_t(i), 1e-6);
    EXPECT_NEAR(step.sigma(i), std::sqrt(p.var_const + p.var_on_x0_var * answer.x0_var(i)), 1e-6);
  }
}

TEST(BitStep, OfTheNullModelIsTheForwardKernel) {
  const ToyModel model = loaded({.bits = true, .size = 4, .readouts = 3});
  Bits x_t(4, 2);
  x_t << 0, 1, 1, 1, 0, 0, 1, 0;
  for (int t = 1; t <= 5; ++t) {
    const Bits f_b = bit_step(model, t, t - 1, x_t);
    for (Eigen::Index i = 0; i < f_b.size(); ++i) {
      EXPECT_NEAR(f_b(i), bernoulli_forward(x_t(i), 1 - model.schedule.beta(t), 0.2), 1e-6);
    }
  }
}

// Two readouts on five steps: the middle step has their mean.
TEST(StepNetwork, InterpolatesReadouts) {
  const ToyModel model = loaded({.readouts = 2, .readout_scale = 1});
  const Eigen::MatrixXf x = some_points().matrix();
  const Eigen::MatrixXf first = model.network.evaluate(1, x), last = model.network.evaluate(5, x);
  const Eigen::MatrixXf middle = model.network.evaluate(3, x);
  EXPECT_GT((first - last).norm(), 0.1);
  EXPECT_LT((middle - (first + last) / 2).norm(), 1e-6);
}

TEST(StepNetwork, RadialBasisUnitsSumToOne) {
  WeightsFile file = tiny_toy({.radial_basis = true});
  // A readout of ones and nothing else is the sum of the units, here and far from every centre.
  file.tensor("readout_weight") = f32_tensor("readout_weight", {5, 4, 6}, std::vector<float>(120, 1.0f));
  file.tensor("readout_bias") = f32_tensor("readout_bias", {5, 4}, std::vector<float>(20, 0.0f));
  const Result<ToyModel> model = load_toy(to_bytes(file));
  ASSERT_TRUE(model.ok());
  const Eigen::MatrixXf x = Eigen::MatrixXf::Constant(2, 1, 100);
  EXPECT_LT((model->network.evaluate(2, x).array() - 1).abs().maxCoeff(), 1e-6);
  EXPECT_LT((model->network.evaluate(2, some_points().matrix()).array() - 1).abs().maxCoeff(), 1e-6);
}

// ---- files that are refused

struct BadKey {
  const char *key, *value, *named;  // what the sentence must name
};

TEST(LoadToy, RefusesKeysWithASentenceThatNamesThem) {
  const BadKey bad[] = {{"format_version", "2", "format_version"},
                        {"architecture", "unet", "perceptron"},
                        {"activation", "relu", "tanh"},
                        {"data", "{\"kind\":\"images\"}", "'data'"},
                        {"data", "{\"kind\":\"points\",\"dimensions\":3}", "'data'"},
                        {"data", "{\"kind\":\"bits\",\"size\":0,\"base_rate\":0.2}", "'data'"},
                        {"data", "nothing", "'data'"},
                        {"prediction", "eps", "'prediction'"},
                        {"num_steps", "1", "'num_steps'"},
                        {"num_steps", "7", "readout"},
                        {"schedule", "{\"family\":\"cosine\"}", "'schedule'"}};
  for (const BadKey& row : bad) {
    WeightsFile file = tiny_toy();
    file.metadata[row.key] = row.value;
    const Result<ToyModel> model = load_toy(to_bytes(file));
    ASSERT_FALSE(model.ok()) << row.key << " = " << row.value;
    if (std::string(row.named) != "readout") {
      EXPECT_NE(model.error().message.find(row.named), std::string::npos) << model.error().message;
    }
  }
}

TEST(LoadToy, RefusesTensorsThatDoNotFit) {
  for (const char* name : {"hidden.weight.0", "hidden.bias.0", "readout_weight", "readout_bias", "beta"}) {
    WeightsFile file = tiny_toy();
    file.tensor(name) = f32_tensor(name, {1, 1}, {0.5f});
    EXPECT_FALSE(load_toy(to_bytes(file)).ok()) << name;
    std::erase_if(file.tensors, [&](const WrittenTensor& tensor) { return tensor.name == name; });
    EXPECT_FALSE(load_toy(to_bytes(file)).ok()) << name;
  }
  EXPECT_FALSE(load_toy(to_bytes(tiny_toy({.readouts = 6}))).ok());
}

TEST(LoadToy, RefusesBetasThatAreNoSchedule) {
  for (const float beta : {0.0f, 1.0f, -0.1f, 1.5f}) {
    const Result<ToyModel> model = load_toy(to_bytes(tiny_toy({.betas = {0.1f, beta, 0.1f, 0.1f, 0.1f}})));
    ASSERT_FALSE(model.ok());
    EXPECT_NE(model.error().message.find("'beta'"), std::string::npos);
  }
}

}  // namespace
}  // namespace undiffuse
