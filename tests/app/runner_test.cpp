// The network's thread, without a window: what it shows is what a session computes.
#include "native/app/runner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "native/files/files.h"
#include "support/files.h"

namespace undiffuse {
namespace {

class RunnerTest : public testing::Test {
 protected:
  static Settings settings_of(const std::string& text) { return parse_settings(text).settings; }

  Snapshot wait_for(const std::function<bool(const Snapshot&)>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < end) {
      Snapshot snapshot = runner_.snapshot();
      if (condition(snapshot)) return snapshot;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ADD_FAILURE() << "waited in vain";
    return runner_.snapshot();
  }
  Snapshot wait_for_step(int num_steps, int step, int sample) {
    return wait_for([&](const Snapshot& s) {
      return s.run && s.run->num_steps() == num_steps && s.now && s.now->step == step &&
             s.now->sample == sample;
    });
  }

  std::atomic<int> news_ = 0;
  Runner runner_{2, [this] { ++news_; }};
};

TEST_F(RunnerTest, ShowsWhatASessionComputes) {
  runner_.apply(settings_of("steps=6&images=4&class=each"));
  runner_.open(default_weights(), "model");
  runner_.look_at(5, 2);
  const Snapshot snapshot = wait_for_step(6, 5, 2);
  Session session;
  session.apply("steps=6&images=4&class=each");
  ASSERT_TRUE(session.open_model(default_weights()).ok());
  session.compute(5);
  std::vector<float> expected(28 * 28);
  for (int field = 0; field < kNumFields; ++field) {
    ASSERT_TRUE(session.field(5, 2, static_cast<Field>(field), expected));
    EXPECT_EQ(snapshot.now->fields[static_cast<size_t>(field)], expected) << field;
  }
  EXPECT_EQ(snapshot.now->batch.size(), 4u);
  EXPECT_GT(news_, 0);
}

TEST_F(RunnerTest, TheStripFillsUpAsFarAsTheRunHasCome) {
  runner_.apply(settings_of("steps=6"));
  runner_.open(default_weights(), "model");
  runner_.look_at(3, 0);
  const Snapshot snapshot =
      wait_for([](const Snapshot& s) { return s.strip.size() == 7 && !s.strip[3]->above.empty(); });
  EXPECT_EQ(snapshot.strip[0]->above.size(), 28u * 28);
  EXPECT_TRUE(snapshot.strip[5]->above.empty()) << "thumbnails never make the model run ahead";
}

TEST_F(RunnerTest, TheBoundComesOnceTheImageIsThere) {
  runner_.apply(settings_of("steps=6&images=4&class=each"));
  runner_.open(default_weights(), "model");
  runner_.look_at(2, 3, std::nullopt, true);
  EXPECT_EQ(wait_for_step(6, 2, 3).bound, nullptr) << "it never makes the model run ahead";
  runner_.look_at(5, 3, std::nullopt, true);
  const auto there = [](int sample) {
    return [=](const Snapshot& s) { return s.bound && s.bound->sample == sample && s.bound->curve.done(); };
  };
  const Snapshot snapshot = wait_for(there(3));
  Session session;
  session.apply("steps=6&images=4&class=each");
  ASSERT_TRUE(session.open_model(default_weights()).ok());
  session.run();
  RunBound expected(session.model(), session.engine(), subject_of(session, 3));
  while (!expected.work()) {
  }
  EXPECT_EQ(snapshot.bound->curve.total(), expected.curve().total());
  runner_.look_at(5, 1, std::nullopt, true);
  EXPECT_NE(wait_for(there(1)).bound->curve.total(), expected.curve().total()) << "of another image";
  runner_.apply(settings_of("steps=5&images=4&class=each"));
  wait_for([](const Snapshot& s) { return s.run->num_steps() == 5 && !s.bound; });
}

TEST_F(RunnerTest, ShowsWhatABlockOfTheNetworkPutsOut) {
  runner_.apply(settings_of("steps=6&images=4&class=each"));
  runner_.open(default_weights(), "model");
  Session session;
  session.apply("steps=6&images=4&class=each");
  ASSERT_TRUE(session.open_model(default_weights()).ok());
  for (const auto& [step, block] : {std::pair{5, 6}, {5, 14}, {1, 14}}) {
    runner_.look_at(step, 2, block);
    const Snapshot snapshot = wait_for([&, step = step, block = block](const Snapshot& s) {
      return s.now && s.now->step == step && s.features && s.features->step == step &&
             s.features->sample == 2 && s.features->block == block;
    });
    session.compute(step);
    std::vector<float> expected(snapshot.features->values.size());
    ASSERT_TRUE(session.feature(step, 2, block, expected));
    EXPECT_EQ(snapshot.features->values, expected) << "step " << step << " block " << block;
  }
  EXPECT_EQ(runner_.snapshot().run->places.places.size(), session.blocks().blocks.size());
}

TEST_F(RunnerTest, ABlockThatIsNotThereIsNoHindrance) {
  runner_.apply(settings_of("steps=3"));
  runner_.open(default_weights(), "model");
  runner_.look_at(2, 0, 99);
  EXPECT_EQ(wait_for_step(3, 2, 0).features, nullptr);
}

TEST_F(RunnerTest, EvidenceMakesAnotherRunAndStaysWithAnotherModelOfItsShape) {
  const Shape shape{1, 28, 28, 1};
  std::vector<float> image(28 * 28, 0.25f), known(28 * 28);
  std::fill_n(known.begin(), 28 * 14, 1.0f);
  runner_.apply(settings_of("steps=4"));
  runner_.open(default_weights(), "model");
  runner_.look_at(3, 0);
  const Values plain = wait_for_step(4, 3, 0).now->fields[static_cast<size_t>(Field::XPrev)];
  runner_.give(make_evidence(EvidenceKind::KnownClean, shape, image, known, 0));
  const auto has_evidence = [](const Snapshot& s) {
    return s.run && s.run->evidence.kind == EvidenceKind::KnownClean && s.now && s.now->step == 3;
  };
  const Values completed = wait_for(has_evidence).now->fields[static_cast<size_t>(Field::XPrev)];
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i] == 1) {
      ASSERT_EQ(completed[i], 0.25f) << i;
    }
  }
  EXPECT_NE(completed, plain);
  const auto before = runner_.snapshot().run;
  runner_.open(default_weights(), "again");
  const Snapshot again = wait_for([&](const Snapshot& s) { return s.run != before && has_evidence(s); });
  EXPECT_EQ(again.now->fields[static_cast<size_t>(Field::XPrev)], completed);
  runner_.give({});
  const Snapshot without = wait_for([](const Snapshot& s) {
    return s.run->evidence.kind == EvidenceKind::None && s.now && s.now->step == 3;
  });
  EXPECT_EQ(without.now->fields[static_cast<size_t>(Field::XPrev)], plain);
}

TEST_F(RunnerTest, EvidenceThatDoesNotFitIsASentenceAndTheRunStays) {
  runner_.apply(settings_of("steps=3"));
  runner_.open(default_weights(), "model");
  runner_.give(make_evidence(EvidenceKind::NoisyStart, {1, 2, 2, 1}, std::vector<float>(4), {}, 1));
  const Snapshot snapshot = wait_for([](const Snapshot& s) { return !s.notes.empty(); });
  EXPECT_NE(snapshot.notes.front().find("not of the model's image"), std::string::npos);
  runner_.look_at(2, 0);
  EXPECT_EQ(wait_for_step(3, 2, 0).run->evidence.kind, EvidenceKind::None);
}

TEST_F(RunnerTest, TheNewestSettingsWin) {
  runner_.open(default_weights(), "model");
  for (int steps = 2; steps < 12; ++steps) {
    runner_.apply(settings_of("steps=" + std::to_string(steps)));
    runner_.look_at(steps - 1, 0);
  }
  wait_for_step(11, 10, 0);
}

TEST_F(RunnerTest, ABadFileIsASentenceAndTheOpenModelStays) {
  runner_.apply(settings_of("steps=3"));
  runner_.open(default_weights(), "good");
  runner_.look_at(2, 0);
  wait_for_step(3, 2, 0);
  runner_.open(std::vector<std::byte>(100), "bad");
  const Snapshot snapshot = wait_for([](const Snapshot& s) { return !s.notes.empty(); });
  EXPECT_EQ(snapshot.notes.front().substr(0, 5), "bad: ");
  EXPECT_NE(snapshot.run, nullptr);
}

TEST_F(RunnerTest, SavesWhileItRuns) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("undiffuse-runner-" + std::to_string(std::rand()));
  std::filesystem::create_directory(folder);
  runner_.apply(settings_of("steps=4&seed=9"));
  runner_.open(default_weights(), "model");
  runner_.save(Keepsake::Frame, 4, 0, (folder / "frame.png").string());
  runner_.save(Keepsake::Frame, 4, 0, (folder / "missing/frame.png").string());
  const Snapshot snapshot = wait_for([](const Snapshot& s) { return s.notes.size() == 2; });
  EXPECT_EQ(snapshot.notes[0].substr(0, 6), "Saved ");
  EXPECT_NE(snapshot.notes[1].find("cannot be written"), std::string::npos);
  const auto file = read_file((folder / "frame.png").string());
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*settings_of_png(*file), "steps=4&seed=9");
  std::filesystem::remove_all(folder);
}

TEST(StripPositions, HaveBothEndsAndNoColumnTwice) {
  EXPECT_EQ(strip_positions(1), (std::vector<int>{0, 1}));
  EXPECT_EQ(strip_positions(3), (std::vector<int>{0, 1, 2, 3}));
  const std::vector<int> many = strip_positions(1000);
  EXPECT_EQ(many.size(), 16u);
  EXPECT_EQ(many.front(), 0);
  EXPECT_EQ(many.back(), 1000);
}

}  // namespace
}  // namespace undiffuse
