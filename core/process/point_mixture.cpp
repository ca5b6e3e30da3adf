#include "core/process/point_mixture.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "core/base/error.h"

namespace undiffuse {
namespace {

Eigen::ArrayXd squared_distances(const Eigen::Array2Xd& points, const Eigen::Array2d& x) {
  return (points.colwise() - x).square().colwise().sum().transpose();
}

// Sum over a grid that reaches eight deviations beyond all means, where the density ends for a double.
template <class F>
double grid_sum(const Mixture& mixture, F f) {
  const double sigma = std::sqrt(mixture.var), spacing = sigma / 2, margin = 8 * sigma;
  const Eigen::Array2d low = mixture.mean.rowwise().minCoeff() - margin;
  const Eigen::Array2d high = mixture.mean.rowwise().maxCoeff() + margin;
  double sum = 0;
  for (double y = low[1]; y <= high[1]; y += spacing) {
    for (double x = low[0]; x <= high[0]; x += spacing) sum += f(Eigen::Array2d(x, y));
  }
  return sum * spacing * spacing;
}

}  // namespace

Eigen::Array2d Mixture::total_mean() const { return (mean.matrix() * weight.matrix()).array(); }

Eigen::Array2d Mixture::total_var() const {
  const Eigen::Array2Xd off = mean.colwise() - total_mean();
  return var + (off.square().matrix() * weight.matrix()).array();
}

double Mixture::log_density(const Eigen::Array2d& x) const {
  const Eigen::ArrayXd squares = squared_distances(mean, x);
  const double nearest = squares.minCoeff();
  const double sum = (weight * ((nearest - squares) / (2 * var)).exp()).sum();
  return std::log(sum) - nearest / (2 * var) - std::log(2 * std::numbers::pi * var);
}

PointMixture::PointMixture(Eigen::Array2Xd centres, double var) : centres_(std::move(centres)), var_(var) {
  UNDIFFUSE_ASSERT(centres_.cols() > 0 && var > 0);
}

Mixture PointMixture::noisy(double alpha_bar) const {
  const Eigen::Index count = centres_.cols();
  return {std::sqrt(alpha_bar) * centres_, Eigen::ArrayXd::Constant(count, 1.0 / static_cast<double>(count)),
          alpha_bar * var_ + (1 - alpha_bar)};
}

Mixture PointMixture::posterior(const Eigen::Array2d& x_t, double alpha_bar) const {
  UNDIFFUSE_ASSERT(0 < alpha_bar && alpha_bar < 1);
  const double noise = 1 - alpha_bar, signal = std::sqrt(alpha_bar), noisy_var = alpha_bar * var_ + noise;
  const Eigen::ArrayXd squares = squared_distances(signal * centres_, x_t);
  Mixture x0;
  x0.weight = ((squares.minCoeff() - squares) / (2 * noisy_var)).exp();
  x0.weight /= x0.weight.sum();
  // With s² = v (1 - alpha_bar) / noisy_var the mean's two parts are weights that sum to 1.
  x0.var = var_ * noise / noisy_var;
  x0.mean = (noise / noisy_var * centres_).colwise() + signal * var_ / noisy_var * x_t;
  return x0;
}

Mixture PointMixture::reverse(const Eigen::Array2d& x_t, double alpha_bar_t, const Posterior& step) const {
  Mixture q = posterior(x_t, alpha_bar_t);
  q.mean = (step.c0 * q.mean).colwise() + step.c1 * x_t;
  q.var = step.beta_tilde + step.c0 * step.c0 * q.var;
  return q;
}

double PointMixture::entropy_nats(double alpha_bar) const {
  const Mixture density = noisy(alpha_bar);
  return grid_sum(density, [&](const Eigen::Array2d& x) {
    const double log_density = density.log_density(x);
    return -std::exp(log_density) * log_density;
  });
}

}  // namespace undiffuse
