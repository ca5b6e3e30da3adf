// Settings that a model was made for, and what becomes of a person's settings when the model changes.
#pragma once

#include <string>

#include "core/run/model.h"
#include "core/run/settings.h"

namespace undiffuse {

/// As a settings string without the model; empty for models that take any schedule and step count equally
/// well. One that learned the steps of its own schedule (Prediction::Transition) names those, unclipped, as
/// its paper samples.
std::string own_settings(const ModelInfo& model);

/// For views whose person goes from one model to another: a row of `left` (own_settings of the model before)
/// that still has its value goes back to what it was in `before`; the rows of `entered` take theirs.
/// `before` becomes the settings without those, for the next time.
Settings exchange_own_settings(Settings settings, const std::string& left, const std::string& entered,
                               Settings& before);

}  // namespace undiffuse
