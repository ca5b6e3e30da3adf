#include "core/run/settings.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace undiffuse {
namespace {

// A row's access to its field. `field` returns a reference, so that fields of fields work as well.
template <auto field>
double get_number(const Settings& settings) {
  return static_cast<double>(field(const_cast<Settings&>(settings)));
}
template <auto field>
void set_number(Settings& settings, double value) {
  auto& reference = field(settings);
  reference = static_cast<std::remove_reference_t<decltype(reference)>>(value);
}

template <auto field>
Setting bound_to(Setting row) {
  row.get = get_number<field>;
  row.set = set_number<field>;
  return row;
}

template <class Enum>
constexpr double number(Enum value) {
  return static_cast<double>(value);
}

#define FIELD(path) \
  [](Settings & s) -> auto& { return s.path; }

std::vector<Setting> model_rows() {
  return {
      {.name = "model",
       .label = "Model",
       .help = "Which trained network denoises.",
       .type = SettingType::Text},
      bound_to<FIELD(label)>({.name = "class",
                              .label = "Class",
                              .help = "What the network is told to draw.",
                              .type = SettingType::Choice,
                              .min = 0,
                              .max = 999,
                              .options = {{"any", "any", kAnyClass}, {"each", "one of each", kEachClass}}}),
      bound_to<FIELD(guidance)>({.name = "guidance",
                                 .label = "Guidance",
                                 .help = "How strongly the class steers; 1 is the plain network.",
                                 .type = SettingType::Real,
                                 .min = 0,
                                 .max = 8,
                                 .step = 0.1}),
  };
}

std::vector<Setting> schedule_rows() {
  return {
      bound_to<FIELD(steps)>({.name = "steps",
                              .label = "Steps",
                              .help = "Reverse steps from noise to image: fewer are larger.",
                              .type = SettingType::Integer,
                              .min = 1,
                              .max = 1000,
                              .log_scale = true}),
      bound_to<FIELD(schedule.family)>(
          {.name = "schedule",
           .label = "Schedule",
           .help = "How the noise falls from step to step.",
           .type = SettingType::Choice,
           .options = {{"linear", "Linear (DDPM)", number(ScheduleFamily::Linear)},
                       {"cosine", "Cosine", number(ScheduleFamily::Cosine)},
                       {"constant-rate", "Constant rate (2015)", number(ScheduleFamily::ConstantRate)},
                       {"rho", "Rho (EDM)", number(ScheduleFamily::Rho)}}}),
      bound_to<FIELD(schedule.beta_start)>({.name = "beta_start",
                                            .label = "First beta",
                                            .help = "Noise variance added by the first of 1000 steps.",
                                            .type = SettingType::Real,
                                            .min = 1e-5,
                                            .max = 0.01,
                                            .step = 1e-5,
                                            .log_scale = true,
                                            .only_if_schedule = "linear"}),
      bound_to<FIELD(schedule.beta_end)>({.name = "beta_end",
                                          .label = "Last beta",
                                          .help = "Noise variance added by the last of 1000 steps.",
                                          .type = SettingType::Real,
                                          .min = 0.005,
                                          .max = 0.2,
                                          .step = 1e-3,
                                          .log_scale = true,
                                          .only_if_schedule = "linear"}),
      bound_to<FIELD(schedule.offset)>({.name = "offset",
                                        .label = "Offset",
                                        .help = "Where on the cosine it starts: larger adds noise sooner.",
                                        .type = SettingType::Real,
                                        .min = 0.001,
                                        .max = 0.5,
                                        .step = 1e-3,
                                        .log_scale = true,
                                        .only_if_schedule = "cosine"}),
      bound_to<FIELD(schedule.rho)>(
          {.name = "rho",
           .label = "Rho",
           .help = "Larger takes smaller steps near the image, larger ones near noise.",
           .type = SettingType::Real,
           .min = 1,
           .max = 20,
           .step = 0.5,
           .only_if_schedule = "rho"}),
      bound_to<FIELD(schedule.sigma_max)>({.name = "sigma_max",
                                           .label = "First noise level",
                                           .help = "Noise over signal where the run starts.",
                                           .type = SettingType::Real,
                                           .min = 1,
                                           .max = 80,
                                           .step = 0.1,
                                           .log_scale = true,
                                           .only_if_schedule = "rho"}),
      bound_to<FIELD(schedule.sigma_min)>({.name = "sigma_min",
                                           .label = "Last noise level",
                                           .help = "Noise over signal before the last step.",
                                           .type = SettingType::Real,
                                           .min = 0.002,
                                           .max = 0.5,
                                           .step = 1e-3,
                                           .log_scale = true,
                                           .only_if_schedule = "rho"}),
  };
}

std::vector<SettingOption> sampler_options() {
  std::vector<SettingOption> options;
  for (const SamplerRow& row : sampler_rows()) options.push_back({row.value, row.label, number(row.kind)});
  return options;
}

std::vector<Setting> churn_rows() {
  const std::vector<std::string_view> samplers = {"edm-euler", "edm-heun"};
  return {
      bound_to<FIELD(sampler.s_churn)>(
          {.name = "churn",
           .label = "Churn",
           .help = "Noise added before each step, for the network to take away again.",
           .type = SettingType::Real,
           .min = 0,
           .max = 100,
           .step = 1,
           .only_if_sampler = samplers}),
      bound_to<FIELD(sampler.s_min)>({.name = "churn_min",
                                      .label = "Churn down to",
                                      .help = "The lowest noise level at which noise is added.",
                                      .type = SettingType::Real,
                                      .min = 0,
                                      .max = 10,
                                      .step = 0.01,
                                      .only_if_sampler = samplers}),
      bound_to<FIELD(sampler.s_max)>({.name = "churn_max",
                                      .label = "Churn from",
                                      .help = "The highest noise level at which noise is added.",
                                      .type = SettingType::Real,
                                      .min = 0.1,
                                      .max = 80,
                                      .step = 0.1,
                                      .log_scale = true,
                                      .only_if_sampler = samplers}),
      bound_to<FIELD(sampler.s_noise)>(
          {.name = "churn_noise",
           .label = "Churn strength",
           .help = "Deviation of the added noise; a little over 1 makes up for lost detail.",
           .type = SettingType::Real,
           .min = 0.9,
           .max = 1.1,
           .step = 1e-3,
           .only_if_sampler = samplers}),
  };
}

std::vector<Setting> sampler_rows_of_table() {
  std::vector<Setting> rows = {
      bound_to<FIELD(sampler.kind)>({.name = "sampler",
                                     .label = "Sampler",
                                     .help = "How a step goes from the prediction to the next state.",
                                     .type = SettingType::Choice,
                                     .options = sampler_options()}),
      bound_to<FIELD(sampler.variance)>(
          {.name = "variance",
           .label = "Variance",
           .help = "The deviation of each ancestral step's Gaussian: learned for every pixel, or fixed.",
           .type = SettingType::Choice,
           .options = {{"learned", "Learned", number(Variance::Learned)},
                       {"fixed-small", "Fixed small", number(Variance::FixedSmall)},
                       {"fixed-large", "Fixed large", number(Variance::FixedLarge)}},
           .only_if_sampler = {"ancestral"}}),
      bound_to<FIELD(sampler.eta)>(
          {.name = "eta",
           .label = "Eta",
           .help = "Fresh noise in each step: 0 none, 1 as much as ancestral steps draw.",
           .type = SettingType::Real,
           .min = 0,
           .max = 1,
           .step = 0.05,
           .only_if_sampler = {"ddim"}}),
  };
  const std::vector<Setting> churn = churn_rows();
  rows.insert(rows.end(), churn.begin(), churn.end());
  return rows;
}

std::vector<Setting> picture_rows() {
  return {
      bound_to<FIELD(clip)>({.name = "clip",
                             .label = "Clip x̂₀",
                             .help = "Keep the predicted image between black and white.",
                             .type = SettingType::Switch,
                             .min = 0,
                             .max = 1}),
      bound_to<FIELD(images)>({.name = "images",
                               .label = "Images",
                               .help = "How many images are drawn at once.",
                               .type = SettingType::Choice,
                               .options = {{"1", "1", 1}, {"4", "4", 4}, {"16", "16", 16}}}),
      bound_to<FIELD(seed)>({.name = "seed",
                             .label = "Seed",
                             .help = "The same seed draws the same noise on every machine.",
                             .type = SettingType::Integer,
                             .min = 0,
                             .max = 4294967295.0}),
      bound_to<FIELD(speed)>({.name = "speed",
                              .label = "Speed",
                              .help = "Steps shown a second while playing.",
                              .type = SettingType::Real,
                              .min = 1,
                              .max = 60,
                              .step = 1,
                              .log_scale = true}),
  };
}

#undef FIELD

std::vector<Setting> make_table() {
  std::vector<Setting> table = model_rows();
  for (auto&& rows : {schedule_rows(), sampler_rows_of_table(), picture_rows()})
    table.insert(table.end(), rows.begin(), rows.end());
  return table;
}

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

std::span<const Setting> settings_table() {
  static const std::vector<Setting> table = make_table();
  return table;
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
