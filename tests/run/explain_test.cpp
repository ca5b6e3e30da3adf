// The sentences that explain a pixel say what the run did: each line's numbers give its result.
#include "core/run/explain.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>

#include "core/run/session.h"
#include "support/files.h"

namespace undiffuse {
namespace {

TEST(FormatValue, RoundsAndKeepsTheSign) {
  EXPECT_EQ(format_value(0.98249), "0.982");
  EXPECT_EQ(format_value(-1.0825), "−1.083");
  EXPECT_EQ(format_value(12.3456, 1), "12.3");
  EXPECT_EQ(format_value(7, 0), "7");
  EXPECT_EQ(format_value(0), "0.000");
  EXPECT_EQ(format_value(-0.0), "0.000");
}

TEST(FormatValue, UsesPowersOfTenWhereDigitsWouldHideTheValue) {
  EXPECT_EQ(format_value(0.000123), "1.2e−4");
  EXPECT_EQ(format_value(-98765), "−9.9e+4");
  EXPECT_EQ(format_value(99990, 1), "1.0e+5");
  EXPECT_EQ(format_value(NAN), "–");
}

class ExplainedRun : public testing::Test {
 protected:
  void open(const std::string& settings) {
    session_.apply(settings);
    ASSERT_TRUE(session_.open_model(default_weights()).ok());
  }
  PixelValues pixel(int step) {
    PixelValues values{};
    session_.compute(step);
    std::vector<float> image(28 * 28);
    for (int field = 0; field < kNumFields; ++field) {
      EXPECT_TRUE(session_.field(step, 0, static_cast<Field>(field), image));
      values[static_cast<size_t>(field)] = static_cast<double>(image[14 * 28 + 14]);
    }
    return values;
  }
  std::vector<Explanation> explain(int step) { return explain_pixel(context(step), pixel(step)); }
  ExplainContext context(int step) {
    return {session_.model(), session_.settings(), session_.table()[static_cast<size_t>(step)]};
  }
  Session session_;
};

std::string formulas(const std::vector<Explanation>& lines) {
  std::string all;
  for (const Explanation& line : lines) all += line.formula + "\n";
  return all;
}

TEST_F(ExplainedRun, LearnedVarianceTakesFiveLines) {
  open("steps=10");
  EXPECT_EQ(formulas(explain(4)),
            "x̂_0 = √ᾱ x_t − √(1−ᾱ) v̂\nμ = c_0 x̂_0 + c_1 x_t\nVar[x_0] = (1−ᾱ) e^r\n"
            "σ^2 = β̃ + c_0^2 Var[x_0]\nx_{t−1} = μ + σ z\n");
  EXPECT_EQ(explain_output(context(4), pixel(4)).substr(0, 3), "v̂");
}

TEST_F(ExplainedRun, ResultsAreTheRecords) {
  open("steps=10");
  const auto lines = explain(4);
  const PixelValues values = pixel(4);
  EXPECT_EQ(lines[0].result, values[static_cast<size_t>(Field::X0Hat)]);
  EXPECT_EQ(lines[1].result, values[static_cast<size_t>(Field::Mu)]);
  EXPECT_EQ(lines[3].result, values[static_cast<size_t>(Field::Sigma)]);
  EXPECT_EQ(lines[4].result, values[static_cast<size_t>(Field::XPrev)]);
}

TEST_F(ExplainedRun, ADeterministicSamplerHasNoFreshNoise) {
  open("steps=10&sampler=ddim");
  EXPECT_NE(formulas(explain(4)).find("σ\n"), std::string::npos);
  EXPECT_TRUE(is_still(session_.table()[4]));
}

TEST_F(ExplainedRun, ASecondAnswerAndChurnAreNamed) {
  open("steps=10&sampler=edm-heun&churn=10");
  const std::string all = formulas(explain(6));
  EXPECT_NE(all.find("x̂_t = k x_t + s z′"), std::string::npos) << all;
  EXPECT_NE(all.find("c_2"), std::string::npos) << all;
}

std::string plain_minus(std::string text) {
  const std::string minus = "−";
  for (size_t at = 0; (at = text.find(minus)) != std::string::npos;) text.replace(at, minus.size(), "-");
  return text;
}

/// The value of "a · b + c · (−d) − e": a sum of numbers and products of two.
double value_of(const std::string& text) {
  std::istringstream words(plain_minus(text));
  double sum = 0, term = 0, sign = 1;
  bool times = false;
  for (std::string word; words >> word;) {
    if (word == "·") {
      times = true;
    } else if (word == "+" || word == "-") {
      sum += sign * term;
      sign = word == "-" ? -1 : 1;
    } else {
      const double number = std::stod(word[0] == '(' ? word.substr(1) : word);
      term = times ? term * number : number;
      times = false;
    }
  }
  return sum + sign * term;
}

bool is_a_sum(const Explanation& line) {
  return line.formula.starts_with("x̂") || line.formula.starts_with("μ") ||
         line.formula.starts_with("x_{t−1}");
}

TEST_F(ExplainedRun, NumbersComeToTheirResults) {
  for (const std::string sampler : {"ancestral", "ddim&eta=0.5", "edm-euler&churn=3&schedule=rho",
                                    "edm-heun&schedule=rho", "dpm-solver-2m&clip=0"}) {
    open("steps=8&sampler=" + sampler);
    for (const int step : {1, 4, 6}) {
      int sums = 0;
      for (const Explanation& line : explain(step)) {
        if (!is_a_sum(line)) continue;
        ++sums;
        // Factors with three digits after the point, on values below 4; a few of them.
        EXPECT_NEAR(value_of(line.numbers), line.result, 0.01 + 0.005 * std::abs(line.result))
            << sampler << ": " << line.formula << " = " << line.numbers;
      }
      EXPECT_GE(sums, 3);
    }
  }
}

TEST(ExplainedPrediction, EachHasItsEquation) {
  Stage stage;
  stage.alpha_bar = stage.churn.alpha_bar = 0.4;
  stage.alpha_bar_prev = 0.6;
  stage.transition = deterministic_step(0.4, 0.6);
  ModelInfo model;
  model.sigma_data = 0.5;
  Settings settings;
  settings.clip = false;
  const double x = 0.8, x0 = -0.3;
  for (const Prediction prediction : {Prediction::V, Prediction::Eps, Prediction::X0, Prediction::Edm}) {
    model.prediction = prediction;
    PixelValues pixel{};
    const double raw = output_from_x0(model.parameterization(), x, x0, 0.4);
    pixel[static_cast<size_t>(Field::XT)] = pixel[static_cast<size_t>(Field::XHat)] = x;
    pixel[static_cast<size_t>(Field::MeanOutput)] = raw;
    pixel[static_cast<size_t>(Field::X0Hat)] = x0;
    const Explanation line = explain_pixel({model, settings, stage}, pixel).front();
    if (prediction == Prediction::Eps) {
      EXPECT_EQ(line.numbers, "(0.800 − 0.775 · 1.278) / 0.632");
    } else {
      EXPECT_NEAR(value_of(line.numbers), x0, 0.005) << line.formula << " = " << line.numbers;
    }
  }
}

}  // namespace
}  // namespace undiffuse
