#include "core/run/explain.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/process/forward_kernel.h"
#include "core/process/respacing.h"

namespace undiffuse {
namespace {

std::string f(double value, int digits = 3) { return format_value(value, digits); }
std::string in_brackets(double value) { return value < 0 ? "(" + f(value) + ")" : f(value); }

double of(const PixelValues& pixel, Field field) { return pixel[static_cast<size_t>(field)]; }

bool has_churn(const Stage& stage) { return stage.churn.sigma > 0; }

// What the network was shown: x_t, or with churn x̂_t.
std::string shown(const Stage& stage) { return has_churn(stage) ? "x̂_t" : "x_t"; }

Explanation churn_line(const Stage& stage, const PixelValues& pixel) {
  const double x_t = of(pixel, Field::XT), x_hat = of(pixel, Field::XHat);
  const double z = (x_hat - stage.churn.keep * x_t) / stage.churn.sigma;
  return {
      "x̂_t = k x_t + s z′",
      f(stage.churn.keep) + " · " + in_brackets(x_t) + " + " + f(stage.churn.sigma) + " · " + in_brackets(z),
      x_hat};
}

double used_x0(const ExplainContext& context, double x0) {
  const DataRange range = context.model.range;
  return context.settings.clip ? std::clamp<double>(x0, range.black, range.white) : x0;
}

// A Transition in its own terms: the step t -> t - 1 of its own schedule, and the Gaussian that it states.
struct OwnTerms {
  OwnStep step;
  OwnTransition transition;
  bool taken = false;  // the run's step is this one: nothing else is needed
};

OwnTerms own_terms(const ExplainContext& context, const PixelValues& pixel) {
  const Stage& stage = context.stage;
  OwnTerms own;
  own.step = own_step(context.model.trained, stage.churn.alpha_bar);
  own.transition =
      own_transition(context.model.parameterization(), of(pixel, Field::XHat), of(pixel, Field::MeanOutput),
                     of(pixel, Field::LogVar), stage.churn.alpha_bar);
  const bool plain = stage.transition.var_on_x0_var != 0 && stage.on_second == 0 && !has_churn(stage);
  const bool clipped = used_x0(context, of(pixel, Field::X0Hat)) != of(pixel, Field::X0Hat);
  own.taken = plain && !clipped && std::abs(stage.alpha_bar_prev - own.step.alpha_bar_prev) < 1e-12;
  return own;
}

// μ and Σ of the network's own step; at t = 1 the paper takes the forward kernel. Primed where the run takes
// another step.
std::vector<Explanation> own_lines(const ExplainContext& context, const PixelValues& pixel,
                                   const OwnTerms& own) {
  const double beta = own.step.beta, keep = std::sqrt(1 - beta);
  const std::string prime = own.taken ? "" : "′", x = shown(context.stage);
  const std::string kept = f(keep) + " · " + in_brackets(of(pixel, Field::XHat));
  if (own.step.first) {
    return {{"μ" + prime + " = √(1−β) " + x, kept, own.transition.mu},
            {"Σ" + prime + " = β", "the forward kernel, at t = 1", own.transition.var}};
  }
  return {{"μ" + prime + " = √(1−β) " + x + " + √β z^μ",
           kept + " + " + f(std::sqrt(beta)) + " · " + in_brackets(of(pixel, Field::MeanOutput)),
           own.transition.mu},
          {"Σ" + prime + " = sigmoid(z^Σ/√T + logit β)",
           "sigmoid(" + f(of(pixel, Field::LogVar) / std::sqrt(context.model.trained.num_steps())) + " + " +
               in_brackets(std::log(beta / (1 - beta))) + ")",
           own.transition.var}};
}

// From μ′ of the own step to x̂_0, on which any step may build.
Explanation own_to_x0_line(const ExplainContext& context, const PixelValues& pixel, const OwnTerms& own) {
  const double x0 = of(pixel, Field::X0Hat), x = of(pixel, Field::XHat);
  if (own.step.alpha_bar_prev == 1) return {"x̂_0 = μ′", f(own.transition.mu), x0};
  const Posterior q = q_posterior(context.stage.churn.alpha_bar, own.step.alpha_bar_prev);
  return {"x̂_0 = (μ′ − c_1′ " + shown(context.stage) + ") / c_0′",
          "(" + f(own.transition.mu, 4) + " − " + f(q.c1, 4) + " · " + in_brackets(x) + ") / " + f(q.c0, 4),
          x0};
}

// From the raw output to x̂_0.
Explanation answer_line(const ExplainContext& context, const PixelValues& pixel) {
  const double alpha_bar = context.stage.churn.alpha_bar;
  const double signal = std::sqrt(alpha_bar), noise = std::sqrt(1 - alpha_bar);
  const double x = of(pixel, Field::XHat), raw = of(pixel, Field::MeanOutput), x0 = of(pixel, Field::X0Hat);
  const std::string name = shown(context.stage);
  switch (context.model.prediction) {
    case Prediction::V:
      return {"x̂_0 = √ᾱ " + name + " − √(1−ᾱ) v̂",
              f(signal) + " · " + in_brackets(x) + " − " + f(noise) + " · " + in_brackets(raw), x0};
    case Prediction::Eps:
      return {"x̂_0 = (" + name + " − √(1−ᾱ) ε̂) / √ᾱ",
              "(" + f(x) + " − " + f(noise) + " · " + in_brackets(raw) + ") / " + f(signal), x0};
    case Prediction::Edm: {
      const ToX0 map = to_x0(context.model.parameterization(), alpha_bar);
      return {"x̂_0 = c_{skip} " + name + "/√ᾱ + c_{out} F",
              f(map.on_x * signal) + " · " + in_brackets(x / signal) + " + " + f(map.on_output) + " · " +
                  in_brackets(raw),
              x0};
    }
    case Prediction::Transition:
      return own_to_x0_line(context, pixel, own_terms(context, pixel));
    case Prediction::X0:
      break;
  }
  return {"x̂_0 = output", f(raw), x0};
}

// mu and sigma as they follow from the answer alone: the record's, unless there is evidence.
double mu_before_evidence(const ExplainContext& context, const PixelValues& pixel) {
  if (!context.evidence) return of(pixel, Field::Mu);
  const Stage& stage = context.stage;
  return stage.transition.on_x0 * used_x0(context, of(pixel, Field::X0Hat)) +
         stage.transition.on_x * of(pixel, Field::XHat) +
         stage.on_second * used_x0(context, of(pixel, Field::X0Hat2));
}

double sigma_before_evidence(const ExplainContext& context, const PixelValues& pixel) {
  if (!context.evidence) return of(pixel, Field::Sigma);
  return std::sqrt(context.stage.transition.variance(of(pixel, Field::X0Var)));
}

// The Gaussian times r(x): what the evidence changes of it.
std::vector<Explanation> evidence_lines(const ExplainContext& context, const PixelValues& pixel) {
  constexpr double kRounding = 1e-5;  // of float32 in mu and sigma
  const double mu = of(pixel, Field::Mu), sigma = of(pixel, Field::Sigma);
  const double mu_before = mu_before_evidence(context, pixel), before = sigma_before_evidence(context, pixel);
  const bool changes = std::max(std::abs(mu - mu_before), std::abs(sigma - before)) > kRounding;
  if (!context.evidence || !changes) return {};
  return {{"μ with r(x)", f(mu_before) + " + " + in_brackets(mu - mu_before), mu},
          {"σ with r(x)", f(before) + " + " + in_brackets(sigma - before), sigma}};
}

Explanation mean_line(const ExplainContext& context, const PixelValues& pixel) {
  const Stage& stage = context.stage;
  const auto used = [&](double x0) { return used_x0(context, x0); };
  const auto name = [&](const std::string& symbol, double x0) {
    return used(x0) == x0 ? symbol : "clip(" + symbol + ")";
  };
  const double x0 = of(pixel, Field::X0Hat), x = of(pixel, Field::XHat);
  Explanation line{"μ = c_0 " + name("x̂_0", x0) + " + c_1 " + shown(stage),
                   f(stage.transition.on_x0) + " · " + in_brackets(used(x0)) + " + " +
                       f(stage.transition.on_x) + " · " + in_brackets(x),
                   mu_before_evidence(context, pixel)};
  if (stage.on_second != 0) {
    const double second = of(pixel, Field::X0Hat2);
    line.formula += " + c_2 " + name("x̂_0′", second);
    line.numbers += " + " + in_brackets(stage.on_second) + " · " + in_brackets(used(second));
  }
  return line;
}

Explanation x0_var_line(const ExplainContext& context, const PixelValues& pixel) {
  const double x0_var = of(pixel, Field::X0Var), alpha_bar = context.stage.churn.alpha_bar;
  if (context.model.prediction != Prediction::Transition) {
    return {"Var[x_0] = (1−ᾱ) e^r", f(1 - alpha_bar) + " · e^" + in_brackets(of(pixel, Field::LogVar)),
            x0_var};
  }
  const OwnTerms own = own_terms(context, pixel);
  if (own.step.alpha_bar_prev == 1) return {"Var[x_0] = Σ′", f(own.transition.var, 4), x0_var};
  const Posterior q = q_posterior(alpha_bar, own.step.alpha_bar_prev);
  return {"Var[x_0] = (Σ′ − β̃′) / c_0′^2",
          "(" + f(own.transition.var, 6) + " − " + f(q.beta_tilde, 6) + ") / " + f(q.c0, 4) + "²", x0_var};
}

std::vector<Explanation> deviation_lines(const ExplainContext& context, const PixelValues& pixel) {
  const ReverseTransition& transition = context.stage.transition;
  const double sigma = sigma_before_evidence(context, pixel), x0_var = of(pixel, Field::X0Var);
  if (is_still(context.stage)) return {{"σ", "no fresh noise", 0}};
  if (transition.var_on_x0_var == 0) {
    const SamplerSpec& sampler = context.settings.sampler;
    const char* formula = sampler.kind == SamplerKind::Ddim          ? "σ^2 = η^2 β̃"
                          : sampler.variance == Variance::FixedLarge ? "σ^2 = β"
                                                                     : "σ^2 = β̃";
    return {{formula, f(transition.var_const, 4) + ", so σ", sigma}};
  }
  return {x0_var_line(context, pixel),
          {"σ^2 = β̃ + c_0^2 Var[x_0]",
           f(transition.var_const, 4) + " + " + f(std::sqrt(transition.var_on_x0_var)) + "² · " +
               f(x0_var, 4) + ", so σ",
           sigma}};
}

void append(std::vector<Explanation> from, std::vector<Explanation>& to) {
  for (Explanation& line : from) to.push_back(std::move(line));
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

const char* output_symbol(Prediction prediction) {
  switch (prediction) {
    case Prediction::V:
      return "v̂";
    case Prediction::Eps:
      return "ε̂";
    case Prediction::X0:
      return "x̂_0";
    case Prediction::Transition:
      return "z^μ";
    case Prediction::Edm:
      break;
  }
  return "F";
}

bool is_still(const Stage& stage) {
  return stage.transition.var_const == 0 && stage.transition.var_on_x0_var == 0;
}

std::string explain_output(const ExplainContext& context, const PixelValues& pixel) {
  const std::string text =
      std::string(output_symbol(context.model.prediction)) + " = " + f(of(pixel, Field::MeanOutput));
  if (!context.model.learned_variance) return text;
  const bool own = context.model.prediction == Prediction::Transition;
  return text + (own ? ", z^Σ = " : ", r = ") + f(of(pixel, Field::LogVar));
}

std::vector<Explanation> explain_pixel(const ExplainContext& context, const PixelValues& pixel) {
  std::vector<Explanation> lines;
  if (has_churn(context.stage)) lines.push_back(churn_line(context.stage, pixel));
  const bool transition = context.model.prediction == Prediction::Transition;
  const OwnTerms own = transition ? own_terms(context, pixel) : OwnTerms();
  if (transition) append(own_lines(context, pixel, own), lines);
  if (own.taken) {
    const double sigma = sigma_before_evidence(context, pixel);
    lines.push_back({"σ = √Σ", "√" + f(own.transition.var, 4), sigma});
  } else {
    lines.push_back(answer_line(context, pixel));
    lines.push_back(mean_line(context, pixel));
    append(deviation_lines(context, pixel), lines);
  }
  append(evidence_lines(context, pixel), lines);
  lines.push_back({"x_{t−1} = μ + σ z",
                   f(of(pixel, Field::Mu)) + " + " + f(of(pixel, Field::Sigma)) + " · " +
                       in_brackets(of(pixel, Field::Z)),
                   of(pixel, Field::XPrev)});
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
