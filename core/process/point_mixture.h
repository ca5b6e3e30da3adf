// Points whose exact answer is known: a mixture of Gaussians of one variance, all equally likely.
//
// Everything that the process makes of it is in closed form: the density of x_t, the mean and variance
// of x_0 given x_t (the answer that no network can better), and the whole reverse step q(x_s | x_t),
// which is a mixture again.
#pragma once

#include <Eigen/Core>

#include "core/process/forward_kernel.h"

namespace undiffuse {

/// Points of the plane, a column each: in memory x, y, x, y, ...
using Points = Eigen::Array<float, 2, Eigen::Dynamic>;

/// Means of components, a column each, with their weights (sum 1), and one variance for all.
struct Mixture {
  Eigen::Array2Xd mean;
  Eigen::ArrayXd weight;
  double var = 1;

  Eigen::Array2d total_mean() const;
  /// Of each coordinate.
  Eigen::Array2d total_var() const;
  double log_density(const Eigen::Array2d& x) const;
};

class PointMixture {
 public:
  /// var > 0 of each component, both ways.
  PointMixture(Eigen::Array2Xd centres, double var);

  const Eigen::Array2Xd& centres() const { return centres_; }
  double var() const { return var_; }

  /// The density of x_t as a mixture; alpha_bar = 1 gives the data's own.
  Mixture noisy(double alpha_bar) const;

  /// x_0 given x_t: component k has weight ∝ N(x_t; sqrt(alpha_bar) c_k, alpha_bar v + 1 - alpha_bar),
  /// variance s² = 1 / (1/v + alpha_bar / (1 - alpha_bar)) and mean s² (c_k / v + sqrt(alpha_bar) x_t /
  /// (1 - alpha_bar)). alpha_bar < 1.
  Mixture posterior(const Eigen::Array2d& x_t, double alpha_bar) const;

  /// q(x_s | x_t) of the step whose posterior is `step`: the average of q(x_s | x_t, x_0).
  Mixture reverse(const Eigen::Array2d& x_t, double alpha_bar_t, const Posterior& step) const;

  /// -E ln q(x_t), by a sum over a grid of half a deviation: exact to about 1e-12.
  double entropy_nats(double alpha_bar) const;

 private:
  Eigen::Array2Xd centres_;
  double var_;
};

}  // namespace undiffuse
