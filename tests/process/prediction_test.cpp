#include "core/process/prediction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/base/random.h"
#include "tests/golden/golden_file.h"
#include "tests/process/gaussian_mixture.h"

namespace undiffuse {
namespace {

const Parameterization kPredictions[] = {
    Prediction::V, Prediction::Eps, Prediction::X0, {Prediction::Edm, 0.5}};
constexpr double kAlphaBars[] = {0.99996, 0.9, 0.5, 0.1, 1e-3, 2.4e-9};

// x_t from known x0 and eps: every conversion must give those back, and what they define.
TEST(Conversions, ComeBackToWhatMadeXt) {
  for (const double alpha_bar : kAlphaBars) {
    const double signal = std::sqrt(alpha_bar), noise = std::sqrt(1 - alpha_bar);
    // x_t is rounded to 1e-16; undoing the smaller of the two factors magnifies that.
    const double tol = 1e-14 / std::min(signal, noise) / noise;
    for (const double x0 : {-1.0, 0.0, 0.37, 1.0}) {
      for (const double eps : {-2.5, 0.0, 0.8}) {
        const double x_t = signal * x0 + noise * eps;
        EXPECT_NEAR(eps_from_x0(x_t, x0, alpha_bar), eps, tol);
        EXPECT_NEAR(v_from_x0(x_t, x0, alpha_bar), signal * eps - noise * x0, tol);
        EXPECT_NEAR(score_from_x0(x_t, x0, alpha_bar), -(x_t - signal * x0) / (noise * noise), tol);
        EXPECT_NEAR(output_from_x0(Prediction::Eps, x_t, x0, alpha_bar), eps, tol);
        EXPECT_NEAR(output_from_x0(Prediction::V, x_t, x0, alpha_bar), signal * eps - noise * x0, tol);
        EXPECT_EQ(output_from_x0(Prediction::X0, x_t, x0, alpha_bar), x0);
        for (const Parameterization& prediction : kPredictions) {
          const ToX0 map = to_x0(prediction, alpha_bar);
          EXPECT_NEAR(map.on_x * x_t + map.on_output * output_from_x0(prediction, x_t, x0, alpha_bar), x0,
                      tol);
        }
      }
    }
  }
}

// EDM's coefficients belong to its x = x_t / sqrt(alpha_bar) (Karras et al. 2022, table 1).
TEST(Conversions, EdmsCoefficientsAreTheGoldenOnes) {
  const nlohmann::json rows = read_golden("golden.json")["derived"]["edm.precond"]["value"];
  ASSERT_FALSE(rows.empty());
  for (const nlohmann::json& row : rows) {
    const double sigma = row["sigma"], alpha_bar = 1 / (1 + sigma * sigma);
    const ToX0 map = to_x0({Prediction::Edm, 0.5}, alpha_bar);
    // 1 - alpha_bar carries the rounding of 1 over 4e-6 at the smallest level.
    EXPECT_NEAR(map.on_x * std::sqrt(alpha_bar), row["c_skip"].get<double>(), 1e-10);
    EXPECT_NEAR(map.on_output, row["c_out"].get<double>(), 1e-10);
    EXPECT_NEAR(map.on_input * std::sqrt(alpha_bar), row["c_in"].get<double>(), 1e-10);
  }
  for (const Prediction prediction : {Prediction::V, Prediction::Eps, Prediction::X0}) {
    EXPECT_EQ(to_x0(prediction, 0.3).on_input, 1);
  }
}

// What the preconditioning is for: input and target have variance 1 on data of this deviation.
TEST(Conversions, EdmsInputAndTargetHaveUnitVariance) {
  const double sigma_data = 0.62;
  for (const double alpha_bar : kAlphaBars) {
    const ToX0 map = to_x0({Prediction::Edm, sigma_data}, alpha_bar);
    const double data_var = sigma_data * sigma_data, signal = std::sqrt(alpha_bar);
    EXPECT_NEAR(map.on_input * map.on_input * (alpha_bar * data_var + 1 - alpha_bar), 1, 1e-12);
    const double on_x0 = (1 - map.on_x * signal) / map.on_output;
    const double on_eps = map.on_x * std::sqrt(1 - alpha_bar) / map.on_output;
    // 1 - on_x signal cancels near the data: 1e-16 over an on_output of 1e-3.
    EXPECT_NEAR(on_x0 * on_x0 * data_var + on_eps * on_eps, 1, 1e-9);
  }
}

// Tweedie: the score of the noisy density is the one of the best x0_hat.
TEST(Conversions, TheScoreIsTheSlopeOfTheLogDensity) {
  const GaussianMixture data = bimodal();
  for (const double alpha_bar : {0.99, 0.5, 0.01}) {
    for (const double x : {-1.5, -0.2, 0.0, 0.6, 2.0}) {
      const double h = 1e-4;
      const double slope =
          (std::log(data.density(x + h, alpha_bar)) - std::log(data.density(x - h, alpha_bar))) / (2 * h);
      const double score = score_from_x0(x, data.answer(x, alpha_bar).x0_hat, alpha_bar);
      // Central difference: h² / 6 times a third derivative, largest where the modes meet.
      EXPECT_NEAR(score, slope, 1e-5 * (1 + std::abs(slope))) << alpha_bar << " " << x;
    }
  }
}

struct Images {
  std::vector<float> raw, x_t, x0_hat, x0_var;
};

Images images(std::size_t pixels, std::size_t channels, bool learned_variance) {
  Images made;
  made.raw.resize(pixels * channels * (learned_variance ? 2 : 1));
  made.x_t.resize(pixels * channels);
  fill_normal(made.raw, 3, 0, 0, Purpose::Step);
  fill_normal(made.x_t, 3, 0, 1, Purpose::Step);
  made.x0_hat.assign(made.x_t.size(), 99.0f);
  made.x0_var.assign(made.x_t.size(), 99.0f);
  return made;
}

TEST(ToAnswer, SplitsMeanAndVarianceOfEveryPixel) {
  const double alpha_bar = 0.3;
  for (const int channels : {1, 3}) {
    for (const Parameterization& prediction : kPredictions) {
      const auto c = static_cast<std::size_t>(channels);
      Images image = images(35, c, true);
      to_answer(prediction, true, channels, alpha_bar, image.raw, image.x_t, image.x0_hat, image.x0_var);
      const ToX0 map = to_x0(prediction, alpha_bar);
      for (std::size_t i = 0; i < image.x_t.size(); ++i) {
        const std::size_t mean = i / c * 2 * c + i % c;
        // Float arithmetic on numbers below 10: a few of its 6e-8.
        EXPECT_NEAR(image.x0_hat[i], map.on_x * image.x_t[i] + map.on_output * image.raw[mean], 5e-6);
        EXPECT_NEAR(image.x0_var[i] / (0.7 * std::exp(image.raw[mean + c])), 1, 1e-6);
      }
    }
  }
}

TEST(ToAnswer, WithoutALearnedVarianceItIsZero) {
  Images image = images(35, 3, false);
  to_answer(Prediction::Eps, false, 3, 0.3, image.raw, image.x_t, image.x0_hat, image.x0_var);
  const ToX0 map = to_x0(Prediction::Eps, 0.3);
  for (std::size_t i = 0; i < image.x_t.size(); ++i) {
    EXPECT_NEAR(image.x0_hat[i], map.on_x * image.x_t[i] + map.on_output * image.raw[i], 5e-6);
    EXPECT_EQ(image.x0_var[i], 0.0f);
  }
}

TEST(ToAnswer, ClampsTheLogVariance) {
  const std::vector<float> raw = {0, -1000, 0, -14.5f, 0, 3.5f, 0, 1000}, x_t(4, 0.0f);
  std::vector<float> x0_hat(4), x0_var(4);
  to_answer(Prediction::V, true, 1, 0.5, raw, x_t, x0_hat, x0_var);
  const double r[] = {-14, -14, 3.5, 4};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(x0_var[i] / (0.5 * std::exp(r[i])), 1, 1e-6);  // float
}

// A pixel's bits must not hang on where in memory it lies, or batches would change pictures.
TEST(ToAnswer, IsTheSameAtAnyAddress) {
  for (const std::size_t channels : {1u, 3u, 12u}) {
    const auto c = static_cast<int>(channels);
    const Images image = images(64, channels, true);
    Images first = image;
    to_answer(Prediction::V, true, c, 0.3, image.raw, image.x_t, first.x0_hat, first.x0_var);
    for (std::size_t skip = 1; skip < 17; ++skip) {  // raw, x_t and the answer each at their own address
      const std::size_t at = skip * channels, size = image.x_t.size() - at;
      std::vector<float> x0_hat(size + skip), x0_var(size + skip);
      const std::span mean = std::span(x0_hat).subspan(skip), var = std::span(x0_var).subspan(skip);
      to_answer(Prediction::V, true, c, 0.3, std::span(image.raw).subspan(2 * at),
                std::span(image.x_t).subspan(at), mean, var);
      EXPECT_TRUE(
          std::equal(mean.begin(), mean.end(), first.x0_hat.begin() + static_cast<std::ptrdiff_t>(at)));
      EXPECT_TRUE(std::equal(var.begin(), var.end(), first.x0_var.begin() + static_cast<std::ptrdiff_t>(at)));
    }
  }
}

std::vector<float> guided(std::vector<float> x0_hat, const std::vector<float>& uncond, double w) {
  guide(x0_hat, uncond, w);
  return x0_hat;
}

TEST(Guide, ScalesTheDifferenceThatTheClassMakes) {
  const std::vector<float> cond = {1, 0.5f, -0.25f, 0.75f}, uncond = {0.5f, 0.5f, 0.5f, -1};
  EXPECT_EQ(guided(cond, uncond, 1), cond);
  EXPECT_EQ(guided(cond, uncond, 0), uncond);
  EXPECT_EQ(guided(cond, uncond, 3), (std::vector<float>{2, 0.5f, -1.75f, 4.25f}));
}

// Mixing x0_hat is mixing eps, as classifier-free guidance is written.
TEST(Guide, IsTheSameMixOnEps) {
  const double alpha_bar = 0.2, x_t = 0.7, w = 2.5, cond = 0.3, uncond = -0.4;
  const double eps = eps_from_x0(x_t, uncond, alpha_bar) +
                     w * (eps_from_x0(x_t, cond, alpha_bar) - eps_from_x0(x_t, uncond, alpha_bar));
  const float mixed = guided({static_cast<float>(cond)}, {static_cast<float>(uncond)}, w)[0];
  EXPECT_NEAR(eps_from_x0(x_t, mixed, alpha_bar), eps, 1e-6);  // float
}

}  // namespace
}  // namespace undiffuse
