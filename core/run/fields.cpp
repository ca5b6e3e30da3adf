#include "core/run/fields.h"

#include <algorithm>
#include <vector>

namespace undiffuse {
namespace {

void derive_transition(Field field, const RecordContext& context, const StepInputs& inputs,
                       std::span<float> out) {
  std::vector<float> mu(out.size()), sigma(out.size()), z(out.size());
  stage_mean_and_sigma(context.stage, context.clip, inputs, mu, sigma);
  if (context.evidence) context.evidence->perturb(context.stage.alpha_bar_prev, mu, sigma);
  if (field == Field::Mu) std::copy(mu.begin(), mu.end(), out.begin());
  if (field == Field::Sigma) std::copy(sigma.begin(), sigma.end(), out.begin());
  if (field != Field::XPrev) return;
  context.noise.step(context.stage, z, static_cast<int>(z.size()));
  draw(mu, sigma, z, out);
}

// out[i] = f(x_hat[i], x0_hat[i]), in double: near t = 1 the division amplifies rounding.
template <class Convert>
void convert(const StepInputs& inputs, std::span<float> out, Convert f) {
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(f(inputs.x_t[i], inputs.x0_hat[i]));
}

void derive_log_var(const RecordContext& context, std::span<const float> x0_var, std::span<float> out) {
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(
        variance_output_from_x0_var(context.parameterization, x0_var[i], context.stage.churn.alpha_bar));
  }
}

void copy_or_zeros(std::span<const float> from, std::span<float> out) {
  if (from.empty()) std::fill(out.begin(), out.end(), 0.0f);
  std::copy(from.begin(), from.end(), out.begin());
}

// All but XT: inputs.x_t is x_hat, and the network was called at the churn's alpha_bar.
void derive_from_x_hat(Field field, const RecordContext& context, const StepInputs& inputs,
                       std::span<float> out) {
  const double alpha_bar = context.stage.churn.alpha_bar;
  const auto copy = [&](std::span<const float> from) { std::copy(from.begin(), from.end(), out.begin()); };
  switch (field) {
    case Field::XT:
    case Field::XHat:
      return copy(inputs.x_t);
    case Field::X0Hat:
      return copy(inputs.x0_hat);
    case Field::X0Var:
      return copy(inputs.x0_var);
    case Field::Mu:
    case Field::Sigma:
    case Field::XPrev:
      return derive_transition(field, context, inputs, out);
    case Field::Z:
      return context.noise.step(context.stage, out, static_cast<int>(out.size()));
    case Field::MeanOutput:
      return convert(inputs, out, [&](double x_t, double x0) {
        return output_from_x0(context.parameterization, x_t, x0, alpha_bar);
      });
    case Field::LogVar:
      return derive_log_var(context, inputs.x0_var, out);
    case Field::EpsHat:
      return convert(inputs, out, [&](double x_t, double x0) { return eps_from_x0(x_t, x0, alpha_bar); });
    case Field::X0Hat2:
      return copy_or_zeros(inputs.x0_hat_2, out);
  }
}

}  // namespace

void derive_field(Field field, const RecordContext& context, const StepInputs& inputs, std::span<float> out) {
  if (context.stage.churn.sigma == 0 || field == Field::XT) {
    return derive_from_x_hat(field, context, inputs, out);
  }
  std::vector<float> x_hat(out.size());
  stage_x_hat(context.stage, context.noise, inputs.x_t, x_hat, static_cast<int>(out.size()));
  StepInputs raised = inputs;
  raised.x_t = x_hat;
  derive_from_x_hat(field, context, raised, out);
}

}  // namespace undiffuse
