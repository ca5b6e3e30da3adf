// What views of the Swiss roll draw beside its points: densities, and the true reverse step beside the
// network's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/run/toys/toy_model.h"

namespace undiffuse {

/// A square of the plane.
struct PlaneWindow {
  Eigen::Array2d centre = {0, 0};
  double reach = 1;  ///< half of its side
};

/// The density at the middle of each of side x side squares, rows from the top (largest y) down.
void write_density(const Mixture& density, const PlaneWindow& window, int side, std::span<float> out);

/// q(x_s | x_t) of the data, exact but for components that weigh less than 1e-8, and the model's N(mu,
/// sigma²) at the same x_t.
struct ReverseComparison {
  Mixture exact;
  Eigen::Array2d mean, deviation;  ///< of `exact`, by coordinate
  Eigen::Array2d mu, sigma;
  double kl_bits = 0;  ///< KL(exact || model), by a sum over a grid; within about 1 %
  PlaneWindow window;  ///< holds nearly all of both
};
ReverseComparison compare_reverse(const ToyModel& model, const PointMixture& data, int t, int s,
                                  const Eigen::Array2f& x_t);

/// JSON: {"model", "num_steps": T, "t": [...], "alpha_bar": [...]} of a run's states.
std::string describe_toy_run(const ToyModel& model, const std::vector<int>& times);

}  // namespace undiffuse
