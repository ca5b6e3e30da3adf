#include "core/run/explain.h"

#include <algorithm>
#include <cmath>

namespace undiffuse {
namespace {

std::string f(double value, int digits = 3) { return format_value(value, digits); }
std::string in_brackets(double value) { return value < 0 ? "(" + f(value) + ")" : f(value); }

const char* symbol_of(Prediction prediction) {
  switch (prediction) {
    case Prediction::V:
      return "v̂";
    case Prediction::Eps:
      return "ε̂";
    case Prediction::X0:
      return "x̂_0";
  }
  return "";
}

Explanation mean_of_x0(const ExplainContext& context, const PixelValues& pixel) {
  const double signal = std::sqrt(context.stage.alpha_bar), noise = std::sqrt(1 - context.stage.alpha_bar);
  switch (context.prediction) {
    case Prediction::V:
      return {"x̂_0 = √ᾱ x_t − √(1−ᾱ) v̂",
              f(signal) + " · " + in_brackets(pixel.x_t) + " − " + f(noise) + " · " + in_brackets(pixel.raw),
              pixel.x0_hat};
    case Prediction::Eps:
      return {"x̂_0 = (x_t − √(1−ᾱ) ε̂) / √ᾱ",
              "(" + f(pixel.x_t) + " − " + f(noise) + " · " + in_brackets(pixel.raw) + ") / " + f(signal),
              pixel.x0_hat};
    case Prediction::X0:
      break;
  }
  return {"x̂_0 = raw output", f(pixel.raw), pixel.x0_hat};
}

Explanation mean(const ExplainContext& context, const PixelValues& pixel) {
  const ReverseTransition& transition = context.stage.transition;
  const bool clipped = context.clip && std::abs(pixel.x0_hat) > 1;
  const double used = clipped ? std::clamp(pixel.x0_hat, -1.0, 1.0) : pixel.x0_hat;
  return {clipped ? "μ = c_0 clip(x̂_0) + c_1 x_t" : "μ = c_0 x̂_0 + c_1 x_t",
          f(transition.on_x0) + " · " + in_brackets(used) + " + " + f(transition.on_x) + " · " +
              in_brackets(pixel.x_t),
          pixel.mu};
}

std::vector<Explanation> deviation(const ExplainContext& context, const PixelValues& pixel) {
  const ReverseTransition& transition = context.stage.transition;
  const double c0 = std::sqrt(transition.var_on_x0_var);
  if (c0 == 0) {
    const bool large = context.variance == Variance::FixedLarge;
    return {{large ? "σ^2 = β" : "σ^2 = β̃", f(transition.var_const, 4) + ", so σ", pixel.sigma}};
  }
  return {{"Var[x_0] = (1−ᾱ) e^r", f(1 - context.stage.alpha_bar) + " · e^" + in_brackets(pixel.log_var),
           pixel.x0_var},
          {"σ^2 = β̃ + c_0^2 Var[x_0]",
           f(transition.var_const, 4) + " + " + f(c0) + "² · " + f(pixel.x0_var, 4) + ", so σ", pixel.sigma}};
}

std::string with_point(double size, int digits) {
  std::string text = std::to_string(std::llround(size * std::pow(10, digits)));
  const auto places = static_cast<size_t>(digits);
  if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
  return digits == 0 ? text : text.insert(text.size() - places, ".");
}

std::string with_exponent(double size) {
  int exponent = static_cast<int>(std::floor(std::log10(size)));
  long long tenths = std::llround(size / std::pow(10, exponent) * 10);
  if (tenths == 100) {
    tenths = 10;
    ++exponent;
  }
  return with_point(static_cast<double>(tenths) / 10, 1) + (exponent < 0 ? "e−" : "e+") +
         std::to_string(std::abs(exponent));
}

}  // namespace

std::string explain_output(const ExplainContext& context, const PixelValues& pixel) {
  std::string text = symbol_of(context.prediction);
  text += " = " + f(pixel.raw);
  return context.learned_variance ? text + ", r = " + f(pixel.log_var) : text;
}

std::vector<Explanation> explain_pixel(const ExplainContext& context, const PixelValues& pixel) {
  std::vector<Explanation> lines = {mean_of_x0(context, pixel), mean(context, pixel)};
  for (Explanation& line : deviation(context, pixel)) lines.push_back(std::move(line));
  lines.push_back({"x_{t−1} = μ + σ z", f(pixel.mu) + " + " + f(pixel.sigma) + " · " + in_brackets(pixel.z),
                   pixel.x_prev});
  return lines;
}

// By hand: std::to_chars for double is missing in older WebAssembly toolchains, and the rest has locales.
std::string format_value(double value, int digits) {
  if (!std::isfinite(value)) return "–";
  const double size = std::abs(value);
  const bool powers = size != 0 && (size < 0.5 * std::pow(10, -digits) || size >= 1e4);
  const std::string text = powers ? with_exponent(size) : with_point(size, digits);
  const bool zero = text.find_first_of("123456789") == std::string::npos;
  return value < 0 && !zero ? "−" + text : text;
}

}  // namespace undiffuse
