#include "native/files/zoo.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/run/describe.h"
#include "native/files/files.h"

namespace undiffuse {
namespace {

using nlohmann::json;

json parse_list(const std::string& path) {
  const auto file = read_file(path);
  if (!file) return json::array();  // a folder of weights alone is a list, too
  const char* text = reinterpret_cast<const char*>(file->data());
  json list = json::parse(text, text + file->size(), nullptr, false);
  return list.is_array() ? list : json::array();
}

std::string text_of(const json& row, const char* key) {
  const auto found = row.is_object() ? row.find(key) : row.end();
  return row.is_object() && found != row.end() && found->is_string() ? found->get<std::string>() : "";
}

ZooModel describe(const std::string& folder, const std::string& name, const json& row) {
  ZooModel model;
  model.name = name;
  model.title = text_of(row, "title");
  model.data = text_of(row, "data");
  if (model.title.empty()) model.title = name;
  const auto file = read_file(folder + "/" + name + ".safetensors");
  if (!file) return model;
  model.bytes = file->size();
  if (auto info = load_model_info(*file)) model.info = std::move(*info);
  return model;
}

}  // namespace

std::string ZooModel::facts() const {
  if (!info) return "This file cannot be read as a model.";
  char text[64];
  std::snprintf(text, sizeof text, "%d x %d %s, %.1f MB. ", info->image.width, info->image.height,
                info->image.channels == 1 ? "grey" : "colour", static_cast<double>(bytes) / 1e6);
  return (data.empty() ? "" : data + ", ") + text + "Predicts " + predicts(*info) + ".";
}

std::vector<ZooModel> list_zoo(const std::string& folder) {
  std::vector<std::string> names = list_models(folder);
  std::vector<ZooModel> zoo;
  for (const json& row : parse_list(folder + "/models.json")) {
    const auto found = std::find(names.begin(), names.end(), text_of(row, "name"));
    if (found == names.end()) continue;
    zoo.push_back(describe(folder, *found, row));
    names.erase(found);
  }
  for (const std::string& name : names) zoo.push_back(describe(folder, name, {}));
  return zoo;
}

Result<std::string> read_card(const std::string& folder, const ZooModel& model) {
  // The name is the file's own word: only that of a file beside it is taken.
  const std::string card = model.info ? model.info->card : model.name + ".md";
  const auto file = read_file(folder + "/" + std::filesystem::path(card).filename().string());
  if (!file) return file.error();
  return std::string(reinterpret_cast<const char*>(file->data()), file->size());
}

}  // namespace undiffuse
