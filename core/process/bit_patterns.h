// Bits whose exact answer is known: a few sequences, all equally likely.
#pragma once

#include <Eigen/Core>
#include <utility>

namespace undiffuse {

/// A column each, of zeros and ones.
using Bits = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic>;

class BitPatterns {
 public:
  /// [bits, patterns] of zeros and ones.
  explicit BitPatterns(Bits patterns) : patterns_(std::move(patterns)) {}

  const Bits& patterns() const { return patterns_; }
  int size() const { return static_cast<int>(patterns_.rows()); }   ///< bits of a sequence
  int count() const { return static_cast<int>(patterns_.cols()); }  ///< sequences

  /// P(pattern | x_t), exact. x_t: [bits].
  Eigen::ArrayXd posterior(const Eigen::Ref<const Eigen::ArrayXf>& x_t, double alpha_bar,
                           double base_rate) const;

  /// P(x_0 = 1 | x_t), bit by bit: the best that a factorised reverse transition can be told.
  Eigen::ArrayXd x0_hat(const Eigen::Ref<const Eigen::ArrayXf>& x_t, double alpha_bar,
                        double base_rate) const;

  /// Whether x is one of the patterns.
  bool contains(const Eigen::Ref<const Eigen::ArrayXf>& x) const;

 private:
  Bits patterns_;
};

}  // namespace undiffuse
