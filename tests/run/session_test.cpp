#include "core/run/session.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "support/files.h"

namespace undiffuse {
namespace {

constexpr size_t kPixels = 28 * 28;

class OpenSession : public Session {
 public:
  explicit OpenSession(const std::string& settings, SessionOptions options = {}) : Session(options) {
    apply(settings);
    const Status opened = open_model(default_weights());
    EXPECT_TRUE(opened.ok()) << (opened ? "" : opened.error().message);
  }
};

std::vector<float> get(const Session& session, int step, int sample, Field field) {
  std::vector<float> out(kPixels, -99.0f);
  EXPECT_TRUE(session.field(step, sample, field, out)) << "step " << step;
  return out;
}

// All of a run: every field of every step of every sample.
std::vector<float> everything(Session& session) {
  std::vector<float> all;
  for (int step = 0; step < session.num_steps(); ++step) {
    session.compute(step);
    for (int sample = 0; sample < session.settings().images; ++sample) {
      for (int field = 0; field < kNumFields; ++field) {
        const std::vector<float> image = get(session, step, sample, static_cast<Field>(field));
        all.insert(all.end(), image.begin(), image.end());
      }
    }
  }
  return all;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(Session, RecordsAreBitIdenticalOnOneAndTwoThreads) {
  OpenSession one("steps=6&images=4&class=each", {.threads = 1});
  OpenSession two("steps=6&images=4&class=each", {.threads = 2});
  EXPECT_TRUE(same_bits(everything(one), everything(two)));
}

TEST(Session, SlicesOfABatchDoNotChangeIt) {
  OpenSession small("steps=4&images=4&class=each", {.images_per_slice = 1});
  OpenSession whole("steps=4&images=4&class=each", {.images_per_slice = 4});
  EXPECT_TRUE(same_bits(everything(small), everything(whole)));
}

TEST(Session, ScrubbingEqualsReplay) {
  OpenSession replayed("steps=12"), scrubbed("steps=12");
  const std::vector<float> expected = everything(replayed);
  for (const int position : {12, 3, 9, 0, 5, 12}) scrubbed.seek(position);
  scrubbed.back();
  scrubbed.step();
  EXPECT_TRUE(same_bits(everything(scrubbed), expected));
}

// A budget of a few states: nearly all records are gone and come back from keyframes.
TEST(Session, RecordsThatLeftTheBudgetComeBackToTheBit) {
  const size_t few_states = 12 * kPixels * sizeof(float);
  OpenSession roomy("steps=20"), tight("steps=20", {.trace_bytes = few_states});
  const std::vector<float> expected = everything(roomy);
  tight.run();
  EXPECT_GT(tight.trace().keyframe_stride(), 1);
  EXPECT_LE(tight.trace().bytes(), few_states);
  EXPECT_FALSE(tight.trace().has(2));
  EXPECT_EQ(tight.available(), 20);
  EXPECT_TRUE(same_bits(everything(tight), expected));
  tight.compute(15);
  tight.compute(2);
  EXPECT_TRUE(same_bits(get(tight, 2, 0, Field::XPrev), get(roomy, 2, 0, Field::XPrev)));
}

TEST(Session, EveryStepIsMeanPlusSigmaTimesDraw) {
  OpenSession session("steps=10");
  session.run();
  for (int step = 0; step < 10; ++step) {
    const auto mu = get(session, step, 0, Field::Mu), sigma = get(session, step, 0, Field::Sigma),
               z = get(session, step, 0, Field::Z), x_prev = get(session, step, 0, Field::XPrev);
    for (size_t i = 0; i < kPixels; ++i) {
      ASSERT_FLOAT_EQ(x_prev[i], mu[i] + sigma[i] * z[i]);
      ASSERT_GE(sigma[i], 0.0f);
    }
    if (step + 1 < 10) {
      EXPECT_TRUE(same_bits(x_prev, get(session, step + 1, 0, Field::XT)));
    }
  }
}

TEST(Session, ShownOutputsLeadBackToTheAnswer) {
  OpenSession session("steps=8&guidance=1");
  session.run();
  for (int step = 0; step < 8; ++step) {
    const double alpha_bar = session.table()[static_cast<size_t>(step)].alpha_bar;
    const auto v = get(session, step, 0, Field::MeanOutput), r = get(session, step, 0, Field::LogVar),
               x = get(session, step, 0, Field::XT), x0_hat = get(session, step, 0, Field::X0Hat),
               x0_var = get(session, step, 0, Field::X0Var), eps = get(session, step, 0, Field::EpsHat);
    for (size_t i = 0; i < kPixels; i += 37) {
      EXPECT_NEAR(std::sqrt(alpha_bar) * x[i] - std::sqrt(1 - alpha_bar) * v[i], x0_hat[i], 1e-5);
      EXPECT_NEAR((1 - alpha_bar) * std::exp(r[i]) / x0_var[i], 1.0, 1e-5);
      EXPECT_NEAR(std::sqrt(alpha_bar) * x0_hat[i] + std::sqrt(1 - alpha_bar) * eps[i], x[i], 1e-5);
    }
  }
}

TEST(Session, SettingsRestartFromTheSameNoiseAndSeedsReproduce) {
  OpenSession session("steps=5");
  session.run();
  const std::vector<float> start = get(session, 0, 0, Field::XT), end = get(session, 4, 0, Field::XPrev);
  EXPECT_FALSE(session.apply("steps=5&speed=33").restarted);
  EXPECT_TRUE(session.apply("steps=7&schedule=linear").restarted);
  EXPECT_EQ(session.available(), 0);
  session.run();
  EXPECT_TRUE(same_bits(get(session, 0, 0, Field::XT), start));
  EXPECT_FALSE(same_bits(get(session, 6, 0, Field::XPrev), end));
  session.apply("steps=5");
  session.reseed(12);
  session.run();
  EXPECT_FALSE(same_bits(get(session, 0, 0, Field::XT), start));
  session.reseed(11);
  session.run();
  EXPECT_TRUE(same_bits(get(session, 4, 0, Field::XPrev), end));
}

TEST(Session, GuidanceCostsASecondCallOnlyWhereItSteers) {
  EXPECT_EQ(OpenSession("steps=1").nfe(0), 2);
  EXPECT_EQ(OpenSession("steps=1&guidance=1").nfe(0), 1);
  EXPECT_EQ(OpenSession("steps=1&class=any").nfe(0), 1);
}

TEST(Session, TheFirstStepsDoNotWaitForTheWholeBatch) {
  OpenSession session("steps=2&images=16", {.images_per_slice = 2});
  int slices = 1;
  while (!session.work(0)) ++slices;
  EXPECT_EQ(slices, 8);
}

TEST(Session, ABadFileChangesNothing) {
  OpenSession session("steps=3");
  session.run();
  const std::vector<float> before = get(session, 2, 0, Field::XPrev);
  std::vector<std::byte> cut = default_weights();
  cut.resize(cut.size() / 2);
  const Status opened = session.open_model(cut);
  ASSERT_FALSE(opened.ok());
  EXPECT_FALSE(opened.error().message.empty());
  EXPECT_TRUE(same_bits(get(session, 2, 0, Field::XPrev), before));
}

TEST(Session, AClassThatTheModelLacksIsClampedWithASentence) {
  OpenSession session("steps=1");
  const Applied applied = session.apply("class=12");
  EXPECT_EQ(session.settings().label, 9);
  ASSERT_EQ(applied.notes.size(), 1u);
  EXPECT_EQ(applied.notes[0], "This model's classes are 0 to 9; class 12 became 9.");
}

}  // namespace
}  // namespace undiffuse
