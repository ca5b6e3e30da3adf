// The models of a folder as a person chooses among them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/run/model.h"

namespace undiffuse {

struct ZooModel {
  std::string name;   ///< its file is name.safetensors
  std::string title;  ///< from models.json, else the name
  std::string data;   ///< what it was trained on, from models.json; may be empty
  size_t bytes = 0;
  std::optional<ModelInfo> info;  ///< none if the file cannot be read as a model

  /// "MNIST, 28 x 28 grey, 2.0 MB. Predicts the noise.", as far as it is known.
  std::string facts() const;
};

/// Those that the folder's models.json names, in its order, then the others by name.
std::vector<ZooModel> list_zoo(const std::string& folder);

/// The model card beside the weights; a sentence with its path if it cannot be read.
Result<std::string> read_card(const std::string& folder, const ZooModel& model);

}  // namespace undiffuse
