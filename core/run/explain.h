// One pixel's step in words of the papers: from the network's raw output to mu, sigma and the draw.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/run/fields.h"
#include "core/run/model.h"
#include "core/run/settings.h"

namespace undiffuse {

/// The fields of one pixel (one channel) of one step, in the order of Field.
using PixelValues = std::array<double, kNumFields>;

struct Explanation {
  std::string formula;  ///< "x̂_0 = √ᾱ x_t − √(1−ᾱ) v̂": _ and ^ for what stands below and above
  std::string numbers;  ///< the same with this pixel's numbers
  double result = 0;
};

struct ExplainContext {
  const ModelInfo& model;
  const Settings& settings;
  const Stage& stage;
  bool evidence = false;  ///< whether the run has any: mu and sigma are then the perturbed ones
};

/// Sign of what a network of this kind emits: "v̂", "ε̂", "x̂_0", "F", "z^μ".
const char* output_symbol(Prediction prediction);

/// Whether a step's deviation is 0 for every pixel: nothing is drawn.
bool is_still(const Stage& stage);

/// What the network emitted: "v̂ = 0.418, r = −3.247".
std::string explain_output(const ExplainContext& context, const PixelValues& pixel);

/// What follows from it, a line for each step of the thought.
std::vector<Explanation> explain_pixel(const ExplainContext& context, const PixelValues& pixel);

/// For people: `digits` after the point, a real minus, powers of ten where those would hide the value.
std::string format_value(double value, int digits = 3);

}  // namespace undiffuse
