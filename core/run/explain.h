// One pixel's step in words of the papers: from the network's raw output to mu, sigma and the draw.
#pragma once

#include <string>
#include <vector>

#include "core/run/fields.h"

namespace undiffuse {

/// The fields of one pixel (one channel) of one step.
struct PixelValues {
  double x_t = 0, raw = 0, log_var = 0, x0_hat = 0, x0_var = 0, mu = 0, sigma = 0, z = 0, x_prev = 0;
};

struct Explanation {
  std::string formula;  ///< "x̂_0 = √ᾱ x_t − √(1−ᾱ) v̂": _ and ^ for what stands below and above
  std::string numbers;  ///< the same with this pixel's numbers
  double result = 0;
};

struct ExplainContext {
  const Stage& stage;
  Prediction prediction = Prediction::V;
  Variance variance = Variance::Learned;
  bool learned_variance = false;  ///< the network has one
  bool clip = true;
};

/// What the network emitted: "v̂ = 0.418, r = −3.247".
std::string explain_output(const ExplainContext& context, const PixelValues& pixel);

/// What follows from it, a line for each step of the thought.
std::vector<Explanation> explain_pixel(const ExplainContext& context, const PixelValues& pixel);

/// For people: `digits` after the point, a real minus, powers of ten where those would hide the value.
std::string format_value(double value, int digits = 3);

}  // namespace undiffuse
