#include "core/run/toys/toy_run.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/process/bernoulli.h"
#include "core/process/bound.h"
#include "core/run/toys/toy_bound.h"
#include "core/run/toys/toy_data.h"
#include "support/tiny_toy.h"

namespace undiffuse {
namespace {

ToyModel loaded(const TinyToy& toy) { return std::move(*load_toy(to_bytes(tiny_toy(toy)))); }

const TinyToy kRandomPoints = {.readout_scale = 0.3f};
const TinyToy kRandomBits = {.bits = true, .size = 4, .readouts = 3, .readout_scale = 0.3f};

template <class Run>
Run finished(Run run) {
  while (run.work()) {
  }
  return run;
}

TEST(PointRun, MoreSamplesNeverChangeTheFirst) {
  const ToyModel model = loaded(kRandomPoints);
  const PointRun few = finished(PointRun(model, 4, 3, 1)), many = finished(PointRun(model, 4, 50, 1));
  const PointRun later = finished(PointRun(model, 4, 2, 1, 40));
  for (int i = 0; i <= 4; ++i) {
    EXPECT_TRUE((few.state(i) == many.state(i).leftCols(3)).all());
    EXPECT_TRUE((later.state(i) == many.state(i).middleCols(40, 2)).all());
  }
  EXPECT_FALSE((finished(PointRun(model, 4, 3, 2)).state(4) == few.state(4)).any());
}

TEST(BitRun, MoreSamplesNeverChangeTheFirst) {
  const ToyModel model = loaded(kRandomBits);
  const BitRun few = finished(BitRun(model, 4, 3, 1)), many = finished(BitRun(model, 4, 50, 1));
  const BitRun later = finished(BitRun(model, 4, 2, 1, 40));
  for (int i = 0; i <= 4; ++i) {
    EXPECT_TRUE((few.state(i) == many.state(i).leftCols(3)).all());
    EXPECT_TRUE((later.state(i) == many.state(i).middleCols(40, 2)).all());
    EXPECT_TRUE((few.state(i) == 0 || few.state(i) == 1).all());
  }
}

TEST(PointRun, GoesThroughTheTimesAndEndsThere) {
  const ToyModel model = loaded(kRandomPoints);
  PointRun run(model, 3, 2, 1);
  EXPECT_EQ(run.times(), (std::vector<int>{5, 3, 1, 0}));
  EXPECT_EQ(run.available(), 0);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(run.work());
  EXPECT_TRUE(run.done());
  EXPECT_FALSE(run.work());
}

// The null model draws from p(x_T) at every step: fixed seed, bounds of 4.5 standard errors.
TEST(PointRun, OfTheNullModelStaysNormal) {
  const ToyModel model = loaded({});
  constexpr int kCount = 20000;
  const PointRun run = finished(PointRun(model, 5, kCount, 1));
  for (int i = 0; i <= 5; ++i) {
    EXPECT_NEAR(run.state(i).mean(), 0, 4.5 / std::sqrt(2.0 * kCount));
    EXPECT_NEAR(run.state(i).square().mean(), 1, 4.5 * std::sqrt(2 / (2.0 * kCount)));
  }
}

TEST(BitRun, OfTheNullModelKeepsTheBaseRate) {
  const ToyModel model = loaded({.bits = true, .size = 4, .readouts = 3});
  constexpr int kCount = 20000;
  const BitRun run = finished(BitRun(model, 5, kCount, 1));
  for (int i = 0; i <= 5; ++i) {
    EXPECT_NEAR(run.state(i).mean(), 0.2, 4.5 * std::sqrt(0.2 * 0.8 / (4.0 * kCount)));
  }
}

// ---- bounds

// Data N(0, I) and the forward kernel backwards: K = L_null, without any error, for any betas.
TEST(MeasurePoints, OfUnitGaussianDataIsTheNullLikelihood) {
  const ToyModel model = loaded({});
  const PointMixture data(Eigen::Array2Xd::Zero(2, 1), 1);
  for (const int steps : {5, 3, 2}) {
    const std::vector<int> times = toy_times(5, steps);
    const ToyBound bound = measure_points(data, model.schedule, times, &model, 50, 1);
    EXPECT_NEAR(log_likelihood_bits(data), bound.null, 1e-10);
    EXPECT_NEAR(bound.best.bits, bound.null, 1e-12);
    EXPECT_NEAR(bound.gap.bits, 0, 1e-6);  // x0_hat and x0_var are floats
    EXPECT_NEAR(bound.best.error, 0, 1e-12);
    for (const double kl : true_kl_of_points(data, model.schedule, times, bound, false)) {
      EXPECT_NEAR(kl, 0, 1e-10);
    }
  }
}

// All sequences of fair bits are independent bits.
TEST(MeasureBits, OfIndependentBitsIsTheNullLikelihood) {
  const ToyModel model = loaded({.bits = true, .size = 2, .base_rate = 0.5, .readouts = 3});
  Bits all(2, 4);
  all << 0, 0, 1, 1, 0, 1, 0, 1;
  const ToyBound bound = measure_bits(BitPatterns(all), 0.5, model.schedule, toy_times(5, 5), &model, 50, 1);
  EXPECT_DOUBLE_EQ(log_likelihood_bits(BitPatterns(all)), -2);
  EXPECT_DOUBLE_EQ(bound.null, -2);
  EXPECT_NEAR(bound.best.bits, -2, 1e-12);
  EXPECT_NEAR(bound.gap.bits, 0, 1e-9);  // second order in the rounding of x0_hat
}

// Two patterns of two bits, every x_t of every step as a sum in place of draws.
TEST(MeasureBits, AgreesWithTheSumOverAllStates) {
  const ToyModel model =
      loaded({.bits = true, .size = 2, .base_rate = 0.5, .readouts = 5, .readout_scale = 0.5f});
  Bits patterns(2, 2);
  patterns << 1, 0, 0, 1;
  const BitPatterns data(patterns);
  const std::vector<int> times = toy_times(5, 5);
  const ToyBound found = measure_bits(data, 0.5, model.schedule, times, &model, 20000, 1);
  double bound = 2 * bernoulli_edge_entropies_nats(model.schedule, true, 0.5);
  for (size_t k = 0; k + 2 < times.size(); ++k) {
    const double alpha_bar = model.schedule.alpha_bar[static_cast<size_t>(times[k])];
    for (int state = 0; state < 4; ++state) {
      Bits x_t(2, 1);
      x_t << static_cast<float>(state & 1), static_cast<float>(state >> 1);
      const Bits f_b = bit_step(model, times[k], times[k + 1], x_t);
      for (int pattern = 0; pattern < 2; ++pattern) {
        double weight = 0.5, kl = 0;
        for (int i = 0; i < 2; ++i) {
          const double one = bernoulli_forward(patterns(i, pattern), alpha_bar, 0.5);
          weight *= x_t(i, 0) > 0.5f ? one : 1 - one;
          const BernoulliPosterior q = bernoulli_posterior(
              x_t(i, 0) > 0.5f, alpha_bar, model.schedule.alpha_bar[static_cast<size_t>(times[k + 1])], 0.5);
          kl += bernoulli_kl_nats(patterns(i, pattern) > 0.5f ? q.given_one : q.given_zero, f_b(i, 0));
        }
        bound -= weight * kl;
      }
    }
  }
  EXPECT_GT(found.gap.bits, 0.01);
  EXPECT_NEAR(found.model.bits, to_bits(bound), 4.5 * found.model.error);
  EXPECT_NEAR(found.best.bits - found.gap.bits, found.model.bits, 1e-12);
}

// Data of unit variance whose terms are not trivial.
PointMixture two_points() {
  Eigen::Array2Xd centres(2, 2);
  centres << 1.2, -1.2, 0.4, -0.4;
  const double var = 0.2;
  return {centres * std::sqrt((1 - var) / centres.square().mean()), var};
}

// ln q(x_0) - K is the KL between the two processes: of every reverse step, and of x_T.
TEST(TrueKl, AddsUpToWhatTheBoundFallsShort) {
  const ToyModel model = loaded(kRandomPoints);
  const PointMixture data = two_points();
  for (const int steps : {5, 3}) {
    const std::vector<int> times = toy_times(5, steps);
    const ToyBound bound = measure_points(data, model.schedule, times, &model, 200, 1);
    for (const bool of_model : {false, true}) {
      double sum =
          2 * to_bits(gaussian_entropy_nats(1)) - to_bits(data.entropy_nats(model.schedule.alpha_bar.back()));
      for (const double kl : true_kl_of_points(data, model.schedule, times, bound, of_model)) sum += kl;
      EXPECT_NEAR(sum, log_likelihood_bits(data) - (of_model ? bound.model : bound.best).bits, 1e-9);
    }
  }
}

// One step's KL from its definition, by draws of x_t and x_s. Fixed seeds, 4.5 standard errors of the draws.
TEST(TrueKl, IsTheMeanOfTheLogRatio) {
  const ToyModel model = loaded(kRandomPoints);
  const PointMixture data = two_points();
  const std::vector<int> times = {3, 1, 0};
  const ToyBound bound = measure_points(data, model.schedule, times, &model, 20000, 1);
  const double found = true_kl_of_points(data, model.schedule, times, bound, true)[0];
  const double alpha_bar = model.schedule.alpha_bar[3];
  const Posterior q = q_posterior(alpha_bar, model.schedule.alpha_bar[1]);
  constexpr int kDraws = 20000;
  std::vector<float> noise(4 * kDraws);
  fill_normal(noise, 5, 0, 0, Purpose::Data);
  double sum = 0, squares = 0;
  for (size_t n = 0; n < kDraws; ++n) {
    const float* z = &noise[4 * n];
    // Mirror images: a draw about the first centre and, every other time, about the second.
    const Eigen::Array2d x0 = data.centres().col(static_cast<Eigen::Index>(n % 2)) +
                              std::sqrt(data.var()) * Eigen::Array2d(z[0], z[1]);
    const Eigen::Array2d x_t =
        std::sqrt(alpha_bar) * x0 + std::sqrt(1 - alpha_bar) * Eigen::Array2d(z[2], z[3]);
    const Mixture reverse = data.reverse(x_t, alpha_bar, q);
    float other[2];
    fill_normal(other, 6, 0, static_cast<std::uint32_t>(n), Purpose::Data);
    const Eigen::Array2d x_s =
        q.c0 * x0 + q.c1 * x_t + std::sqrt(q.beta_tilde) * Eigen::Array2d(other[0], other[1]);
    const PointStep step = point_step(model, 3, 1, x_t.cast<float>());
    double ratio = reverse.log_density(x_s);
    for (int i = 0; i < 2; ++i) {
      const double sigma = step.sigma(i, 0), off = (x_s[i] - step.mu(i, 0)) / sigma;
      ratio += 0.5 * off * off + std::log(sigma) + 0.5 * std::log(2 * std::numbers::pi);
    }
    sum += ratio;
    squares += ratio * ratio;
  }
  const double mean = sum / kDraws, error = std::sqrt((squares / kDraws - mean * mean) / kDraws);
  EXPECT_NEAR(found, to_bits(mean), 4.5 * (to_bits(error) + bound.model.error));
  EXPECT_GT(found, 0);
}

}  // namespace
}  // namespace undiffuse
