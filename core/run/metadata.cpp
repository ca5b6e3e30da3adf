#include "core/run/metadata.h"

#include <cmath>

namespace undiffuse {

using nlohmann::json;

Error bad_key(const std::string& key, const std::string& wanted) {
  return {"The weights file's metadata key '" + key + "' is not " + wanted +
          ": export the model again with this version's weights/export.py."};
}

void MetadataReader::fail(const std::string& key, const std::string& wanted) {
  if (!error_) error_ = bad_key(key, wanted);
}

std::string MetadataReader::text(const std::string& key) {
  const auto found = metadata_.find(key);
  if (found != metadata_.end()) return found->second;
  fail(key, "there");
  return {};
}

json MetadataReader::parsed(const std::string& key) {
  json value = json::parse(text(key), nullptr, false);
  if (value.is_discarded()) fail(key, "JSON");
  return value;
}

double MetadataReader::number(const std::string& key, const json& value, double min, double max) {
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  if (!(number >= min && number <= max)) fail(key, "a number in its range");
  return number >= min && number <= max ? number : min;
}

double MetadataReader::number(const std::string& key, double min, double max) {
  return number(key, parsed(key), min, max);
}

const json& member(const json& object, const char* name) {
  static const json kNothing;
  return object.is_object() && object.contains(name) ? *object.find(name) : kNothing;
}

}  // namespace undiffuse
