// The toys' thread, without a window: what it shows is what the core computes.
#include "native/app/toy_runner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "support/files.h"

namespace undiffuse {
namespace {

class ToyRunnerTest : public testing::Test {
 protected:
  ToySnapshot wait_for(const std::function<bool(const ToySnapshot&)>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < end) {
      ToySnapshot snapshot = runner_.snapshot();
      if (condition(snapshot)) return snapshot;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ADD_FAILURE() << "waited in vain";
    return runner_.snapshot();
  }
  ToySnapshot wait_for_scene(const ToyChoice& choice) {
    return wait_for([&](const ToySnapshot& s) { return s.scene && s.scene->choice == choice; });
  }

  std::atomic<int> news_ = 0;
  ToyRunner runner_{repository_path("weights/toys"), [this] { ++news_; }};
};

ToyModel model_of(const std::string& name) {
  Result<ToyModel> model = load_toy(read_repository_file("weights/toys/" + name + ".safetensors"));
  EXPECT_TRUE(model.ok());
  return std::move(*model);
}

TEST_F(ToyRunnerTest, MakesARunOfPointsAndLooksAtAPlaceOfIt) {
  const ToyChoice choice{"swiss-roll-radial-basis", 5, 3};
  runner_.look_at(choice, {2, {0.5f, -0.5f}});
  const ToySnapshot shown = wait_for([](const ToySnapshot& s) { return s.look != nullptr; });
  const ToyModel model = model_of(choice.model);
  PointRun expected(model, 5, 2000, 3);
  while (expected.work()) {
  }
  EXPECT_TRUE((shown.scene->points->state(5) == expected.state(5)).all());
  const auto& times = expected.times();
  const ReverseComparison reverse = compare_reverse(model, swiss_roll(), times[2], times[3], {0.5f, -0.5f});
  EXPECT_EQ(shown.look->reverse.kl_bits, reverse.kl_bits);
  runner_.look_at(choice, {5, {0.5f, -0.5f}});
  const ToySnapshot end =
      wait_for([](const ToySnapshot& s) { return s.look && s.look->place.position == 5; });
  EXPECT_NE(end.look->density, shown.look->density);
  EXPECT_GT(news_, 2);
}

TEST_F(ToyRunnerTest, MakesARunOfBitsAndMeasuresItsBound) {
  const ToyChoice choice{"heartbeat", 20, 1};
  runner_.look_at(choice, {});
  const ToySnapshot shown = wait_for([](const ToySnapshot& s) { return s.bound != nullptr; });
  const ToyModel model = model_of("heartbeat");
  BitRun expected(model, 20, 64, 1);
  while (expected.work()) {
  }
  EXPECT_TRUE((shown.scene->bits->state(20) == expected.state(20)).all());
  const ToyBound bound = measure_bits(heartbeats(), model.base_rate, model.schedule, expected.times(), &model,
                                      affordable_draws(20), 1);
  EXPECT_EQ(shown.bound->steps, 20);
  EXPECT_EQ(shown.bound->bound.model.bits, bound.model.bits);
}

TEST_F(ToyRunnerTest, TheNewestWishWins) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) runner_.look_at({"heartbeat", 2000, seed}, {});
  runner_.look_at({"swiss-roll-radial-basis", 4, 1}, {});
  const ToySnapshot shown = wait_for_scene({"swiss-roll-radial-basis", 4, 1});
  EXPECT_EQ(shown.scene->num_steps(), 4);
}

TEST_F(ToyRunnerTest, SaysWhyThereIsNoRun) {
  runner_.look_at({"no-such-toy", 4, 1}, {});
  const ToySnapshot shown = wait_for([](const ToySnapshot& s) { return !s.complaint.empty(); });
  EXPECT_NE(shown.complaint.find("no-such-toy"), std::string::npos);
  runner_.look_at({"swiss-roll-radial-basis", 4, 1}, {});
  EXPECT_EQ(wait_for_scene({"swiss-roll-radial-basis", 4, 1}).complaint, "");
}

}  // namespace
}  // namespace undiffuse
