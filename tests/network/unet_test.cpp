#include "core/network/unet.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/run/model.h"
#include "support/tiny_unet.h"

namespace undiffuse {
namespace {

Result<Graph> build(const WeightsFile& written) {
  const Bytes bytes = to_bytes(written);
  const Result<SafeTensors> file = parse_safetensors(bytes);
  return file ? build_unet(*file) : Result<Graph>(file.error());
}

void expect_refused(const WeightsFile& file, const std::string& named) {
  const Result<Graph> graph = build(file);
  ASSERT_FALSE(graph.ok()) << named;
  EXPECT_NE(graph.error().message.find(named), std::string::npos) << graph.error().message;
}

// The tiny file with one field of its config set to this JSON text.
WeightsFile with_config(const std::string& field, const std::string& value) {
  WeightsFile file = tiny_unet();
  nlohmann::json config = nlohmann::json::parse(file.metadata["config"]);
  config[field] = nlohmann::json::parse(value);
  file.metadata["config"] = config.dump();
  return file;
}

// What every engine relies on.
void expect_sound(const Graph& graph) {
  std::set<BufferId> written = {graph.find("x"), graph.find("t"), graph.find("label")};
  std::set<std::string> names;
  for (const Buffer& buffer : graph.buffers) EXPECT_TRUE(names.insert(buffer.name).second) << buffer.name;
  for (const Op& op : graph.ops) {
    for (const BufferId input : op.inputs) EXPECT_TRUE(written.count(input)) << input;
    EXPECT_TRUE(op.residual < 0 || written.count(op.residual));
    EXPECT_TRUE(written.insert(op.output).second) << "written twice";
  }
  EXPECT_EQ(written.size(), graph.buffers.size());
  EXPECT_TRUE(written.count(graph.find("output")));
}

TEST(UNet, BuildsTheTinyOne) {
  const Result<Graph> graph = build(tiny_unet());
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  expect_sound(*graph);
  EXPECT_EQ(graph->num_classes, 3);
  EXPECT_EQ(graph->input, (Shape{1, 8, 8, 1}));
  EXPECT_EQ(graph->output, (Shape{1, 8, 8, 2}));
  const auto shape = [&](const char* name) {
    return graph->buffers.at(static_cast<size_t>(graph->find(name))).shape;
  };
  EXPECT_EQ(shape("stem"), (Shape{1, 4, 4, 4}));
  EXPECT_EQ(shape("downsample.0"), (Shape{1, 2, 2, 4}));
  EXPECT_EQ(shape("attention"), (Shape{1, 2, 2, 6}));
  EXPECT_EQ(shape("up.1.0"), (Shape{1, 4, 4, 4}));
  EXPECT_EQ(shape("embedding"), (Shape{1, 1, 1, 6}));
}

TEST(UNet, BuildsOtherSizes) {
  const TinyUNet others[] = {
      {.fold = 1},
      {.fold = 4},
      {.blocks = 2},
      {.fold = 1, .blocks = 3},
      {.widths = {6}},
      {.size = 16, .widths = {4, 4, 8}, .blocks = 2},
      {.channels_in = 3, .channels_out = 6, .size = 12, .widths = {5, 15}, .groups = 5, .heads = 3},
      {.channels_in = 3, .channels_out = 3, .widths = {7, 3}, .groups = 1, .heads = 1, .classes = 1},
      {.classes = 0},
      {.size = 10, .fold = 1, .widths = {9, 27}, .groups = 9, .heads = 9, .embedding = 10},
  };
  for (const TinyUNet& unet : others) {
    const WeightsFile file = tiny_unet(unet);
    const Result<Graph> graph = build(file);
    ASSERT_TRUE(graph.ok()) << graph.error().message << file.metadata.at("config");
    expect_sound(*graph);
    EXPECT_EQ(graph->input, (Shape{1, unet.size, unet.size, unet.channels_in}));
    EXPECT_EQ(graph->output, (Shape{1, unet.size, unet.size, unet.channels_out}));
    EXPECT_GT(graph->flops(), 0);
  }
}

TEST(UNet, TheFileIsAModel) {
  const Result<Model> model = load_model(to_bytes(tiny_unet()));
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ(model->info.num_classes(), 3);
}

TEST(UNet, EachMissingTensorIsNamed) {
  const WeightsFile whole = tiny_unet({.blocks = 2});
  for (size_t i = 0; i < whole.tensors.size(); ++i) {
    WeightsFile file = whole;
    file.tensors.erase(file.tensors.begin() + static_cast<std::ptrdiff_t>(i));
    expect_refused(file, "'" + whole.tensors[i].name + "'");
  }
}

TEST(UNet, EachWrongShapeIsNamed) {
  const WeightsFile whole = tiny_unet();
  for (size_t i = 0; i < whole.tensors.size(); ++i) {
    WeightsFile file = whole;
    WrittenTensor& tensor = file.tensors[i];
    tensor.shape.push_back(1);  // one more dimension
    expect_refused(file, "'" + tensor.name + "'");
    tensor.shape = whole.tensors[i].shape;
    tensor.shape[0] += 1;  // one more row
    tensor.data.resize(tensor.data.size() / static_cast<size_t>(tensor.shape[0] - 1) *
                       static_cast<size_t>(tensor.shape[0]));
    expect_refused(file, "'" + tensor.name + "'");
  }
}

TEST(UNet, TransposedDenseLayerIsRefused) {
  WeightsFile file = tiny_unet();
  WrittenTensor& tensor = file.tensor("mid1.modulation.weight");
  std::swap(tensor.shape[0], tensor.shape[1]);
  expect_refused(file, "'mid1.modulation.weight'");
}

TEST(UNet, EachNonFiniteTensorIsNamed) {
  const WeightsFile whole = tiny_unet();
  for (size_t i = 0; i < whole.tensors.size(); ++i) {
    WeightsFile file = whole;
    const float bad = std::nanf("");
    std::memcpy(file.tensors[i].data.data() + file.tensors[i].data.size() - sizeof(bad), &bad, sizeof(bad));
    expect_refused(file, "'" + whole.tensors[i].name + "'");
  }
}

TEST(UNet, AnExtraTensorIsNamed) {
  WeightsFile file = tiny_unet();
  file.tensors.push_back(f32_tensor("up.7.0.conv1.weight", {1}, {0}));
  expect_refused(file, "'up.7.0.conv1.weight'");
}

TEST(UNet, TheConfigMustBeThere) {
  WeightsFile file = tiny_unet();
  for (const char* text : {"", "7", "[]", "null", "{", "\"config\""}) {
    file.metadata["config"] = text;
    expect_refused(file, "config");
  }
  file.metadata.erase("config");
  expect_refused(file, "config");
}

TEST(UNet, EachFieldMustBeThereAndInRange) {
  const char* values[] = {"-1",
                          "0",
                          "1.5",
                          "\"2\"",
                          "null",
                          "[]",
                          "100000",
                          "9223372036854775807",
                          "18446744073709551615",
                          "4294967297",
                          "1e3"};
  for (const char* field : {"channels_in", "channels_out", "size", "fold", "widths", "blocks", "groups",
                            "heads", "embedding", "classes"}) {
    const std::string quoted = "'" + std::string(field) + "'";
    WeightsFile file = tiny_unet();
    nlohmann::json config = nlohmann::json::parse(file.metadata["config"]);
    config.erase(field);
    file.metadata["config"] = config.dump();
    expect_refused(file, quoted);
    for (const char* value : values) {
      const bool none = field == std::string("classes") && value == std::string("0");
      expect_refused(with_config(field, value), none ? "label.weight" : quoted);  // which has rows of classes
    }
  }
}

TEST(UNet, ConfigsThatDoNotFitTogether) {
  const struct {
    const char *field, *value, *named;
  } cases[] = {
      {"widths", "[4, 0]", "widths"},
      {"widths", "[4, -6]", "widths"},
      {"widths", "[4, 2049]", "widths"},
      {"widths", "[4, \"6\"]", "widths"},
      {"widths", "[4, [6]]", "widths"},
      {"widths", "[4, 6.0]", "widths"},
      {"widths", "[1, 1, 1, 1, 1, 1, 1]", "widths"},
      {"widths", "[5, 4]", "groups"},
      {"groups", "3", "groups"},
      {"heads", "4", "heads"},
      {"embedding", "5", "embedding"},
      {"size", "6", "size"},
      {"size", "2", "size"},
      {"fold", "3", "size"},
      {"fold", "8", "size"},
  };
  for (const auto& bad : cases) expect_refused(with_config(bad.field, bad.value), bad.named);
  expect_refused(tiny_unet({.size = 512, .fold = 1, .widths = {4, 4, 4, 4}}), "too large");
  expect_refused(tiny_unet({.size = 130, .fold = 1}), "attention");
}

TEST(UNet, DeeplyNestedMetadataIsRefusedWithoutRecursion) {
  const std::string nested = std::string(200000, '[') + std::string(200000, ']');
  for (const char* key : {"config", "data", "schedule", "class_names", "num_steps", "sigma_data"}) {
    for (const char* field : {"widths", "size", "height", "range", "family", "offset"}) {
      WeightsFile file = tiny_unet();
      file.metadata[key] = "{\"" + std::string(field) + "\":" + nested + "}";
      const Result<Model> model = load_model(to_bytes(file));
      ASSERT_FALSE(model.ok());
      EXPECT_NE(model.error().message.find(key), std::string::npos) << model.error().message;
    }
  }
}

}  // namespace
}  // namespace undiffuse
