#include "core/process/prediction.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/process/respacing.h"

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

// With alpha = 1 - beta, x0_hat = (mu - c1 x_t) / c0 of the own step has a coefficient of x_t that
// simplifies: (sqrt(alpha) - c1) / c0 = sqrt(alpha_bar).
ToX0 transition_to_x0(const Schedule& trained, double alpha_bar) {
  const OwnStep own = own_step(trained, alpha_bar);
  const double on_z = own.first ? 0 : (1 - alpha_bar) / std::sqrt(own.alpha_bar_prev * own.beta);
  return {std::sqrt(alpha_bar), on_z, 1};
}

// Sigma - beta = beta (1 - beta) e / (1 + beta e), and beta - beta_tilde = c0² (1 - alpha_bar).
ToX0Var transition_to_x0_var(const Schedule& trained, double alpha_bar) {
  const OwnStep own = own_step(trained, alpha_bar);
  const double gain = (1 - alpha_bar) * (1 - own.beta) / (own.alpha_bar_prev * own.beta);
  return {1 - alpha_bar, 1 / std::sqrt(trained.num_steps()), own.first ? 0 : gain, own.beta};
}

float clamped_exponent(float r) {
  return std::clamp(r, static_cast<float>(kMinLogVar), static_cast<float>(kMaxLogVar));
}

// Not Eigen's exp, for the reason that mean_and_sigma gives for sqrt.
float log_var_to_x0_var(const ToX0Var& map, float r) {
  return static_cast<float>(map.noise_var) * std::exp(clamped_exponent(r));
}

float transition_to_x0_var(const ToX0Var& map, float r) {
  const float e = std::expm1(clamped_exponent(static_cast<float>(map.scale) * r));
  return static_cast<float>(map.noise_var) *
         (1 + static_cast<float>(map.gain) * e / (1 + static_cast<float>(map.beta) * e));
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
    case Prediction::Transition:
      return transition_to_x0(*parameterization.trained, alpha_bar);
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
  return map.on_output == 0 ? 0 : (x0 - map.on_x * x_t) / map.on_output;
}

ToX0Var to_x0_var(Parameterization parameterization, double alpha_bar) {
  if (parameterization.prediction != Prediction::Transition) return {.noise_var = 1 - alpha_bar};
  return transition_to_x0_var(*parameterization.trained, alpha_bar);
}

double variance_output_from_x0_var(Parameterization parameterization, double x0_var, double alpha_bar) {
  const ToX0Var map = to_x0_var(parameterization, alpha_bar);
  const double part = x0_var / map.noise_var;
  if (parameterization.prediction != Prediction::Transition) return part > 0 ? std::log(part) : 0;
  if (map.gain == 0) return 0;
  const double ratio = (part - 1) / map.gain;  // e / (1 + beta e)
  return std::log1p(ratio / (1 - map.beta * ratio)) / map.scale;
}

OwnTransition own_transition(Parameterization parameterization, double x_t, double z_mu, double z_sigma,
                             double alpha_bar) {
  UNDIFFUSE_ASSERT(parameterization.prediction == Prediction::Transition);
  const OwnStep own = own_step(*parameterization.trained, alpha_bar);
  if (own.first) return {x_t * std::sqrt(1 - own.beta), own.beta};
  const double exponent =
      std::clamp(z_sigma / std::sqrt(parameterization.trained->num_steps()), kMinLogVar, kMaxLogVar);
  const double odds = own.beta / (1 - own.beta) * std::exp(exponent);
  return {x_t * std::sqrt(1 - own.beta) + z_mu * std::sqrt(own.beta), odds / (1 + odds)};
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
  const ToX0Var to_var = to_x0_var(parameterization, alpha_bar);
  const auto r = output.rightCols(channels);
  if (parameterization.prediction == Prediction::Transition) {
    var = r.unaryExpr([&](float value) { return transition_to_x0_var(to_var, value); });
  } else {
    var = r.unaryExpr([&](float value) { return log_var_to_x0_var(to_var, value); });
  }
}

void guide(std::span<float> x0_hat, std::span<const float> x0_hat_uncond, double w) {
  UNDIFFUSE_ASSERT(x0_hat.size() == x0_hat_uncond.size());
  const ConstArrayMap uncond = array(x0_hat_uncond);
  array(x0_hat) = uncond + static_cast<float>(w) * (array(x0_hat) - uncond);
}

}  // namespace undiffuse
