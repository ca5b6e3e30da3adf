#include "native/app/schedules.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/run/describe.h"

namespace undiffuse {
namespace {

constexpr int kPoints = 201;

const char* key_of(Curve curve) {
  return curve == Curve::AlphaBar ? "alpha_bar" : curve == Curve::Beta ? "beta" : "log_snr";
}

std::string label_of(const std::string& schedule) {
  for (const Setting& row : settings_table()) {
    if (row.name != "schedule") continue;
    for (const SettingOption& option : row.options) {
      if (option.value == schedule) return std::string(option.label);
    }
  }
  return schedule;
}

}  // namespace

std::vector<ScheduleCurve> schedule_curves(const Settings& settings, const Schedule& trained, Curve curve) {
  const auto described = nlohmann::json::parse(describe_schedules(settings, trained, kPoints));
  std::vector<ScheduleCurve> curves;
  for (const auto& [name, values] : described["curves"].items()) {
    curves.push_back({label_of(name), described["current"] == name, values[key_of(curve)]});
  }
  return curves;
}

}  // namespace undiffuse
