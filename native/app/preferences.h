// What the app remembers between two runs, in the user's configuration folder.
#pragma once

#include <string>

#include "core/base/error.h"

namespace undiffuse {

struct Preferences {
  std::string settings;  ///< a settings string
  bool dark = false;
  int width = 1280;
  int height = 900;
  bool operator==(const Preferences&) const = default;
};

/// $XDG_CONFIG_HOME/undiffuse/app.json, or ~/.config/undiffuse/app.json; empty without a home.
std::string preferences_path();

/// Defaults for whatever is missing, damaged or out of range: a lost preference is no reason to stop.
Preferences load_preferences(const std::string& path);
Status save_preferences(const std::string& path, const Preferences& preferences);

}  // namespace undiffuse
