// The 2015 paper's network as a model: no classes, a data range of its own, and steps of its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/process/forward_kernel.h"
#include "core/run/bound_estimate.h"
#include "core/run/describe.h"
#include "core/run/explain.h"
#include "core/run/own_settings.h"
#include "core/run/picture.h"
#include "core/run/session.h"
#include "support/files.h"
#include "support/tiny_paper_network.h"

namespace undiffuse {
namespace {

constexpr size_t kPixels = 36;

// steps = T, its own schedule, no clipping: as the paper samples.
const char* const kAsTrained = "steps=20&schedule=constant-rate&clip=0&seed=5";

class PaperModel : public testing::Test {
 protected:
  void open(const std::string& settings, const TinyPaperNetwork& network = {}) {
    session_.apply(settings);
    const Status opened = session_.open_model(to_bytes(tiny_paper_network(network)));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
  }
  std::vector<float> get(int step, Field field, int sample = 0) {
    session_.compute(step);
    std::vector<float> out(kPixels, -99.0f);
    EXPECT_TRUE(session_.field(step, sample, field, out));
    return out;
  }
  int block(const std::string& name) const {
    const auto& blocks = session_.blocks().blocks;
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (blocks[i].name == name) return static_cast<int>(i);
    }
    return -1;
  }

  Session session_;
};

TEST_F(PaperModel, SaysWhatItIs) {
  open("");
  EXPECT_EQ(session_.model().prediction, Prediction::Transition);
  EXPECT_EQ(session_.model().num_classes(), 0);
  EXPECT_EQ(session_.model().range, (DataRange{-0.5f, 2.5f}));
  EXPECT_STREQ(prediction_name(session_.model().prediction), "transition");
  EXPECT_NE(predicts(session_.model()).find("coefficients over time"), std::string::npos);
}

// From the network's two maps at t straight to what was drawn from.
TEST_F(PaperModel, EveryStepOfItsOwnScheduleIsThePapers) {
  open(kAsTrained);
  const Schedule& own = session_.model().trained;
  for (int step = 0; step < 20; ++step) {
    const int t = 20 - step;
    ASSERT_EQ(session_.table()[static_cast<size_t>(step)].t, t);
    const std::vector<float> x = get(step, Field::XT), mu = get(step, Field::Mu),
                             sigma = get(step, Field::Sigma);
    std::vector<float> z(2 * kPixels);
    ASSERT_TRUE(session_.feature(step, 0, block("readout"), z));
    const double beta = own.beta(t);
    for (size_t i = 0; i < kPixels; ++i) {
      // Float, with what x0_hat magnifies in between: tens at t = T.
      const double z_mu = t > 1 ? z[2 * i] : 0, z_sigma = t > 1 ? z[2 * i + 1] : 0;
      EXPECT_NEAR(mu[i], std::sqrt(1 - beta) * x[i] + std::sqrt(beta) * z_mu, 1e-5) << t;
      const double odds = beta / (1 - beta) * std::exp(z_sigma / std::sqrt(20.0));
      EXPECT_NEAR(sigma[i], std::sqrt(odds / (1 + odds)), 1e-5) << t;
      EXPECT_NEAR(get(step, Field::MeanOutput)[i], z_mu, 1e-4) << t;
      EXPECT_NEAR(get(step, Field::LogVar)[i], z_sigma, 1e-3) << t;
    }
  }
}

TEST_F(PaperModel, ClassesAndGuidanceHaveNoSay) {
  open("class=7&guidance=3&images=4&steps=3");
  const std::vector<float> seven = get(2, Field::XPrev, 3);
  EXPECT_FALSE(session_.guided());
  EXPECT_EQ(session_.nfe(0), 1);
  for (const char* label : {"each", "any", "0"}) {
    session_.apply("class=" + std::string(label) + "&images=4&steps=3");
    EXPECT_EQ(get(2, Field::XPrev, 3), seven) << label;
  }
}

TEST_F(PaperModel, KeepsTheClassForTheNextModel) {
  open("class=7");
  EXPECT_EQ(session_.settings().label, 7);
  ASSERT_TRUE(session_.open_model(default_weights()).ok());
  EXPECT_EQ(session_.settings().label, 7);
  EXPECT_TRUE(session_.guided());
}

TEST_F(PaperModel, RunsUnderEverySamplerScheduleAndStepCount) {
  open("");
  for (const char* sampler : {"ancestral", "ddim", "edm-euler", "edm-heun", "dpm-solver-2m"}) {
    for (const char* schedule : {"linear", "cosine", "constant-rate", "rho"}) {
      for (const char* steps : {"1", "2", "7", "20"}) {
        session_.apply("sampler=" + std::string(sampler) + "&schedule=" + schedule + "&steps=" + steps);
        SCOPED_TRACE(format_settings(session_.settings()));
        for (const Field field :
             {Field::X0Hat, Field::Sigma, Field::XPrev, Field::MeanOutput, Field::LogVar}) {
          for (const float value : get(session_.num_steps() - 1, field)) ASSERT_TRUE(std::isfinite(value));
        }
      }
    }
  }
}

// Of a network that says nothing x0_hat is a part of the noise, to both sides of this range.
TEST_F(PaperModel, ClipsToItsOwnBlackAndWhite) {
  open("steps=1&schedule=constant-rate", {.output_scale = 0, .black = -0.125f, .white = 0.25f});
  const std::vector<float> x0 = get(0, Field::X0Hat), image = get(0, Field::XPrev);
  for (size_t i = 0; i < kPixels; ++i) EXPECT_EQ(image[i], std::clamp(x0[i], -0.125f, 0.25f));
  EXPECT_LT(*std::min_element(x0.begin(), x0.end()), -0.125f);
  EXPECT_GT(*std::max_element(x0.begin(), x0.end()), 0.25f);
}

TEST_F(PaperModel, PicturesGoFromItsBlackToItsWhite) {
  const Picture picture = picture_of({1, 1, 5, 1}, std::vector<float>{-3, -0.5f, 1, 2.5f, 9}, {-0.5f, 2.5f});
  EXPECT_EQ(picture.pixels, (std::vector<std::uint8_t>{0, 0, 128, 255, 255}));
  open("steps=1&schedule=constant-rate");
  const std::vector<float> image = get(0, Field::XPrev);
  const Picture frame = keepsake(session_, Keepsake::Frame, 1, 0);
  EXPECT_EQ(frame.pixels, enlarged(picture_of({1, 6, 6, 1}, image, {-0.5f, 2.5f}), 8).pixels);
}

TEST_F(PaperModel, HasABound) {
  open("");
  const Result<Model> model = load_model(to_bytes(tiny_paper_network({.output_scale = 3})));
  ASSERT_TRUE(model.ok());
  ThreadPool pool(1);
  CpuEngine engine(model->graph, 4, pool);
  std::vector<float> x0;
  for (int i = 0; i < 4 * 36; ++i) x0.push_back(model->info.range.value_of(i * 37 % 256));
  for (const int steps : {2, 20}) {  // at 2 steps some x0_var are below 0
    BoundEstimate estimate(model->info, engine, x0, std::vector<int>(4, 0), steps, 1);
    for (int step = 0; step < steps; ++step) estimate.add_step(step);
    const BoundSummary summary = estimate.summary(Variance::Learned);
    EXPECT_TRUE(std::isfinite(summary.bits_per_dim));
    EXPECT_GT(summary.bits_per_dim, 0);
  }
}

TEST_F(PaperModel, HasSettingsOfItsOwn) {
  open("");
  EXPECT_EQ(own_settings(session_.model()), "steps=20&schedule=constant-rate&clip=0&speed=60");
  ASSERT_TRUE(session_.open_model(default_weights()).ok());
  EXPECT_EQ(own_settings(session_.model()), "");
}

// To this model and back: what a person chose comes back, but for what they changed meanwhile.
TEST(OwnSettings, AreTakenAndGivenBack) {
  const std::string own = "steps=1000&schedule=constant-rate&clip=0";
  Settings before;
  Settings settings = parse_settings("steps=12&seed=4&class=7&guidance=2").settings;
  settings = exchange_own_settings(settings, "", own, before);
  EXPECT_EQ(format_settings(settings), "class=7&guidance=2&steps=1000&schedule=constant-rate&clip=0&seed=4");
  settings.schedule.family = ScheduleFamily::Linear;
  settings.seed = 5;
  settings = exchange_own_settings(settings, own, "", before);
  EXPECT_EQ(format_settings(settings), "class=7&guidance=2&steps=12&schedule=linear&seed=5");
  EXPECT_EQ(exchange_own_settings(settings, "", "", before), settings);
}

std::string formulas(const std::vector<Explanation>& lines) {
  std::string all;
  for (const Explanation& line : lines) all += line.formula + "; ";
  return all;
}

class PaperModelSaid : public PaperModel {
 protected:
  std::vector<Explanation> said(int step, size_t i) {
    PixelValues pixel{};
    for (int field = 0; field < kNumFields; ++field) {
      pixel[static_cast<size_t>(field)] = get(step, static_cast<Field>(field))[i];
    }
    return explain_pixel({session_.model(), session_.settings(), session_.table()[static_cast<size_t>(step)]},
                         pixel);
  }
};

TEST_F(PaperModelSaid, ItsOwnStepsInItsOwnTerms) {
  open(kAsTrained);
  const std::vector<Explanation> lines = said(5, 7);
  EXPECT_EQ(formulas(lines),
            "μ = √(1−β) x_t + √β z^μ; Σ = sigmoid(z^Σ/√T + logit β); σ = √Σ; x_{t−1} = μ + σ z; ");
  EXPECT_NEAR(lines[0].result, get(5, Field::Mu)[7], 1e-5);
  EXPECT_NEAR(std::sqrt(lines[1].result), get(5, Field::Sigma)[7], 1e-5);
  EXPECT_EQ(formulas(said(19, 7)), "μ = √(1−β) x_t; Σ = β; σ = √Σ; x_{t−1} = μ + σ z; ");
}

TEST_F(PaperModelSaid, LongerStepsByWayOfTheImage) {
  open("steps=5&schedule=constant-rate&clip=0");
  const std::vector<Explanation> lines = said(2, 7);
  EXPECT_EQ(formulas(lines),
            "μ′ = √(1−β) x_t + √β z^μ; Σ′ = sigmoid(z^Σ/√T + logit β); x̂_0 = (μ′ − c_1′ x_t) / c_0′; "
            "μ = c_0 x̂_0 + c_1 x_t; Var[x_0] = (Σ′ − β̃′) / c_0′^2; σ^2 = β̃ + c_0^2 Var[x_0]; "
            "x_{t−1} = μ + σ z; ");
  const double alpha_bar = session_.table()[2].alpha_bar;
  const Posterior q = q_posterior(alpha_bar, own_step(session_.model().trained, alpha_bar).alpha_bar_prev);
  // What the line computes with these numbers is the x0_hat that the step used.
  EXPECT_NEAR((lines[0].result - q.c1 * get(2, Field::XT)[7]) / q.c0, get(2, Field::X0Hat)[7], 1e-4);
  EXPECT_NEAR((lines[1].result - q.beta_tilde) / (q.c0 * q.c0), get(2, Field::X0Var)[7], 1e-3);
}

TEST(PaperModelFile, RefusalsNameTheKey) {
  const struct {
    const char *key, *value;
  } cases[] = {{"data", R"({"height":6,"width":6,"channels":1})"},
               {"data", R"({"height":6,"width":6,"channels":1,"range":[1,1]})"},
               {"data", R"({"height":6,"width":6,"channels":1,"range":[2,-1]})"},
               {"data", R"({"height":6,"width":6,"channels":1,"range":[0,"1"]})"},
               {"data", R"({"height":6,"width":6,"channels":1,"range":[0,1,2]})"},
               {"variance", "none"},
               {"class_names", R"(["a"])"}};
  for (const auto& change : cases) {
    WeightsFile file = tiny_paper_network();
    file.metadata[change.key] = change.value;
    const Result<Model> model = load_model(to_bytes(file));
    ASSERT_FALSE(model.ok()) << change.value;
    EXPECT_NE(model.error().message.find(change.key), std::string::npos) << model.error().message;
  }
}

}  // namespace
}  // namespace undiffuse
