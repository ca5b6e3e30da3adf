// Reads a weights file's `__metadata__`: strings, some of them JSON, all of them a stranger's.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/base/error.h"

namespace undiffuse {

/// The sentence for a key that is not what it should be.
Error bad_key(const std::string& key, const std::string& wanted);

/// Collects the first error, so that reading the keys stays a list of reads.
class MetadataReader {
 public:
  /// `metadata` must outlive the reader.
  explicit MetadataReader(const std::map<std::string, std::string>& metadata) : metadata_(metadata) {}

  const std::optional<Error>& error() const { return error_; }
  void fail(const std::string& key, const std::string& wanted);

  std::string text(const std::string& key);
  nlohmann::json parsed(const std::string& key);
  /// `value`, which stands under `key`; `min` if it is no number within [min, max].
  double number(const std::string& key, const nlohmann::json& value, double min, double max);
  double number(const std::string& key, double min, double max);

 private:
  const std::map<std::string, std::string>& metadata_;
  std::optional<Error> error_;
};

/// object[name], or null. Not a copy: copying recurses, and a stranger's file may nest half a million deep.
const nlohmann::json& member(const nlohmann::json& object, const char* name);

}  // namespace undiffuse
