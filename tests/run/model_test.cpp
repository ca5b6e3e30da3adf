#include "core/run/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/files.h"

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

}  // namespace
}  // namespace undiffuse
