// Data whose exact answer is known: a mixture of Gaussians on the line.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace undiffuse {

inline double normal_density(double x, double mean, double var) {
  return std::exp(-0.5 * (x - mean) * (x - mean) / var) / std::sqrt(2 * std::numbers::pi * var);
}

inline double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

struct Answer {
  double x0_hat = 0;
  double x0_var = 0;
};

struct GaussianMixture {
  struct Component {
    double weight, mean, var;
  };
  std::vector<Component> components;

  /// Density of x_t; alpha_bar = 1 gives the data's own.
  double density(double x, double alpha_bar = 1) const {
    double sum = 0;
    for (const Component& c : components) sum += c.weight * noisy_density(c, x, alpha_bar);
    return sum;
  }

  /// Mean and variance of x_0 given x_t: each component's own, mixed by how likely it made x_t.
  Answer answer(double x_t, double alpha_bar) const {
    double weight = 0, mean = 0, square = 0;
    for (const Component& c : components) {
      const double noisy_var = alpha_bar * c.var + 1 - alpha_bar;
      const double m =
          c.mean + std::sqrt(alpha_bar) * c.var / noisy_var * (x_t - std::sqrt(alpha_bar) * c.mean);
      const double w = c.weight * noisy_density(c, x_t, alpha_bar);
      weight += w;
      mean += w * m;
      square += w * (m * m + c.var * (1 - alpha_bar) / noisy_var);
    }
    mean /= weight;
    return {mean, square / weight - mean * mean};
  }

  double mean() const {
    double sum = 0;
    for (const Component& c : components) sum += c.weight * c.mean;
    return sum;
  }

  double var() const {
    double sum = 0;
    for (const Component& c : components) sum += c.weight * (c.var + c.mean * c.mean);
    return sum - mean() * mean();
  }

  double cdf(double x) const {
    double sum = 0;
    for (const Component& c : components) sum += c.weight * normal_cdf((x - c.mean) / std::sqrt(c.var));
    return sum;
  }

 private:
  static double noisy_density(const Component& c, double x, double alpha_bar) {
    return normal_density(x, std::sqrt(alpha_bar) * c.mean, alpha_bar * c.var + 1 - alpha_bar);
  }
};

/// Two modes of different weight and width.
inline GaussianMixture bimodal() { return {{{0.3, -0.8, 0.01}, {0.7, 0.5, 0.04}}}; }

/// Two modes, mean 0 and variance 1, as the 2015 bound asks for.
inline GaussianMixture unit_variance_bimodal() {
  const double mean_a = -1.2, mean_b = 0.8, var = 1 - 0.96;  // 0.4 * 1.44 + 0.6 * 0.64 = 0.96
  return {{{0.4, mean_a, var}, {0.6, mean_b, var}}};
}

/// Sum of f over a grid times its spacing: for smooth f that vanishes at both ends and is `width`
/// (standard deviation) narrow, exact to 1e-15 already at spacing width / 2.
template <class Function>
double integrate(double from, double to, double width, Function f) {
  const auto count = static_cast<int>(std::ceil((to - from) / (width / 2)));
  const double spacing = (to - from) / count;
  double sum = 0;
  for (int i = 0; i <= count; ++i) sum += f(from + i * spacing);
  return sum * spacing;
}

}  // namespace undiffuse
