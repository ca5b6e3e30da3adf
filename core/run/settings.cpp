#include "core/run/settings.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace undiffuse {
namespace {

// JSON's number grammar and its shortest round trip: free of locale, the same native and in WASM.
std::optional<double> parse_number(std::string_view text) {
  const auto value = nlohmann::json::parse(text, nullptr, false);
  if (!value.is_number()) return std::nullopt;
  const double parsed = value.get<double>();
  return std::isfinite(parsed) ? std::optional(parsed) : std::nullopt;
}

std::string format_number(double value) {
  const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
  return whole ? std::to_string(static_cast<long long>(value)) : nlohmann::json(value).dump();
}

std::string in_quotes(std::string_view text) {
  constexpr size_t kLongest = 40;  // a note is a sentence, not a dump of what somebody pasted
  std::string shown(text.substr(0, kLongest));
  for (char& c : shown) c = (c >= ' ' && c < 127) ? c : '?';
  shown.insert(shown.begin(), '\'');
  return shown += text.size() > kLongest ? "...'" : "'";
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    decoded += escape ? static_cast<char>(16 * hex_digit(text[i + 1]) + hex_digit(text[i + 2])) : text[i];
    if (escape) i += 2;
  }
  return decoded;
}

std::string label_of(const Setting& row) { return std::string(row.label); }

void set_text(Settings& settings, const std::string& value, std::vector<std::string>& notes) {
  const bool plain = !value.empty() && value.size() <= 64 &&
                     std::all_of(value.begin(), value.end(),
                                 [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
  if (plain) {
    settings.model = value;
  } else {
    notes.push_back("Model takes a name of letters, digits and dashes, not " + in_quotes(value) + "; kept " +
                    settings.model + ".");
  }
}

const SettingOption* find_option(const Setting& row, std::string_view value) {
  const auto found = std::find_if(row.options.begin(), row.options.end(),
                                  [&](const SettingOption& option) { return option.value == value; });
  return found == row.options.end() ? nullptr : &*found;
}

std::string listed_options(const Setting& row) {
  std::string list;
  for (const SettingOption& option : row.options) {
    list += (list.empty() ? "" : ", ") + std::string(option.value);
  }
  return row.max > row.min ? list + " or a number" : list;
}

void set_number_from_text(const Setting& row, const std::string& value, Settings& settings,
                          std::vector<std::string>& notes) {
  const std::optional<double> parsed = parse_number(value);
  if (!parsed) {
    notes.push_back(label_of(row) + " takes a number, not " + in_quotes(value) + "; kept " +
                    format_value(row, settings) + ".");
    return;
  }
  const double whole = row.type == SettingType::Real ? *parsed : std::round(*parsed);
  const double clamped = std::clamp(whole, row.min, row.max);
  row.set(settings, clamped);
  if (clamped != *parsed) {
    notes.push_back(label_of(row) + " is " + (row.type == SettingType::Real ? "" : "a whole number ") +
                    "from " + format_number(row.min) + " to " + format_number(row.max) + "; " +
                    in_quotes(value) + " became " + format_number(clamped) + ".");
  }
}

void set_choice(const Setting& row, const std::string& value, Settings& settings,
                std::vector<std::string>& notes) {
  if (const SettingOption* option = find_option(row, value)) {
    row.set(settings, option->number);
  } else if (row.max > row.min && parse_number(value)) {
    set_number_from_text(row, value, settings, notes);
  } else {
    notes.push_back(label_of(row) + " is one of " + listed_options(row) + ", not " + in_quotes(value) +
                    "; kept " + format_value(row, settings) + ".");
  }
}

}  // namespace

bool Settings::same_picture(const Settings& other) const {
  Settings same_speed = other;
  same_speed.speed = speed;
  return *this == same_speed;
}

bool is_in_use(const Setting& row, const Settings& settings) {
  const auto has = [&](std::string_view name, std::string_view value) {
    const auto table = settings_table();
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const Setting& other) { return other.name == name; });
    return format_value(*found, settings) == value;
  };
  if (!row.only_if_schedule.empty() && !has("schedule", row.only_if_schedule)) return false;
  return row.only_if_sampler.empty() ||
         std::any_of(row.only_if_sampler.begin(), row.only_if_sampler.end(),
                     [&](std::string_view value) { return has("sampler", value); });
}

void set_setting(ParsedSettings& parsed, std::string_view name, const std::string& value) {
  for (const Setting& row : settings_table()) {
    if (row.name != name) continue;
    if (row.type == SettingType::Text) return set_text(parsed.settings, value, parsed.notes);
    if (row.type == SettingType::Choice) return set_choice(row, value, parsed.settings, parsed.notes);
    return set_number_from_text(row, value, parsed.settings, parsed.notes);
  }
  parsed.notes.push_back("There is no setting " + in_quotes(name) + "; ignored.");
}

ParsedSettings parse_settings(std::string_view text) {
  ParsedSettings parsed;
  if (!text.empty() && (text.front() == '#' || text.front() == '?')) text.remove_prefix(1);
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    set_setting(parsed, percent_decoded(pair.substr(0, equals)), percent_decoded(value));
  }
  return parsed;
}

std::string format_value(const Setting& row, const Settings& settings) {
  if (row.type == SettingType::Text) return settings.model;
  const double value = row.get(settings);
  for (const SettingOption& option : row.options) {
    if (option.number == value) return std::string(option.value);
  }
  return format_number(value);
}

std::string format_settings(const Settings& settings) {
  static const Settings defaults;
  std::string text;
  for (const Setting& row : settings_table()) {
    const std::string value = format_value(row, settings);
    if (value == format_value(row, defaults)) continue;
    text += (text.empty() ? "" : "&") + std::string(row.name) + "=" + value;
  }
  return text;
}

}  // namespace undiffuse
