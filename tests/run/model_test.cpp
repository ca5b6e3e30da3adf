#include "core/run/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/base/random.h"
#include "core/base/threads.h"
#include "core/network/cpu_engine.h"
#include "core/process/respacing.h"
#include "core/run/denoiser.h"
#include "core/run/describe.h"
#include "support/files.h"
#include "support/tiny_unet.h"

namespace undiffuse {
namespace {

// The weights file with one piece of its header text replaced by another of the same length.
std::vector<std::byte> with_header(const std::string& from, const std::string& to) {
  std::vector<std::byte> file = default_weights();
  EXPECT_EQ(from.size(), to.size());
  const auto equal = [](std::byte a, char b) { return a == static_cast<std::byte>(b); };
  const auto found = std::search(file.begin(), file.end(), from.begin(), from.end(), equal);
  EXPECT_NE(found, file.end()) << from;
  if (found != file.end()) {
    std::transform(to.begin(), to.end(), found, [](char c) { return static_cast<std::byte>(c); });
  }
  return file;
}

TEST(Model, TheShippedWeightsSayWhatTheyAre) {
  const Result<Model> model = load_model(default_weights());
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ(model->info.name, "mnist-mean-variance");
  EXPECT_EQ(model->info.image, (Shape{1, 28, 28, 1}));
  EXPECT_EQ(model->info.prediction, Prediction::V);
  EXPECT_TRUE(model->info.learned_variance);
  EXPECT_EQ(model->info.trained.num_steps(), 1000);
  EXPECT_EQ(model->info.class_names.size(), 10u);
  EXPECT_NEAR(model->info.sigma_data, 0.616, 0.002);  // MNIST's pixels in [-1, 1]
}

TEST(Model, TheMetadataAloneSaysTheSame) {
  const Result<ModelInfo> info = load_model_info(default_weights());
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->name, "mnist-mean-variance");
  EXPECT_EQ(info->trained.alpha_bar, load_model(default_weights())->info.trained.alpha_bar);
  EXPECT_FALSE(load_model_info({}).ok());
}

TEST(Model, SaysWhatItPredicts) {
  ModelInfo info;
  info.prediction = Prediction::Eps;
  EXPECT_EQ(predicts(info), "the noise");
  info.learned_variance = true;
  EXPECT_EQ(predicts(info), "the mean (through eps) and the variance of the image");
}

TEST(Model, TheFileStaysUnderTwoMegabytes) { EXPECT_LE(default_weights().size(), 2000000u); }

TEST(Model, RefusalsNameTheKey) {
  const struct {
    const char *from, *to, *named;
  } cases[] = {
      {"\"format_version\":\"1\"", "\"format_version\":\"7\"", "format_version"},
      {"\"architecture\":\"unet\"", "\"architecture\":\"vnet\"", "architecture"},
      {"\"prediction\":\"v\"", "\"prediction\":\"q\"", "prediction"},
      {"\"variance\":\"learned\"", "\"variance\":\"earned_\"", "variance"},
      {"\"num_steps\":\"1000\"", "\"num_steps\":\"-100\"", "num_steps"},
      {"\"class_names\":", "\"class_nomes\":", "class_names"},
  };
  for (const auto& change : cases) {
    const Result<Model> model = load_model(with_header(change.from, change.to));
    ASSERT_FALSE(model.ok()) << change.named;
    EXPECT_NE(model.error().message.find(change.named), std::string::npos) << model.error().message;
  }
}

WeightsFile edm_unet(const std::string& schedule) {
  TinyUNet shape;
  shape.channels_out = 1;
  WeightsFile file = tiny_unet(shape);
  file.metadata["prediction"] = "edm";
  file.metadata["schedule"] = schedule;
  file.metadata["num_steps"] = "1000";
  return file;
}

TEST(Model, OfEdmCountsTheLogarithmOfTheNoiseLevel) {
  const Result<Model> model =
      load_model(to_bytes(edm_unet(R"({"family":"edm","sigma_min":0.002,"sigma_max":80})")));
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ(model->info.prediction, Prediction::Edm);
  EXPECT_EQ(model->info.parameterization().sigma_data, 0.5);
  EXPECT_FALSE(model->info.learned_variance);
  EXPECT_NEAR(model_time(model->info.trained, alpha_bar_of(0.4)), 500, 1e-6);  // half way from 0.002 to 80
}

TEST(Model, EdmNeedsItsLevels) {
  for (const char* schedule : {R"({"family":"edm"})", R"({"family":"edm","sigma_min":0,"sigma_max":80})",
                               R"({"family":"edm","sigma_min":0.002,"sigma_max":"much"})"}) {
    const Result<Model> model = load_model(to_bytes(edm_unet(schedule)));
    ASSERT_FALSE(model.ok()) << schedule;
    EXPECT_NE(model.error().message.find("schedule"), std::string::npos) << model.error().message;
  }
}

// The network is shown c_in x, and its F becomes x0_hat = c_skip x + c_out F.
TEST(Model, OfEdmIsCalledWithItsOwnScaling) {
  const Result<Model> model =
      load_model(to_bytes(edm_unet(R"({"family":"edm","sigma_min":0.002,"sigma_max":80})")));
  ASSERT_TRUE(model.ok());
  ThreadPool pool(1);
  CpuEngine engine(model->graph, 1, pool);
  const auto size = static_cast<size_t>(model->info.image.image_size());
  std::vector<float> x(size), shown(size), f(size), x0_hat(size), x0_var(size);
  fill_normal(x, 1, 0, 0, Purpose::Start);
  const double alpha_bar = alpha_bar_of(2.5);
  const ToX0 map = to_x0({Prediction::Edm, 0.5}, alpha_bar);
  for (size_t i = 0; i < size; ++i) shown[i] = static_cast<float>(map.on_input * x[i]);
  const float t = static_cast<float>(model_time(model->info.trained, alpha_bar));
  const int label = 1;
  engine.run({shown, std::span(&t, 1), std::span(&label, 1)}, f);
  Denoiser(model->info, engine).answer({x, alpha_bar}, {{label}, 1}, 0, 1, x0_hat, x0_var);
  for (size_t i = 0; i < size; ++i) {
    EXPECT_NEAR(x0_hat[i], map.on_x * x[i] + map.on_output * f[i], 1e-5);  // float, numbers below 4
    EXPECT_EQ(x0_var[i], 0.0f);
  }
}

}  // namespace
}  // namespace undiffuse
