// A trained model: what its weights file says of it, and its network as a graph.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/data_range.h"
#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/network/graph.h"
#include "core/process/prediction.h"
#include "core/process/schedule.h"

namespace undiffuse {

/// From the `__metadata__` of a weights file (architecture contract 10; weights/export.py writes it).
struct ModelInfo {
  std::string name;
  std::string card;  ///< file name of its model card
  Shape image;       ///< batch = 1
  DataRange range;   ///< which values are black and white in it
  Prediction prediction = Prediction::V;
  bool learned_variance =
      false;         ///< the network's second half of channels is the variance's, see prediction.h
  Schedule trained;  ///< how it counts the noise it was trained on, T = trained.num_steps()
  std::optional<ScheduleSpec> trained_spec;  ///< that made `trained`, if the settings can name it
  double sigma_data = 1;                     ///< standard deviation of the data's pixels, as measured
  std::vector<std::string> class_names;      ///< none for a model that was trained without classes

  /// Valid as long as this object.
  Parameterization parameterization() const { return {prediction, sigma_data, &trained}; }
  int num_classes() const { return static_cast<int>(class_names.size()); }
};

struct Model {
  ModelInfo info;
  Graph graph;
};

/// What the metadata alone says, without building the network: for lists of models.
Result<ModelInfo> load_model_info(std::span<const std::byte> file);

/// Reads a weights file. Refuses other versions and architectures, missing or senseless keys, and
/// whatever the builder refuses, with a sentence that names the key or tensor.
Result<Model> load_model(std::span<const std::byte> file);

}  // namespace undiffuse
