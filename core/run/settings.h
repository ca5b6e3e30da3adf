// The one settings table: names, types, ranges, defaults and help of everything a person can choose.
//
// It makes the URL hash, the page's and the app's controls and the command line flags. Values from
// outside are clamped or refused with a sentence; unknown keys are ignored with a note.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/process/schedule.h"
#include "core/run/samplers/table.h"

namespace undiffuse {

inline constexpr int kAnyClass = -1;   ///< unconditional: the model's "any class" label
inline constexpr int kEachClass = -2;  ///< image i of the batch is of class i mod classes

/// The values, ready to use. The defaults are the table's.
struct Settings {
  std::string model = "mnist-mean-variance";  ///< name of a weights file; the view finds it
  int label = 3;                              ///< the setting "class": 0..classes-1, kAnyClass or kEachClass
  int steps = 50;                             ///< S, 1..1000 (no more than the model's T)
  double guidance = 1.5;                      ///< classifier-free guidance scale w; 1 is plain conditional
  ScheduleSpec schedule;                      ///< the setting "schedule" and its parameters
  SamplerSpec sampler;                        ///< the setting "sampler" and its parameters
  bool clip = true;                           ///< clamp x0_hat to the data's range; changes mu
  int images = 1;                             ///< batch: 1, 4 or 16
  std::uint32_t seed = 11;
  double speed = 10;  ///< steps a second while playing; the view's, no part of the picture
  bool operator==(const Settings&) const = default;

  /// Equal in all that the picture depends on.
  bool same_picture(const Settings& other) const;
};

enum class SettingType { Integer, Real, Choice, Switch, Text };

struct SettingOption {
  std::string_view value;  ///< in the settings string
  std::string_view label;  ///< for people
  double number;           ///< what Setting::get returns for it
};

/// One row of the table.
struct Setting {
  std::string_view name;
  std::string_view label;
  std::string_view help;  ///< one line
  SettingType type = SettingType::Real;
  double min = 0;
  double max = 0;
  double step = 1;
  bool log_scale = false;                              ///< a slider gives each factor the same room
  std::vector<SettingOption> options = {};             ///< of a Choice; with max > min also min..max
  std::string_view only_if_schedule = {};              ///< shown only while "schedule" has this value
  std::vector<std::string_view> only_if_sampler = {};  ///< shown only while "sampler" has one of these
  double (*get)(const Settings&) = nullptr;
  void (*set)(Settings&, double) = nullptr;
};

/// All rows, in the order of the settings string. "model" is the only Text row (no get, no set).
std::span<const Setting> settings_table();

/// Whether a row has anything to say under these settings: what a view shows.
bool is_in_use(const Setting& row, const Settings& settings);

struct ParsedSettings {
  Settings settings;
  std::vector<std::string> notes;  ///< a sentence for each value that was clamped, refused or unknown
};

/// "steps=50&class=3" (a leading '#' or '?' is skipped, %XX decoded); keys left out are defaults.
ParsedSettings parse_settings(std::string_view text);

/// One pair of such a string, its value as it is: sets it, or adds a note.
void set_setting(ParsedSettings& parsed, std::string_view name, const std::string& value);

/// The canonical string: the table's order, defaults left out. parse(format(s)) == s.
std::string format_settings(const Settings& settings);

/// The value of a row as it stands in the settings string.
std::string format_value(const Setting& row, const Settings& settings);

}  // namespace undiffuse
