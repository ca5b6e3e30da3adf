// Options made of the settings table, and the session that they describe.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/run/session.h"

namespace undiffuse {

/// Refuses numbers outside [min, max].
CLI::Validator within(double min, double max);

/// --model, for commands that need a network and no settings.
CLI::Option* add_model(CLI::App& command, std::string& name_or_path);

/// --threads, by default all that the machine has.
CLI::Option* add_threads(CLI::App& command, int& threads);

/// A weights file by its model's name, or by its path (what has a '/' or ends in .safetensors). Names are
/// looked up in the weights' folder, or in a folder within it ("/toys").
Result<std::vector<std::byte>> read_model(const std::string& name_or_path,
                                          const std::string& within_weights = "");

/// What describes a run. CLI11 keeps pointers into it: it stays where it was made.
class RunOptions {
 public:
  /// --settings, --model, --threads and an option for each row that the picture depends on.
  explicit RunOptions(CLI::App& command);
  RunOptions(const RunOptions&) = delete;
  RunOptions& operator=(const RunOptions&) = delete;

  /// The settings string, with single options over it. What a view would clamp is refused here.
  Result<Settings> settings() const;

  /// A session that has the model open and these settings applied.
  Result<std::unique_ptr<Session>> open(const Settings& settings, SessionOptions options = {}) const;

  int threads() const { return threads_; }

 private:
  void add_row(CLI::App& command, const Setting& row);

  std::string string_;
  std::map<std::string, std::optional<std::string>> given_;  // row -> its option's text
  int threads_ = 1;
};

}  // namespace undiffuse
