// JSON descriptions of the settings table, a run and the schedules, for views that speak JSON.
#pragma once

#include <string>

#include "core/run/session.h"

namespace undiffuse {

/// As a weights file and the descriptions call it: "v", "eps", "x0", "edm" or "transition".
const char* prediction_name(Prediction prediction);

/// What the network gives, for a person: "the noise", "the mean (through v) and the variance of the image".
std::string predicts(const ModelInfo& model);

/// The settings table: an array with a row for each setting.
std::string describe_settings_table();

/// What can be asked of a given image: {"tasks": [...], "ways": [...], "parts": [...]} (evidence_table.h,
/// given_image.h).
std::string describe_evidence_table();

/// What apply() did: {"settings": canonical string, "values": {...}, "notes": [...], "restarted"}.
std::string describe_applied(const Settings& settings, const Applied& applied);

/// The run: its times (null where no t stands for a point), alpha_bars, transitions, NFE of each step,
/// batch, the model, and its network: blocks with shapes, ops, parameter counts and places in a drawing, and
/// the edges between them; its evidence as a way's name, the amount, the picture to show and perhaps a note,
/// or null. Needs a model.
std::string describe_run(const Session& session);

/// All schedules with the parameters of `settings` on `points` >= 2 evenly spaced times from T to 0,
/// and the points of the chosen one: what a chart draws while a slider is dragged.
std::string describe_schedules(const Settings& settings, const Schedule& trained, int points);

}  // namespace undiffuse
