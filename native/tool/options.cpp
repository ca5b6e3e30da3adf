#include "native/tool/options.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <thread>

#include "native/files/files.h"

namespace undiffuse {
namespace {

// What a setting takes, for the help.
std::string range_of(const Setting& row) {
  std::string range;
  for (const SettingOption& option : row.options) {
    range += (range.empty() ? "" : ", ") + std::string(option.value);
  }
  if (row.max <= row.min) return range;
  Settings ends;
  row.set(ends, row.min);
  const std::string min = format_value(row, ends);
  row.set(ends, row.max);
  return (range.empty() ? "" : range + " or ") + min + " to " + format_value(row, ends);
}

// Rows like the playing speed are a view's matter.
bool is_of_the_picture(const Setting& row) {
  if (row.set == nullptr) return true;
  std::vector<double> values = {row.min, row.max};
  for (const SettingOption& option : row.options) values.push_back(option.number);
  return std::any_of(values.begin(), values.end(), [&](double value) {
    Settings other;
    row.set(other, value);
    return !other.same_picture(Settings());
  });
}

// What stands for a value in the help.
const char* type_of(const Setting& row) {
  if (row.type == SettingType::Integer || row.type == SettingType::Switch) return "INT";
  return row.type == SettingType::Real ? "NUMBER" : "NAME";
}

// A note says what is wrong, then what a view makes of it: "...; kept 50."
std::string complaint_of(const std::string& note) {
  const size_t end = note.rfind("; ");
  return end == std::string::npos ? note : note.substr(0, end) + ".";
}

bool is_path(const std::string& name_or_path) {
  return name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".safetensors");
}

// The setting "model" holds a name; of a path, its file's, as far as a name allows.
std::string name_of(const std::string& name_or_path) {
  if (!is_path(name_or_path)) return name_or_path;
  std::string name = std::filesystem::path(name_or_path).stem().string().substr(0, 64);
  if (name.empty()) name = "-";  // of a folder, which nothing is read from
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_'; },
      '-');
  return name;
}

Error no_such_model(const std::string& name, const std::string& folder) {
  std::string list;
  for (const std::string& model : list_models(folder)) list += (list.empty() ? "" : ", ") + model;
  return {"There is no model '" + name + "' in " + folder + ": it has " + list + "."};
}

}  // namespace

CLI::Validator within(double min, double max) { return CLI::Range(min, max).description(""); }

CLI::Option* add_model(CLI::App& command, std::string& name_or_path) {
  return command.add_option("--model", name_or_path, "A model's name, or the path of a .safetensors file.")
      ->capture_default_str();
}

CLI::Option* add_threads(CLI::App& command, int& threads) {
  threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return command
      .add_option("--threads", threads, "Threads of the network; no number of them changes a picture.")
      ->check(within(1, 256))
      ->capture_default_str();
}

Result<std::vector<std::byte>> read_model(const std::string& name_or_path,
                                          const std::string& within_weights) {
  if (is_path(name_or_path)) return read_file(name_or_path);
  const Result<std::string> weights = find_weights();
  if (!weights) return weights.error();
  const std::string folder = *weights + within_weights;
  const std::vector<std::string> models = list_models(folder);
  if (std::find(models.begin(), models.end(), name_or_path) == models.end()) {
    return no_such_model(name_or_path, folder);
  }
  return read_file(folder + "/" + name_or_path + ".safetensors");
}

RunOptions::RunOptions(CLI::App& command) {
  command.add_option("--settings", string_,
                     "All settings as one string, as in the page's address; single options go over it.");
  add_threads(command, threads_);
  for (const Setting& row : settings_table()) {
    if (is_of_the_picture(row)) add_row(command, row);
  }
}

void RunOptions::add_row(CLI::App& command, const Setting& row) {
  std::optional<std::string>& text = given_[std::string(row.name)];
  std::string help(row.help);
  help += row.type == SettingType::Text ? " A name, or the path of a .safetensors file."
                                        : " " + range_of(row) + ".";
  command.add_option("--" + std::string(row.name), text, help)
      ->default_str(format_value(row, Settings()))
      ->type_name(type_of(row))
      ->group("Settings");
}

Result<Settings> RunOptions::settings() const {
  ParsedSettings parsed = parse_settings(string_);
  if (!parsed.notes.empty()) return Error{"--settings: " + complaint_of(parsed.notes.front())};
  for (const auto& [name, text] : given_) {
    if (!text) continue;
    set_setting(parsed, name, name == "model" ? name_of(*text) : *text);
    if (parsed.notes.empty()) continue;
    const std::string given = "--" + name + " " + *text;
    return Error{given + ": " + complaint_of(parsed.notes.front())};
  }
  return parsed.settings;
}

Result<std::unique_ptr<Session>> RunOptions::open(const Settings& settings, SessionOptions options) const {
  const std::optional<std::string>& given = given_.at("model");
  const std::string model = given && is_path(*given) ? *given : settings.model;
  const Result<std::vector<std::byte>> file = read_model(model);
  if (!file) return file.error();
  options.threads = threads_;
  auto session = std::make_unique<Session>(options);
  const Status opened = session->open_model(*file);
  if (!opened) return Error{model + ": " + opened.error().message};
  for (const char* about_classes : {"class", "guidance"}) {
    if (session->model().num_classes() == 0 && given_.at(about_classes))
      return Error{std::string("--") + about_classes + ": this model has no classes. Leave it out."};
  }
  const Applied applied = session->apply(ParsedSettings{settings, {}});
  if (!applied.notes.empty()) return Error{complaint_of(applied.notes.front())};
  return session;
}

}  // namespace undiffuse
