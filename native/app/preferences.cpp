#include "native/app/preferences.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>

#include "native/files/files.h"

namespace undiffuse {

using nlohmann::json;

std::string preferences_path() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  if (config && *config) return std::string(config) + "/undiffuse/app.json";
  return home && *home ? std::string(home) + "/.config/undiffuse/app.json" : "";
}

Preferences load_preferences(const std::string& path) {
  Preferences preferences;
  const auto file = path.empty() ? Result<std::vector<std::byte>>(Error{}) : read_file(path);
  if (!file) return preferences;
  const std::string text(reinterpret_cast<const char*>(file->data()), file->size());
  const json stored = json::parse(text, nullptr, false);
  if (!stored.is_object()) return preferences;
  const auto number = [&](const char* key, int low, int high, int usual) {
    const bool there = stored.contains(key) && stored[key].is_number_integer();
    return there ? static_cast<int>(std::clamp<long long>(stored[key].get<long long>(), low, high)) : usual;
  };
  if (stored.contains("settings") && stored["settings"].is_string())
    preferences.settings = stored["settings"];
  if (stored.contains("dark") && stored["dark"].is_boolean()) preferences.dark = stored["dark"];
  preferences.width = number("width", 640, 8192, preferences.width);
  preferences.height = number("height", 480, 8192, preferences.height);
  return preferences;
}

Status save_preferences(const std::string& path, const Preferences& preferences) {
  if (path.empty()) return Error{"There is no home folder to keep the settings in."};
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  if (failed) return Error{"The folder of " + path + " cannot be made: " + failed.message() + "."};
  const json stored = {{"settings", preferences.settings},
                       {"dark", preferences.dark},
                       {"width", preferences.width},
                       {"height", preferences.height}};
  const std::string text = stored.dump(2) + "\n";
  return write_file(path, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace undiffuse
