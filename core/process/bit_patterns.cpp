#include "core/process/bit_patterns.h"

#include <cmath>

#include "core/process/bernoulli.h"

namespace undiffuse {

Eigen::ArrayXd BitPatterns::posterior(const Eigen::Ref<const Eigen::ArrayXf>& x_t, double alpha_bar,
                                      double base_rate) const {
  // ln q(x_t | x_0) of a bit, by x_0 and x_t; no chance is 0 or 1 below alpha_bar = 1.
  const double one_of_zero = bernoulli_forward(0, alpha_bar, base_rate);
  const double one_of_one = bernoulli_forward(1, alpha_bar, base_rate);
  const double of_ones[2] = {std::log(1 - one_of_one), std::log(one_of_one)};
  const double of_zeros[2] = {std::log(1 - one_of_zero), std::log(one_of_zero)};
  Eigen::ArrayXd log_likelihood = Eigen::ArrayXd::Zero(count());
  for (int k = 0; k < count(); ++k) {
    for (int i = 0; i < size(); ++i) {
      const int value = x_t[i] > 0.5f ? 1 : 0;
      log_likelihood[k] += patterns_(i, k) > 0.5f ? of_ones[value] : of_zeros[value];
    }
  }
  Eigen::ArrayXd weight = (log_likelihood - log_likelihood.maxCoeff()).exp();
  return weight / weight.sum();
}

Eigen::ArrayXd BitPatterns::x0_hat(const Eigen::Ref<const Eigen::ArrayXf>& x_t, double alpha_bar,
                                   double base_rate) const {
  return (patterns_.cast<double>().matrix() * posterior(x_t, alpha_bar, base_rate).matrix()).array();
}

bool BitPatterns::contains(const Eigen::Ref<const Eigen::ArrayXf>& x) const {
  return ((patterns_.colwise() - x).abs().colwise().maxCoeff() == 0).any();
}

}  // namespace undiffuse
