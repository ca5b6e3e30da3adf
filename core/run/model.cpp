#include "core/run/model.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/network/paper_network.h"
#include "core/network/safetensors.h"
#include "core/network/unet.h"
#include "core/run/metadata.h"

namespace undiffuse {
namespace {

using nlohmann::json;

struct Architecture {
  const char* name;
  Result<Graph> (*build)(const SafeTensors& file);
};
constexpr Architecture kArchitectures[] = {{"unet", build_unet}, {"paper-2015", build_paper_network}};

struct NamedPrediction {
  const char* name;
  Prediction prediction;
};
constexpr NamedPrediction kPredictions[] = {{"v", Prediction::V},
                                            {"eps", Prediction::Eps},
                                            {"x0", Prediction::X0},
                                            {"edm", Prediction::Edm},
                                            {"transition", Prediction::Transition}};

Shape read_image(MetadataReader& reader) {
  constexpr double kLargest = 1024;
  const json data = reader.parsed("data");
  Shape shape;
  shape.height = static_cast<int>(reader.number("data", member(data, "height"), 1, kLargest));
  shape.width = static_cast<int>(reader.number("data", member(data, "width"), 1, kLargest));
  shape.channels = static_cast<int>(reader.number("data", member(data, "channels"), 1, 4));
  return shape;
}

DataRange read_range(MetadataReader& reader) {
  constexpr double kLargest = 1000, kLeastWidth = 1e-3;
  const json data = reader.parsed("data");
  const json& range = member(data, "range");
  const bool pair = range.is_array() && range.size() == 2;
  if (!pair) reader.fail("data", "of a range [black, white]");
  if (!pair) return {};
  const double black = reader.number("data", range[0], -kLargest, kLargest);
  const double white = reader.number("data", range[1], -kLargest, kLargest);
  if (white - black < kLeastWidth) reader.fail("data", "of a range whose white is above its black");
  return {static_cast<float>(black), static_cast<float>(white)};
}

Prediction read_prediction(MetadataReader& reader) {
  const std::string name = reader.text("prediction");
  for (const NamedPrediction& row : kPredictions) {
    if (name == row.name) return row.prediction;
  }
  reader.fail("prediction", "one of v, eps, x0, edm, transition");
  return Prediction::V;
}

bool read_learned_variance(MetadataReader& reader) {
  const std::string variance = reader.text("variance");
  if (variance != "learned" && variance != "none") reader.fail("variance", "'learned' or 'none'");
  return variance == "learned";
}

// A model that was trained on noise levels counts them by their logarithm.
Schedule read_log_levels(MetadataReader& reader, const json& schedule, int num_steps) {
  const double sigma_min = reader.number("schedule", member(schedule, "sigma_min"), 1e-4, 1);
  const double sigma_max = reader.number("schedule", member(schedule, "sigma_max"), 2, 1e4);
  return make_log_level_schedule(sigma_min, sigma_max, num_steps);
}

// Fills in the schedule and, where the settings can name it, its spec.
void read_schedule(MetadataReader& reader, ModelInfo& info) {
  ScheduleSpec spec;
  const json schedule = reader.parsed("schedule");
  const int num_steps = static_cast<int>(reader.number("num_steps", 2, 100000));
  const json& family = member(schedule, "family");
  if (family == "linear") {
    spec.family = ScheduleFamily::Linear;
    spec.beta_start = reader.number("schedule", member(schedule, "beta_start"), 1e-8, 0.5);
    spec.beta_end = reader.number("schedule", member(schedule, "beta_end"), 1e-8, 0.5);
  } else if (family == "cosine") {
    spec.family = ScheduleFamily::Cosine;
    spec.offset = reader.number("schedule", member(schedule, "offset"), 0, 10);
  } else if (family == "constant-rate") {
    spec.family = ScheduleFamily::ConstantRate;
  } else if (family == "edm") {
    info.trained = read_log_levels(reader, schedule, num_steps);
    return;
  } else {
    reader.fail("schedule", "of family linear, cosine, constant-rate or edm");
  }
  info.trained = make_schedule(spec, num_steps);
  info.trained_spec = spec;
}

std::vector<std::string> read_class_names(MetadataReader& reader) {
  std::vector<std::string> names;
  const json list = reader.parsed("class_names");
  if (!list.is_array() || list.size() > 1000) {
    reader.fail("class_names", "a list of at most 1000 names");
    return names;
  }
  for (const json& name : list) {
    if (!name.is_string()) reader.fail("class_names", "a list of strings");
    names.push_back(name.is_string() ? name.get<std::string>() : std::string());
  }
  return names;
}

Result<ModelInfo> read_info(const SafeTensors& file) {
  MetadataReader reader(file.metadata);
  if (reader.text("format_version") != "1") reader.fail("format_version", "1, the one known here");
  ModelInfo info;
  info.name = reader.text("name");
  info.card = reader.text("card");
  info.image = read_image(reader);
  info.range = read_range(reader);
  info.prediction = read_prediction(reader);
  info.learned_variance = read_learned_variance(reader);
  read_schedule(reader, info);
  info.sigma_data = reader.number("sigma_data", 1e-6, 1e6);
  info.class_names = read_class_names(reader);
  if (info.prediction == Prediction::Transition && !info.learned_variance)
    reader.fail("variance", "'learned', as a transition's is");
  if (reader.error()) return *reader.error();
  return info;
}

// The metadata's promises against the network that was built.
std::optional<Error> check_fit(const ModelInfo& info, const Graph& graph) {
  const int outputs = info.image.channels * (info.learned_variance ? 2 : 1);
  if (graph.input != info.image) return bad_key("data", "the shape that the network takes");
  if (graph.output.channels != outputs) return bad_key("variance", "what the network's outputs hold");
  if (graph.num_classes != info.num_classes()) return bad_key("class_names", "a name for each class");
  return std::nullopt;
}

}  // namespace

Result<ModelInfo> load_model_info(std::span<const std::byte> bytes) {
  const Result<SafeTensors> file = parse_safetensors(bytes);
  if (!file) return file.error();
  return read_info(*file);
}

Result<Model> load_model(std::span<const std::byte> bytes) {
  Result<SafeTensors> file = parse_safetensors(bytes);
  if (!file) return file.error();
  Result<ModelInfo> info = read_info(*file);
  if (!info) return info.error();
  const std::string architecture = file->metadata["architecture"];
  for (const Architecture& row : kArchitectures) {
    if (architecture != row.name) continue;
    Result<Graph> graph = row.build(*file);
    if (!graph) return graph.error();
    if (std::optional<Error> error = check_fit(*info, *graph)) return *error;
    return Model{std::move(*info), std::move(*graph)};
  }
  return bad_key("architecture", "one that is known here (unet, paper-2015)");
}

}  // namespace undiffuse
