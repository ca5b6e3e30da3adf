#include "core/process/prediction.h"

#include <cmath>

#include "core/base/error.h"
#include "core/base/tensor.h"

namespace undiffuse {
namespace {

using ConstRows = Eigen::Map<const Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
using Rows = Eigen::Map<Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

// EDM's x is x_t / sqrt(alpha_bar) and its sigma² (1 - alpha_bar) / alpha_bar. In terms of x_t all of
// its coefficients hold the variance of x_t for data of this deviation.
ToX0 edm_to_x0(double sigma_data, double alpha_bar) {
  const double variance = alpha_bar * sigma_data * sigma_data + 1 - alpha_bar;
  return {std::sqrt(alpha_bar) * sigma_data * sigma_data / variance,
          std::sqrt((1 - alpha_bar) / variance) * sigma_data, 1 / std::sqrt(variance)};
}

}  // namespace

ToX0 to_x0(Parameterization parameterization, double alpha_bar) {
  const double signal = std::sqrt(alpha_bar), noise = std::sqrt(1 - alpha_bar);
  switch (parameterization.prediction) {
    case Prediction::V:
      return {signal, -noise};
    case Prediction::Eps:
      return {1 / signal, -noise / signal};
    case Prediction::X0:
      return {0, 1};
    case Prediction::Edm:
      return edm_to_x0(parameterization.sigma_data, alpha_bar);
  }
  UNDIFFUSE_ASSERT(!"a prediction without a map");
}

double eps_from_x0(double x_t, double x0, double alpha_bar) {
  return (x_t - std::sqrt(alpha_bar) * x0) / std::sqrt(1 - alpha_bar);
}

double v_from_x0(double x_t, double x0, double alpha_bar) {
  return (std::sqrt(alpha_bar) * x_t - x0) / std::sqrt(1 - alpha_bar);
}

double score_from_x0(double x_t, double x0, double alpha_bar) {
  return -eps_from_x0(x_t, x0, alpha_bar) / std::sqrt(1 - alpha_bar);
}

double output_from_x0(Parameterization parameterization, double x_t, double x0, double alpha_bar) {
  const ToX0 map = to_x0(parameterization, alpha_bar);
  return (x0 - map.on_x * x_t) / map.on_output;
}

void to_answer(Parameterization parameterization, bool learned_variance, int channels, double alpha_bar,
               std::span<const float> raw, std::span<const float> x_t, std::span<float> x0_hat,
               std::span<float> x0_var) {
  UNDIFFUSE_ASSERT(raw.size() == x_t.size() * (learned_variance ? 2 : 1));
  UNDIFFUSE_ASSERT(x0_hat.size() == x_t.size() && x0_var.size() == x_t.size());
  const auto pixels = static_cast<Eigen::Index>(x_t.size()) / channels;
  const ConstRows output(raw.data(), pixels, learned_variance ? 2 * channels : channels);
  const ConstRows x(x_t.data(), pixels, channels);
  const ToX0 map = to_x0(parameterization, alpha_bar);
  Rows(x0_hat.data(), pixels, channels) =
      static_cast<float>(map.on_x) * x + static_cast<float>(map.on_output) * output.leftCols(channels);
  Rows var(x0_var.data(), pixels, channels);
  if (!learned_variance) {
    var.setZero();
    return;
  }
  const auto r =
      output.rightCols(channels).max(static_cast<float>(kMinLogVar)).min(static_cast<float>(kMaxLogVar));
  // Not Eigen's exp, for the reason that mean_and_sigma gives for sqrt.
  var = static_cast<float>(1 - alpha_bar) * r.unaryExpr([](float value) { return std::exp(value); });
}

void guide(std::span<float> x0_hat, std::span<const float> x0_hat_uncond, double w) {
  UNDIFFUSE_ASSERT(x0_hat.size() == x0_hat_uncond.size());
  const ConstArrayMap uncond = array(x0_hat_uncond);
  array(x0_hat) = uncond + static_cast<float>(w) * (array(x0_hat) - uncond);
}

}  // namespace undiffuse
