#include "core/run/toys/bit_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace undiffuse {

Bits flip_chance(const Bits& x_t, const Bits& f_b) {
  UNDIFFUSE_ASSERT(x_t.rows() == f_b.rows() && x_t.cols() == f_b.cols());
  return (f_b - x_t).abs();
}

Bits valid_sequences(const BitPatterns& data, const Bits& x) {
  Bits valid(1, x.cols());
  for (Eigen::Index n = 0; n < x.cols(); ++n) valid(0, n) = data.contains(x.col(n)) ? 1.0f : 0.0f;
  return valid;
}

int affordable_draws(int num_steps) {
  constexpr int kDrawsOfARun = 20000;
  return std::clamp(kDrawsOfARun / num_steps, 4, 400);
}

std::string describe_bit_bound(const ToyBound& bound, const BitPatterns& data) {
  const auto estimate = [](const Estimate& of) {
    return nlohmann::json{{"bits", of.bits}, {"error", of.error}};
  };
  return nlohmann::json{{"model", estimate(bound.model)},
                        {"best", estimate(bound.best)},
                        {"gap", estimate(bound.gap)},
                        {"null", bound.null},
                        {"data", log_likelihood_bits(data)}}
      .dump();
}

}  // namespace undiffuse
