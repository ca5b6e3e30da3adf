// Whole sampling loops against the published expectations of other programs.
//
// Their test walks t from T - 1 to 0 over a model f(x, t) = x t / (t + 1) and sums |x| at the end. A
// loop here is one function from its entry in golden.json; a new sampler adds its entry and a case.
#include <cmath>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "core/process/prediction.h"
#include "core/run/sampler.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/torch_random.h"

namespace undiffuse {
namespace {

using nlohmann::json;

constexpr int kSize = 4 * 3 * 8 * 8;

// S[b,c,h,w] = (((c 8 + h) 8 + w) 4 + b) / 768 in NCHW order.
std::vector<float> start() {
  std::vector<float> x;
  for (int b = 0; b < 4; ++b) {
    for (int pixel = 0; pixel < 3 * 8 * 8; ++pixel) x.push_back(static_cast<float>(pixel * 4 + b) / kSize);
  }
  return x;
}

Schedule schedule_of(const json& config) {
  EXPECT_EQ(config["beta_schedule"], "linear");
  const int num_steps = config["num_train_timesteps"];
  // beta_start and beta_end are stated for T = 1000 in a ScheduleSpec.
  const double scale = num_steps / 1000.0;
  const double beta_start = config["beta_start"], beta_end = config["beta_end"];
  return make_schedule(
      {.family = ScheduleFamily::Linear, .beta_start = beta_start * scale, .beta_end = beta_end * scale},
      num_steps);
}

std::vector<TrajectoryPoint> respaced(const Schedule& schedule, int num_steps) {
  std::vector<TrajectoryPoint> points;
  for (const int t : respaced_times(schedule.num_steps(), num_steps)) {
    points.push_back({schedule.alpha_bar[static_cast<std::size_t>(t)], t});
  }
  return points;
}

Prediction prediction_of(const json& config) {
  return config["prediction_type"] == "v_prediction" ? Prediction::V : Prediction::Eps;
}

// x -> f(x, t) of the tests' model; t counts from 0.
std::vector<float> model(std::span<const float> x, float t) {
  std::vector<float> out;
  for (const float value : x) out.push_back(value * t / (t + 1));
  return out;
}

std::vector<float> run_ddpm(const json& loop) {
  const json& config = loop["scheduler_config"];
  EXPECT_EQ(config["variance_type"], "fixed_small");
  const auto table = make_sampler_table({.variance = Variance::FixedSmall},
                                        respaced(schedule_of(config), loop["num_inference_steps"]));
  TorchRandom random(0);
  std::vector<float> x = start(), x0_hat(kSize), x0_var(kSize), mu(kSize), sigma(kSize), z(kSize, 0.0f);
  for (const Stage& stage : table) {
    to_answer(prediction_of(config), false, 1, stage.alpha_bar, model(x, static_cast<float>(stage.t - 1)), x,
              x0_hat, x0_var);
    stage_mean_and_sigma(stage, config["clip_sample"], {x, x0_hat, x0_var}, mu, sigma);
    if (stage.draws) random.normal(z);
    if (!stage.draws) std::fill(z.begin(), z.end(), 0.0f);
    draw(mu, sigma, z, x);
  }
  return x;
}

TEST(FullLoop, MeetsThePublishedSums) {
  const std::map<std::string, std::function<std::vector<float>(const json&)>> run = {{"DDPM", run_ddpm}};
  const json golden = read_golden("golden.json");
  ASSERT_FALSE(golden["full_loops"].empty());
  for (const json& loop : golden["full_loops"]) {
    SCOPED_TRACE(loop["name"].get<std::string>());
    ASSERT_TRUE(run.contains(loop["algorithm"]));
    const std::vector<float> x = run.at(loop["algorithm"])(loop);
    double sum = 0;
    for (const float value : x) sum += std::abs(value);
    // The tolerances are the publisher's own; float32 and double runs of the same loop differ by 0.002.
    EXPECT_NEAR(sum, loop["expected_sum"].get<double>(), loop["tol_sum"].get<double>());
    EXPECT_NEAR(sum / kSize, loop["expected_mean"].get<double>(), loop["tol_mean"].get<double>());
  }
}

// The tests' noise must be PyTorch's, or the sum above proves nothing.
TEST(TorchRandom, GivesPyTorchsNumbers) {
  const json derived = read_golden("golden.json")["derived"];
  TorchRandom words(0);
  for (const json& word : derived["torch_rng.mt19937_seed0_u32"]["value"]) EXPECT_EQ(words.word(), word);

  const json expected = derived["torch_rng.randn768_seed0"]["value"];
  TorchRandom random(0);
  std::vector<float> z(kSize);
  random.normal(z);
  // log, cos and sin in float: a few units in the last place of numbers below 4.
  for (std::size_t i = 0; i < expected[0].size(); ++i) EXPECT_NEAR(z[i], expected[0][i].get<double>(), 1e-6);
  EXPECT_NEAR(z.back(), expected[1][2].get<double>(), 1e-6);
  random.normal(z);
  for (std::size_t i = 0; i < expected[2].size(); ++i) EXPECT_NEAR(z[i], expected[2][i].get<double>(), 1e-6);
}

}  // namespace
}  // namespace undiffuse
