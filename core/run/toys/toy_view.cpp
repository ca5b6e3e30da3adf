#include "core/run/toys/toy_view.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/base/error.h"
#include "core/process/bound.h"

namespace undiffuse {
namespace {

// Calls f(index, point) for the middle of each square.
template <class F>
void for_each_square(const PlaneWindow& window, int side, F f) {
  const double width = 2 * window.reach / side;
  for (int row = 0; row < side; ++row) {
    for (int column = 0; column < side; ++column) {
      const Eigen::Array2d offset((column + 0.5) * width - window.reach, window.reach - (row + 0.5) * width);
      f(static_cast<size_t>(row * side + column), Eigen::Array2d(window.centre + offset));
    }
  }
}

// Without the components that no eye sees: near the data few of them are left, and pictures cost less.
Mixture heaviest(const Mixture& all) {
  constexpr double kNegligible = 1e-8;
  Mixture kept = all;
  Eigen::Index count = 0;
  for (Eigen::Index k = 0; k < all.weight.size(); ++k) {
    if (all.weight[k] < kNegligible) continue;
    kept.mean.col(count) = all.mean.col(k);
    kept.weight[count++] = all.weight[k];
  }
  kept.mean.conservativeResize(2, count);
  kept.weight.conservativeResize(count);
  return kept;
}

double log_gaussian(const Eigen::Array2d& x, const Eigen::Array2d& mu, const Eigen::Array2d& sigma) {
  return -0.5 * ((x - mu) / sigma).square().sum() - sigma.log().sum() - std::log(2 * std::numbers::pi);
}

double kl_nats(const ReverseComparison& between) {
  constexpr int kSide = 96;
  const double area = std::pow(2 * between.window.reach / kSide, 2);
  double sum = 0;
  for_each_square(between.window, kSide, [&](size_t, const Eigen::Array2d& x) {
    const double log_q = between.exact.log_density(x);
    sum += std::exp(log_q) * (log_q - log_gaussian(x, between.mu, between.sigma));
  });
  return sum * area;
}

}  // namespace

void write_density(const Mixture& density, const PlaneWindow& window, int side, std::span<float> out) {
  UNDIFFUSE_ASSERT(out.size() == static_cast<size_t>(side * side));
  for_each_square(window, side, [&](size_t i, const Eigen::Array2d& x) {
    out[i] = static_cast<float>(std::exp(density.log_density(x)));
  });
}

ReverseComparison compare_reverse(const ToyModel& model, const PointMixture& data, int t, int s,
                                  const Eigen::Array2f& x_t) {
  ReverseComparison found;
  const double alpha_bar = model.schedule.alpha_bar[static_cast<size_t>(t)];
  const double alpha_bar_s = model.schedule.alpha_bar[static_cast<size_t>(s)];
  found.exact = heaviest(data.reverse(x_t.cast<double>(), alpha_bar, q_posterior(alpha_bar, alpha_bar_s)));
  found.mean = found.exact.total_mean();
  found.deviation = found.exact.total_var().sqrt();
  const PointStep step = point_step(model, t, s, x_t);
  found.mu = step.mu.col(0).cast<double>();
  found.sigma = step.sigma.col(0).cast<double>();
  const Eigen::Array2d low = (found.mean - 3.5 * found.deviation).min(found.mu - 3 * found.sigma);
  const Eigen::Array2d high = (found.mean + 3.5 * found.deviation).max(found.mu + 3 * found.sigma);
  found.window = {(low + high) / 2, (high - low).maxCoeff() / 2};
  found.kl_bits = to_bits(kl_nats(found));
  return found;
}

std::string describe_toy_run(const ToyModel& model, const std::vector<int>& times) {
  nlohmann::json json = {{"model", model.name}, {"num_steps", model.schedule.num_steps()}, {"t", times}};
  for (const int t : times) json["alpha_bar"].push_back(model.schedule.alpha_bar[static_cast<size_t>(t)]);
  return json.dump();
}

}  // namespace undiffuse
