// What a block of the network puts out in a step of a run.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/process/respacing.h"
#include "core/run/describe.h"
#include "core/run/session.h"
#include "support/files.h"
#include "support/run_graph.h"

namespace undiffuse {
namespace {

// As for whole calls (parity_test.cpp): the same float sums in another order.
constexpr double kParityTol = 1e-4;

class FeatureTest : public testing::Test {
 protected:
  void open(const std::string& settings, SessionOptions options = {}) {
    session_ = std::make_unique<Session>(options);
    session_->apply(settings);
    ASSERT_TRUE(session_->open_model(default_weights()).ok());
  }

  std::vector<float> field(int step, int sample, Field field) const {
    std::vector<float> out(static_cast<size_t>(session_->model().image.image_size()));
    EXPECT_TRUE(session_->field(step, sample, field, out));
    return out;
  }

  std::vector<float> feature(int step, int sample, int block) {
    const Shape& shape = session_->blocks().blocks[static_cast<size_t>(block)].output;
    std::vector<float> out(static_cast<size_t>(shape.image_size()), -99.0f);
    EXPECT_TRUE(session_->feature(step, sample, block, out)) << "step " << step << " block " << block;
    return out;
  }

  int num_blocks() const { return static_cast<int>(session_->blocks().blocks.size()); }
  int head() const { return num_blocks() - 1; }

  // The reference's buffers for the call that the step made of this image, put together from the record.
  std::map<std::string, std::vector<float>> reference(int step, int sample, int label) const {
    const Stage& stage = session_->table()[static_cast<size_t>(step)];
    std::vector<float> x = field(step, sample, Field::XHat);
    const auto scale =
        static_cast<float>(to_x0(session_->model().parameterization(), stage.churn.alpha_bar).on_input);
    for (float& value : x) value *= scale;
    const auto t = static_cast<float>(model_time(session_->model().trained, stage.churn.alpha_bar));
    return run_reference(model_->graph, {x, std::span(&t, 1), std::span(&label, 1)});
  }

  void expect_reference(int step, int sample, int block, int label) {
    const auto& shown = session_->blocks().blocks[static_cast<size_t>(block)];
    const auto& name = model_->graph.buffers[static_cast<size_t>(shown.output_buffer)].name;
    EXPECT_LE(relative_difference(feature(step, sample, block), reference(step, sample, label).at(name)),
              kParityTol)
        << shown.name << " at step " << step << " of image " << sample;
  }

  std::unique_ptr<Session> session_;
  Result<Model> model_ = load_model(default_weights());
};

TEST_F(FeatureTest, RandomBlocksAtRandomStepsAreTheReferences) {
  open("steps=10&images=4&class=each");  // guided: the conditional call is shown
  ASSERT_TRUE(session_->guided());
  session_->run();
  for (std::uint32_t i = 0; i < 8; ++i) {
    const auto random = philox4x32({i, 0, 0, 0}, {3, 1});
    const int sample = static_cast<int>(random[1] % 4);
    expect_reference(static_cast<int>(random[0] % 10), sample,
                     static_cast<int>(random[2] % static_cast<std::uint32_t>(num_blocks())), sample);
  }
}

TEST_F(FeatureTest, ChurnAndOtherSchedulesShowWhatTheNetworkWasShown) {
  open("steps=6&sampler=edm-heun&schedule=rho&churn=4&class=7");
  session_->run();
  for (const int step : {0, 2, 4}) expect_reference(step, 0, num_blocks() / 2, 7);
}

// Unguided, the head's first channel is what the run took for its answer.
TEST_F(FeatureTest, TheHeadIsTheRawOutput) {
  open("steps=5&guidance=1");
  session_->run();
  for (int step = 0; step < 5; ++step) {
    const std::vector<float> raw = feature(step, 0, head()), v = field(step, 0, Field::MeanOutput);
    ASSERT_EQ(raw.size(), 2 * v.size());
    // The record keeps x0_hat; v comes back from it in float32, worst where the step is nearly clean.
    for (size_t i = 0; i < v.size(); ++i) ASSERT_NEAR(raw[2 * i], v[i], 2e-3) << step;
  }
}

TEST_F(FeatureTest, LookingChangesNoBitOfTheRun) {
  const std::string settings = "steps=6&images=4&class=each";
  open(settings, {.images_per_slice = 1});
  Session alone({.images_per_slice = 1});
  alone.apply(settings);
  ASSERT_TRUE(alone.open_model(default_weights()).ok());
  std::vector<float> expected(28 * 28);
  for (int step = 0; step < 6; ++step) {
    while (!session_->work(step)) {
      if (step > 0) feature(step - 1, step % 4, step);  // in the middle of a step's slices
    }
    alone.compute(step);
    ASSERT_TRUE(alone.field(step, 2, Field::XPrev, expected));
    EXPECT_EQ(field(step, 2, Field::XPrev), expected) << step;
  }
}

TEST_F(FeatureTest, IsTheSameAfterTheRecordCameAgain) {
  open("steps=20", {.trace_bytes = 6 * 28 * 28 * sizeof(float)});
  session_->compute(3);
  const std::vector<float> first = feature(3, 0, 9);
  session_->run();
  std::vector<float> out(first.size());
  EXPECT_FALSE(session_->feature(3, 0, 9, out)) << "its record is gone";
  session_->compute(3);
  EXPECT_EQ(feature(3, 0, 9), first);
}

TEST_F(FeatureTest, AsksForNothingThatIsNotThere) {
  open("steps=5");
  std::vector<float> out(28 * 28 * 2);
  EXPECT_FALSE(session_->feature(0, 0, head(), out)) << "not computed yet";
  session_->compute(0);
  EXPECT_TRUE(session_->feature(0, 0, head(), out));
  EXPECT_FALSE(session_->feature(5, 0, head(), out));
  EXPECT_FALSE(session_->feature(0, 1, head(), out));
  EXPECT_FALSE(session_->feature(0, 0, num_blocks(), out));
  EXPECT_FALSE(session_->feature(0, 0, -1, out));
}

TEST_F(FeatureTest, TheDescriptionHasEveryBlock) {
  open("steps=5");
  const nlohmann::json network = nlohmann::json::parse(describe_run(*session_))["network"];
  ASSERT_EQ(network["blocks"].size(), static_cast<size_t>(num_blocks()));
  std::int64_t sum = 0;
  for (const auto& block : network["blocks"]) sum += block["parameters"].get<std::int64_t>();
  EXPECT_EQ(network["parameters"], sum);
  EXPECT_EQ(network["blocks"].back()["output"], nlohmann::json({28, 28, 2}));
  EXPECT_EQ(network["blocks"].back()["name"], "head");
  EXPECT_EQ(network["edges"].size(), session_->blocks().edges.size());
  EXPECT_EQ(network["levels"].size(), 3u);
}

}  // namespace
}  // namespace undiffuse
