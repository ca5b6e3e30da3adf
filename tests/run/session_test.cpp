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

TEST(Session, ASampleIsTheSameAloneAndInABatch) {
  for (const std::string sampler : {"sampler=ancestral", "sampler=edm-euler&schedule=rho&churn=4"}) {
    OpenSession batch("steps=4&images=16&class=each&" + sampler);
    OpenSession alone("steps=4&class=each&" + sampler, {.first_sample = 13});
    batch.run();
    alone.run();
    for (int field = 0; field < kNumFields; ++field) {
      EXPECT_TRUE(same_bits(get(batch, 3, 13, static_cast<Field>(field)),
                            get(alone, 3, 0, static_cast<Field>(field))))
          << sampler << " field " << field;
    }
  }
}

// Each sampler once, with noise where it can draw some, on schedules with and without times.
const std::string kSamplers[] = {"sampler=ancestral",
                                 "sampler=ancestral&schedule=rho",
                                 "sampler=ddim",
                                 "sampler=ddim&eta=0.7",
                                 "sampler=edm-euler&schedule=rho&churn=4",
                                 "sampler=edm-heun&images=4&class=each",
                                 "sampler=edm-heun&schedule=rho&churn=4&clip=0",
                                 "sampler=dpm-solver-2m",
                                 "sampler=dpm-solver-2m&schedule=rho&images=4&class=each"};

TEST(Session, ScrubbingEqualsReplay) {
  for (const std::string& sampler : kSamplers) {
    OpenSession replayed("steps=12&" + sampler), scrubbed("steps=12&" + sampler);
    const std::vector<float> expected = everything(replayed);
    for (const int position : {12, 3, 9, 0, 5, 12}) scrubbed.seek(position);
    scrubbed.back();
    scrubbed.step();
    EXPECT_TRUE(same_bits(everything(scrubbed), expected)) << sampler;
  }
}

// A budget of a few states: nearly all records are gone and come back from keyframes.
TEST(Session, RecordsThatLeftTheBudgetComeBackToTheBit) {
  for (const std::string& sampler : kSamplers) {
    OpenSession roomy("steps=20&" + sampler);
    const auto images = static_cast<size_t>(roomy.settings().images);
    const size_t few_states = 16 * images * kPixels * sizeof(float);
    OpenSession tight("steps=20&" + sampler, {.trace_bytes = few_states});
    const std::vector<float> expected = everything(roomy);
    tight.run();
    EXPECT_GT(tight.trace().keyframe_stride(), 1);
    EXPECT_LE(tight.trace().bytes(), few_states);
    EXPECT_FALSE(tight.trace().has(2));
    EXPECT_EQ(tight.available(), 20);
    EXPECT_TRUE(same_bits(everything(tight), expected)) << sampler;
    tight.compute(15);
    tight.compute(2);
    EXPECT_TRUE(same_bits(get(tight, 2, 0, Field::XPrev), get(roomy, 2, 0, Field::XPrev))) << sampler;
  }
}

TEST(Session, SecondCallsComeInSlicesToo) {
  const std::string settings = "steps=4&images=4&class=each&sampler=edm-heun&schedule=rho";
  OpenSession small(settings, {.images_per_slice = 1}), whole(settings, {.images_per_slice = 4});
  EXPECT_TRUE(same_bits(everything(small), everything(whole)));
}

// The equation of pictures: x_t -> mu + sigma z = x_prev, and the next step starts there.
void expect_the_equation(const std::string& sampler) {
  OpenSession session("steps=10&" + sampler);
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

TEST(Session, EveryStepIsMeanPlusSigmaTimesDraw) {
  for (const std::string& sampler : kSamplers) {
    SCOPED_TRACE(sampler);
    expect_the_equation(sampler);
  }
}

TEST(Session, WithoutFreshNoiseTheMeanIsTheMove) {
  for (const std::string sampler : {"sampler=ddim", "sampler=edm-heun&churn=4", "sampler=dpm-solver-2m"}) {
    OpenSession session("steps=6&" + sampler);
    session.run();
    for (int step = 0; step < 6; ++step) {
      EXPECT_TRUE(same_bits(get(session, step, 0, Field::Sigma), std::vector<float>(kPixels, 0.0f)));
      EXPECT_TRUE(same_bits(get(session, step, 0, Field::Mu), get(session, step, 0, Field::XPrev)));
    }
  }
}

// mu from the record's own numbers, as the page writes it.
TEST(Session, TheMeanFollowsFromWhatTheRecordHolds) {
  for (const std::string& sampler : kSamplers) {
    OpenSession session("steps=10&clip=0&" + sampler);
    session.run();
    for (int step = 0; step < 10; ++step) {
      const Stage& stage = session.table()[static_cast<size_t>(step)];
      const auto x = get(session, step, 0, Field::XHat), x0_hat = get(session, step, 0, Field::X0Hat),
                 second = get(session, step, 0, Field::X0Hat2), mu = get(session, step, 0, Field::Mu);
      for (size_t i = 0; i < kPixels; i += 37) {
        const double expected =
            stage.transition.on_x * x[i] + stage.transition.on_x0 * x0_hat[i] + stage.on_second * second[i];
        ASSERT_NEAR(mu[i], expected, 1e-5) << sampler << " step " << step;  // float sums of numbers below 9
      }
    }
  }
}

TEST(Session, ChurnRaisesTheNoiseBeforeTheCall) {
  OpenSession session("steps=8&sampler=edm-euler&schedule=rho&churn=3");
  session.run();
  const auto x = get(session, 2, 0, Field::XT), x_hat = get(session, 2, 0, Field::XHat);
  const Churn churn = session.table()[2].churn;
  double sum = 0, squares = 0;
  for (size_t i = 0; i < kPixels; ++i) {
    const double z = (x_hat[i] - churn.keep * x[i]) / churn.sigma;
    sum += z;
    squares += z * z;
  }
  // 784 draws of N(0, 1), fixed seed: 4 standard errors.
  EXPECT_NEAR(sum / kPixels, 0, 4 / std::sqrt(784.0));
  EXPECT_NEAR(squares / kPixels, 1, 4 * std::sqrt(2 / 784.0));
  EXPECT_FALSE(same_bits(x_hat, get(session, 3, 0, Field::XHat)));
}

TEST(Session, ThePreviousAnswerIsTheRecordBefores) {
  OpenSession session("steps=6&sampler=dpm-solver-2m");
  session.run();
  EXPECT_TRUE(same_bits(get(session, 0, 0, Field::X0Hat2), std::vector<float>(kPixels, 0.0f)));
  for (int step = 1; step < 6; ++step) {
    EXPECT_TRUE(same_bits(get(session, step, 0, Field::X0Hat2), get(session, step - 1, 0, Field::X0Hat)));
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

TEST(Session, CountsNetworkCalls) {
  const auto calls = [](const std::string& settings) {
    OpenSession session(settings);
    int sum = 0;
    for (int step = 0; step < session.num_steps(); ++step) sum += session.nfe(step);
    return sum;
  };
  const std::string heun = "steps=18&schedule=rho&sampler=edm-heun";
  EXPECT_EQ(calls(heun + "&guidance=1"), 35);  // Karras et al.: 2 N - 1
  EXPECT_EQ(calls(heun), 70);
  EXPECT_EQ(calls("steps=18&sampler=dpm-solver-2m&guidance=1"), 18);
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

// Answers a session's questions as a GPU would: elsewhere, a few images at a time.
class Elsewhere {
 public:
  explicit Elsewhere(const Session& session, int max_images)
      : images_(max_images),
        graph_(load_model(default_weights())->graph),
        engine_(graph_, 2 * max_images, pool_),
        raw_(static_cast<size_t>(4 * max_images) * static_cast<size_t>(session.model().image.image_size())) {}

  std::span<const float> answer(const Session::Question& question) {
    const std::span<float> raw = std::span(raw_).first(2 * question.inputs.x.size());
    engine_.run(question.inputs, raw);
    return raw;
  }
  void compute(Session& session, int step) {
    while (const auto question = session.ask(step, images_)) {
      EXPECT_LE(question->images, images_);
      EXPECT_TRUE(session.supply(question->number, answer(*question)));
    }
  }

 private:
  int images_;
  ThreadPool pool_{1};
  Graph graph_;
  CpuEngine engine_;
  std::vector<float> raw_;
};

TEST(Session, AskingAndSupplyingIsWorking) {
  for (const char* settings :
       {"steps=4&images=4&class=each", "steps=3&images=4&guidance=2&class=3",
        "steps=4&sampler=edm-heun&churn=20&schedule=rho", "steps=4&sampler=dpm-solver-2m"}) {
    SCOPED_TRACE(settings);
    OpenSession working(settings), asking(settings);
    Elsewhere elsewhere(asking, 3);
    elsewhere.compute(asking, asking.num_steps() - 1);
    EXPECT_EQ(asking.available(), asking.num_steps());
    EXPECT_TRUE(same_bits(everything(asking), everything(working)));
  }
}

// Steps taken elsewhere, several at once, here by another session: what each record needs and leaves.
TEST(Session, RunningAheadIsWorking) {
  for (const char* settings :
       {"steps=5&images=4&class=each&guidance=1", "steps=5&guidance=2&class=3",
        "steps=5&sampler=edm-euler&churn=20&schedule=rho", "steps=5&sampler=dpm-solver-2m"}) {
    SCOPED_TRACE(settings);
    OpenSession working(settings), ahead(settings);
    working.run();
    ahead.compute(0);
    const int each = ahead.settings().images * (ahead.guided() ? 2 : 1);
    const auto asked = ahead.ask_ahead(4, 3 * each);
    ASSERT_TRUE(asked);
    ASSERT_EQ(asked->steps.size(), 3u);
    EXPECT_EQ(asked->labels.size(), static_cast<size_t>(each));
    std::vector<float> records, x;
    const auto append = [&](int step, Field field, std::vector<float>& to) {
      for (int sample = 0; sample < working.settings().images; ++sample) {
        const std::vector<float> values = get(working, step, sample, field);
        to.insert(to.end(), values.begin(), values.end());
      }
    };
    for (int step = 1; step <= 3; ++step) {
      for (const Field field : {Field::XT, Field::X0Hat, Field::X0Var}) append(step, field, records);
    }
    append(4, Field::XT, x);
    EXPECT_TRUE(ahead.supply_ahead(asked->number, records, x));
    EXPECT_FALSE(ahead.supply_ahead(asked->number, records, x)) << "once is enough";
    EXPECT_EQ(ahead.available(), 4);
    EXPECT_TRUE(same_bits(everything(ahead), everything(working)));
  }
}

TEST(Session, RunsAheadOnlyWhereStepsTakeOneCall) {
  OpenSession heun("steps=6&sampler=edm-heun&schedule=rho"), one("steps=6&guidance=1");
  EXPECT_FALSE(heun.ask_ahead(3, 100));
  EXPECT_FALSE(one.ask_ahead(0, 100)) << "the next step alone";
  EXPECT_FALSE(one.ask_ahead(5, 1)) << "no time for two";
  EXPECT_TRUE(one.ask_ahead(5, 2));
  ASSERT_TRUE(one.set_evidence({EvidenceKind::KnownClean, std::vector<float>(kPixels),
                                std::vector<float>(kPixels, 1.0f)})
                  .ok());
  EXPECT_FALSE(one.ask_ahead(5, 2)) << "the kernels know of no evidence";
}

TEST(Session, AnAnswerThatComesTooLateIsRefused) {
  OpenSession session("steps=3&images=4");
  Elsewhere elsewhere(session, 4);
  const auto first = session.ask(0, 2);
  ASSERT_TRUE(first);
  const std::span<const float> raw = elsewhere.answer(*first);
  session.apply("steps=3&images=4&seed=9");  // another run
  EXPECT_FALSE(session.supply(first->number, raw));
  const auto second = session.ask(0, 2), third = session.ask(0, 2);
  EXPECT_FALSE(session.supply(second->number, raw));
  session.work(0);  // the engine here goes on instead
  EXPECT_FALSE(session.supply(third->number, raw));
}

TEST(Session, TheEngineHereGoesOnWhereAnotherStopped) {
  OpenSession working("steps=3&images=4"), mixed("steps=3&images=4");
  Elsewhere elsewhere(mixed, 2);
  elsewhere.compute(mixed, 0);
  const auto question = mixed.ask(1, 2);
  EXPECT_TRUE(mixed.supply(question->number, elsewhere.answer(*question)));
  EXPECT_TRUE(mixed.ask(1, 2));  // and never answers
  EXPECT_TRUE(same_bits(everything(mixed), everything(working)));
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
