// The list of models: models.json's order and words, files that are none, folders without a list.
#include "native/files/zoo.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "native/files/files.h"
#include "support/files.h"

namespace undiffuse {
namespace {

namespace fs = std::filesystem;

class Zoo : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "zoo-" + testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  void copy_model(const std::string& name) {
    ASSERT_TRUE(write_file(folder_ + "/" + name + ".safetensors", default_weights()));
  }

  std::string folder_;
};

TEST_F(Zoo, TheListGivesOrderTitleAndData) {
  copy_model("a");
  copy_model("b");
  write("models.json", R"([{"name":"gone","title":"Gone"},{"name":"b","title":"Bee","data":"MNIST"},7])");
  const std::vector<ZooModel> zoo = list_zoo(folder_);
  ASSERT_EQ(zoo.size(), 2u);
  EXPECT_EQ(zoo[0].title, "Bee");
  EXPECT_EQ(zoo[0].facts(),
            "MNIST, 28 x 28 grey, 2.0 MB. Predicts the mean (through v) and the variance of the image.");
  EXPECT_EQ(zoo[1].title, "a");
  EXPECT_EQ(zoo[1].facts().find("28 x 28 grey"), 0u);
}

TEST_F(Zoo, FilesThatAreNoModelsSaySo) {
  write("broken.safetensors", "no model");
  write("models.json", "no list");
  const std::vector<ZooModel> zoo = list_zoo(folder_);
  ASSERT_EQ(zoo.size(), 1u);
  EXPECT_EQ(zoo[0].facts(), "This file cannot be read as a model.");
}

TEST_F(Zoo, TheCardIsTheFileBesideTheWeights) {
  copy_model("a");
  ZooModel model = list_zoo(folder_).front();
  EXPECT_FALSE(read_card(folder_, model).ok());
  write("mnist-mean-variance.md", "A card.");
  EXPECT_EQ(*read_card(folder_, model), "A card.");
  model.info->card = "../elsewhere/mnist-mean-variance.md";  // a stranger's file names no other folder
  EXPECT_EQ(*read_card(folder_, model), "A card.");
}

TEST_F(Zoo, EveryShippedModelIsListedWithACard) {
  const std::string weights = std::string(UNDIFFUSE_SOURCE_DIR) + "/weights";
  for (const ZooModel& model : list_zoo(weights)) {
    EXPECT_NE(model.title, model.name);
    EXPECT_FALSE(model.data.empty()) << model.name;
    ASSERT_TRUE(model.info) << model.name;
    EXPECT_EQ(model.info->name, model.name);
    EXPECT_LE(model.bytes, 4000000u) << model.name;
    EXPECT_TRUE(read_card(weights, model).ok()) << model.name;
  }
}

}  // namespace
}  // namespace undiffuse
