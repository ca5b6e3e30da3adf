#include "core/run/run_bound.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/process/forward_kernel.h"
#include "core/run/explain.h"

namespace undiffuse {
namespace {

constexpr double kTail = 0.05;  // of the elements, below and above what is called their range

std::vector<TrajectoryPoint> walk_of(const std::vector<Stage>& table) {
  std::vector<TrajectoryPoint> walk;
  for (const Stage& stage : table) walk.push_back({stage.alpha_bar, static_cast<int>(stage.counter)});
  walk.push_back({table.back().alpha_bar_prev, table.back().t_prev});
  return walk;
}

// Only ancestral sampling has a choice; without a learned variance x0_var is 0, and that is the small one.
Variance variance_of(const ModelInfo& info, const SamplerSpec& sampler) {
  const Variance chosen = sampler.kind == SamplerKind::Ancestral ? sampler.variance : Variance::Learned;
  return chosen == Variance::Learned && !info.learned_variance ? Variance::FixedSmall : chosen;
}

float to_grey_level(DataRange range, float value) {
  return range.value_of(std::round(range.level_of(value)));
}

/// Without powers of ten: of what is a part of a sum, they would say more than matters.
std::string bits(double value) { return format_value(std::abs(value) < 5e-4 ? 0 : value); }

/// The value that a part of all lie below.
double quantile(std::vector<double>& values, double part) {
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

BoundSubject subject_of(const Session& session, int sample) {
  const int last = session.num_steps() - 1;
  const Settings& settings = session.settings();
  BoundSubject subject{walk_of(session.table()), variance_of(session.model(), settings.sampler),
                       std::vector<float>(static_cast<size_t>(session.model().image.image_size())),
                       session.label(sample), settings.seed};
  UNDIFFUSE_ASSERT(session.field(last, sample, Field::XPrev, subject.x0));
  for (float& value : subject.x0) value = to_grey_level(session.model().range, value);
  return subject;
}

double BoundCurve::total() const {
  double bits = prior;
  for (const BoundTerm& term : terms) bits += term.cost;
  return bits;
}

RunBound::RunBound(const ModelInfo& info, Engine& engine, BoundSubject subject)
    : denoiser_(info, engine), range_(info.range), subject_(std::move(subject)) {
  const size_t size = subject_.x0.size(), steps = subject_.walk.size() - 1;
  UNDIFFUSE_ASSERT(size == static_cast<size_t>(info.image.image_size()) && steps >= 2);
  for (auto* buffer : {&eps_, &x_t_, &x0_hat_, &x0_var_}) buffer->resize(size);
  curve_.variance = subject_.variance;
  for (const float x0 : subject_.x0) curve_.prior += prior_kl_nats(x0, subject_.walk.front().alpha_bar);
  curve_.prior = to_bits(curve_.prior / static_cast<double>(size));
  for (size_t step = 0; step < steps; ++step) {
    const EntropyBounds bounds =
        BoundStep(subject_.walk, static_cast<int>(step), subject_.variance, range_).entropy_bounds();
    curve_.lower.push_back(to_bits(bounds.lower_nats));
    curve_.upper.push_back(to_bits(bounds.upper_nats));
  }
}

bool RunBound::work() {
  if (curve_.done()) return true;
  const auto step = static_cast<int>(curve_.terms.size());
  const TrajectoryPoint& point = subject_.walk[static_cast<size_t>(step)];
  fill_normal(eps_, subject_.seed, static_cast<std::uint32_t>(point.t), 0, Purpose::Bound);
  q_sample(subject_.x0, eps_, point.alpha_bar, x_t_);
  denoiser_.answer({x_t_, point.alpha_bar}, {{subject_.label}, 1}, 0, 1, x0_hat_, x0_var_);
  curve_.terms.push_back(term_of(BoundStep(subject_.walk, step, subject_.variance, range_)));
  return curve_.done();
}

BoundTerm RunBound::term_of(const BoundStep& step) {
  double cost = 0, entropy = 0;
  std::vector<double> entropies(subject_.x0.size());
  for (size_t e = 0; e < entropies.size(); ++e) {
    cost += step.cost_nats(subject_.x0[e], x0_hat_[e], x0_var_[e]);
    entropies[e] = gaussian_entropy_nats(step.sigma_var(x0_var_[e]));
    entropy += entropies[e];
  }
  const auto size = static_cast<double>(entropies.size());
  return {to_bits(cost / size), to_bits(entropy / size), to_bits(quantile(entropies, kTail)),
          to_bits(quantile(entropies, 1 - kTail))};
}

const char* const kAboutBound =
    "x₀ is this run's own finished image, noised afresh to each t: one draw of q(x_t | x₀). "
    "A step's bar is KL(q(x_s | x_t, x₀) ‖ p(x_s | x_t)), the last one −log₂ p(x₀ | x₁) of the grey levels; "
    "guidance and clipping are left out. "
    "The model made x₀ itself, so the sum says how far it agrees with itself, not how well it knows its "
    "data: that takes images it has not seen (undiffuse bound). "
    "The true step's entropy H_q lies in the band from ½ log₂ 2πe β-tilde to ½ log₂ 2πe β; "
    "the line is the model's ½ log₂ 2πeσ², which belongs there on average, not pixel by pixel.";

std::string say_bound(const BoundCurve& curve) {
  if (!curve.done()) {
    return std::to_string(curve.terms.size()) + " of " + std::to_string(curve.upper.size()) +
           " steps computed";
  }
  const double decoder = curve.terms.back().cost;
  return "−log₂ p(x₀) ≤ " + format_value(curve.total()) + " bits/dim = " + bits(curve.prior) +
         " at the start + " + format_value(curve.total() - curve.prior - decoder) + " in the steps + " +
         format_value(decoder) + " for the grey levels";
}

std::string say_bound_step(const BoundCurve& curve, int step) {
  const auto at = static_cast<size_t>(step);
  if (at >= curve.terms.size()) return "";
  const BoundTerm& term = curve.terms[at];
  const bool last = at + 1 == curve.upper.size();
  return "Step " + std::to_string(step + 1) + (last ? ": grey levels " : ": KL ") + format_value(term.cost) +
         " bits/dim; entropy " + (last ? "H_q ≤ " : format_value(curve.lower[at]) + " ≤ H_q ≤ ") +
         format_value(curve.upper[at]) + ", the model's " + format_value(term.entropy) +
         " (90 % of pixels: " + format_value(term.entropy_low) + " to " + format_value(term.entropy_high) +
         ")";
}

std::string describe_bound(const BoundCurve& curve) {
  nlohmann::json json = {
      {"prior", curve.prior}, {"upper", curve.upper}, {"said", say_bound(curve)}, {"about", kAboutBound}};
  json["lower"] = curve.lower;  // dumps -infinity as null
  for (const char* name : {"cost", "entropy", "entropy_low", "entropy_high", "steps_said"}) {
    json[name] = nlohmann::json::array();
  }
  for (size_t step = 0; step < curve.terms.size(); ++step) {
    const BoundTerm& term = curve.terms[step];
    json["cost"].push_back(term.cost);
    json["entropy"].push_back(term.entropy);
    json["entropy_low"].push_back(term.entropy_low);
    json["entropy_high"].push_back(term.entropy_high);
    json["steps_said"].push_back(say_bound_step(curve, static_cast<int>(step)));
  }
  return json.dump();
}

}  // namespace undiffuse
