#include "core/run/own_settings.h"

namespace undiffuse {
namespace {

// Calls visit(row) for each row with a number that the string sets.
template <class Visit>
void for_each_named(const Settings& named, Visit visit) {
  const Settings defaults;
  for (const Setting& row : settings_table()) {
    if (row.get && row.get(named) != row.get(defaults)) visit(row);
  }
}

}  // namespace

std::string own_settings(const ModelInfo& model) {
  if (model.prediction != Prediction::Transition || !model.trained_spec) return "";
  Settings settings;
  settings.steps = model.trained.num_steps();
  settings.schedule = *model.trained_spec;
  settings.clip = false;
  settings.speed = 60;  // a thousand steps
  return format_settings(settings);
}

Settings exchange_own_settings(Settings settings, const std::string& left, const std::string& entered,
                               Settings& before) {
  const Settings leaving = parse_settings(left).settings, entering = parse_settings(entered).settings;
  for_each_named(leaving, [&](const Setting& row) {
    if (row.get(settings) == row.get(leaving)) row.set(settings, row.get(before));
  });
  before = settings;
  for_each_named(entering, [&](const Setting& row) { row.set(settings, row.get(entering)); });
  return settings;
}

}  // namespace undiffuse
