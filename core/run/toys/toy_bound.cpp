#include "core/run/toys/toy_bound.h"

#include <array>
#include <cmath>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/process/bernoulli.h"
#include "core/process/bound.h"
#include "core/process/reverse_transition.h"

namespace undiffuse {
namespace {

// A term's two parts for one x_t, in nats.
struct Cost {
  double best = 0;  // of the exact moments
  double gap = 0;   // what the network's moments cost more
};

// Adds up terms: means over the draws of a step, whose errors are independent from step to step.
class Terms {
 public:
  explicit Terms(ToyBound& bound) : bound_(bound) {}

  void add_step(const std::vector<Cost>& costs) {
    const auto mean = [&](auto value) {
      double sum = 0;
      for (const Cost& cost : costs) sum += value(cost);
      return sum / static_cast<double>(costs.size());
    };
    const auto add = [&](Estimate& to, auto value) {
      const double average = mean(value);
      const double square = mean([&](const Cost& cost) { return std::pow(value(cost) - average, 2); });
      to.bits += to_bits(average);
      to.error +=
          std::pow(to_bits(1), 2) * square / (static_cast<double>(costs.size()) - 1);  // a variance yet
      return to_bits(average);
    };
    bound_.best_terms.push_back(add(bound_.best, [](const Cost& cost) { return cost.best; }));
    bound_.gap_terms.push_back(add(bound_.gap, [](const Cost& cost) { return cost.gap; }));
    add(bound_.model, [](const Cost& cost) { return cost.best + cost.gap; });
  }

  // The sums of terms become bounds.
  void finish(double edge_bits) {
    for (Estimate* estimate : {&bound_.best, &bound_.model}) estimate->bits = edge_bits - estimate->bits;
    for (Estimate* estimate : {&bound_.best, &bound_.model, &bound_.gap}) {
      estimate->error = std::sqrt(estimate->error);
    }
  }

 private:
  ToyBound& bound_;
};

double at(const Schedule& schedule, int t) { return schedule.alpha_bar[static_cast<size_t>(t)]; }

// The last of `times` is the forward kernel's step, which edge_entropies_nats() counts.
size_t learned_steps(const std::vector<int>& times) {
  UNDIFFUSE_ASSERT(times.size() >= 3 && times[times.size() - 2] == 1 && times.back() == 0);
  return times.size() - 2;
}

Points draw_points(const PointMixture& data, double alpha_bar, int t, int draws, std::uint32_t seed) {
  Points x_t(2, draws);
  for (int n = 0; n < draws; ++n) {
    float u = 0;
    std::array<float, 4> noise{};  // two for the component's own width, two for q(x_t | x_0)
    const auto time = static_cast<std::uint32_t>(t), sample = static_cast<std::uint32_t>(n);
    fill_uniform({&u, 1}, seed, time, sample, Purpose::Data);
    fill_normal(noise, seed, time, sample, Purpose::Bound);
    const auto count = static_cast<double>(data.centres().cols());
    const Eigen::Array2d centre = data.centres().col(static_cast<Eigen::Index>(u * count));
    const Eigen::Array2d x0 = centre + std::sqrt(data.var()) * Eigen::Array2d(noise[0], noise[1]);
    x_t.col(n) = (std::sqrt(alpha_bar) * x0 + std::sqrt(1 - alpha_bar) * Eigen::Array2d(noise[2], noise[3]))
                     .cast<float>();
  }
  return x_t;
}

// E over x_0 given x_t of the KL of q(x_s | x_t, x_0) to the transition that these moments of x_0 give.
// With g = c0² / beta_tilde: ½ [ln(1 + g V) + (1 + g D) / (1 + g V) - 1], D = E (x_0 - x0_hat)².
double expected_kl(double g, double x0_hat, double x0_var, double exact_mean, double exact_var) {
  const double error = exact_var + (exact_mean - x0_hat) * (exact_mean - x0_hat), scale = 1 + g * x0_var;
  return 0.5 * (std::log1p(g * x0_var) + (1 + g * error) / scale - 1);
}

Cost point_cost(const Mixture& exact, double g, const PointAnswer* answer, int n) {
  const Eigen::Array2d mean = exact.total_mean(), var = exact.total_var();
  Cost cost;
  for (int i = 0; i < 2; ++i) {
    const double best = expected_kl(g, mean[i], var[i], mean[i], var[i]);
    cost.best += best;
    if (answer == nullptr) continue;
    cost.gap += expected_kl(g, answer->x0_hat(i, n), answer->x0_var(i, n), mean[i], var[i]) - best;
  }
  return cost;
}

Bits draw_bits(const BitPatterns& data, double base_rate, double alpha_bar, int t, int draws,
               std::uint32_t seed) {
  Bits x_t(data.size(), draws * data.count());
  Eigen::ArrayXf u(data.size());
  for (Eigen::Index n = 0; n < x_t.cols(); ++n) {
    fill_uniform({u.data(), static_cast<size_t>(u.size())}, seed, static_cast<std::uint32_t>(t),
                 static_cast<std::uint32_t>(n), Purpose::Bound);
    const auto chance = data.patterns().col(n % data.count()).unaryExpr([&](float bit) {
      return static_cast<float>(bernoulli_forward(bit, alpha_bar, base_rate));
    });
    x_t.col(n) = (u < chance).cast<float>();
  }
  return x_t;
}

// A transition t -> s of bits, for both values of x_t.
struct BitTransition {
  BernoulliPosterior of_zero, of_one;

  Cost cost(const Eigen::ArrayXd& exact, const Bits& x_t, const Bits* x0_hat, Eigen::Index n) const {
    Cost cost;
    for (Eigen::Index i = 0; i < exact.size(); ++i) {
      const BernoulliPosterior& q = x_t(i, n) > 0.5f ? of_one : of_zero;
      const double f_b = bernoulli_reverse(q, exact[i]);
      cost.best += bernoulli_transition_kl_nats(q, exact[i], f_b);
      // The gap is the KL between the two transitions, since f_b is the average of q.
      if (x0_hat != nullptr) cost.gap += bernoulli_kl_nats(f_b, bernoulli_reverse(q, (*x0_hat)(i, n)));
    }
    return cost;
  }
};

}  // namespace

double log_likelihood_bits(const PointMixture& data) { return -to_bits(data.entropy_nats(1)); }

double log_likelihood_bits(const BitPatterns& data) { return -std::log2(static_cast<double>(data.count())); }

ToyBound measure_points(const PointMixture& data, const Schedule& schedule, const std::vector<int>& times,
                        const ToyModel* model, int draws, std::uint32_t seed) {
  UNDIFFUSE_ASSERT(draws >= 2);
  ToyBound bound;
  bound.null = 2 * to_bits(null_log_likelihood_nats());
  Terms terms(bound);
  for (size_t k = 0; k < learned_steps(times); ++k) {
    const int t = times[k];
    const double alpha_bar = at(schedule, t);
    const Posterior step = q_posterior(alpha_bar, at(schedule, times[k + 1]));
    const Points x_t = draw_points(data, alpha_bar, t, draws, seed);
    const PointAnswer answer = model != nullptr ? answer_points(*model, t, x_t) : PointAnswer{};
    std::vector<Cost> costs;
    for (int n = 0; n < draws; ++n) {
      costs.push_back(point_cost(data.posterior(x_t.col(n).cast<double>(), alpha_bar),
                                 step.c0 * step.c0 / step.beta_tilde, model != nullptr ? &answer : nullptr,
                                 n));
    }
    terms.add_step(costs);
  }
  terms.finish(2 * to_bits(edge_entropies_nats(schedule)));
  return bound;
}

ToyBound measure_bits(const BitPatterns& data, double base_rate, const Schedule& schedule,
                      const std::vector<int>& times, const ToyModel* model, int draws, std::uint32_t seed) {
  UNDIFFUSE_ASSERT(draws >= 1 && draws * data.count() >= 2);
  ToyBound bound;
  bound.null = -to_bits(data.size() * bernoulli_entropy_nats(base_rate));
  Terms terms(bound);
  for (size_t k = 0; k < learned_steps(times); ++k) {
    const int t = times[k];
    const double alpha_bar = at(schedule, t), alpha_bar_s = at(schedule, times[k + 1]);
    const BitTransition step = {bernoulli_posterior(false, alpha_bar, alpha_bar_s, base_rate),
                                bernoulli_posterior(true, alpha_bar, alpha_bar_s, base_rate)};
    const Bits x_t = draw_bits(data, base_rate, alpha_bar, t, draws, seed);
    const Bits x0_hat = model != nullptr ? answer_bits(*model, t, x_t) : Bits();
    std::vector<Cost> costs;
    for (Eigen::Index n = 0; n < x_t.cols(); ++n) {
      costs.push_back(step.cost(data.x0_hat(x_t.col(n), alpha_bar, base_rate), x_t,
                                model != nullptr ? &x0_hat : nullptr, n));
    }
    terms.add_step(costs);
  }
  double edge = 0;
  for (const float bit : data.patterns().reshaped()) {
    edge += bernoulli_edge_entropies_nats(schedule, bit > 0.5f, base_rate) / data.count();
  }
  terms.finish(to_bits(edge));
  return bound;
}

std::vector<double> true_kl_of_points(const PointMixture& data, const Schedule& schedule,
                                      const std::vector<int>& times, const ToyBound& bound, bool of_model) {
  // E KL(q(x_s | x_t) || p) = E KL(q(x_s | x_t, x_0) || p) - I(X_s; X_0 | X_t), and that information is
  // H(X_s | X_t) - H(X_s | X_t, X_0), with H(X_s | X_t) = H(X_s) + H(X_t | X_s) - H(X_t).
  std::vector<double> kl;
  double noisier = data.entropy_nats(at(schedule, times.front()));
  for (size_t k = 0; k + 1 < times.size(); ++k) {
    const double alpha_bar = at(schedule, times[k]), alpha_bar_s = at(schedule, times[k + 1]);
    const double cleaner = data.entropy_nats(alpha_bar_s);
    if (k == learned_steps(times)) {
      kl.push_back(to_bits(noisier - cleaner));  // the forward kernel's own entropy cancels
      break;
    }
    const Posterior q = q_posterior(alpha_bar, alpha_bar_s);
    const double information =
        cleaner - noisier + 2 * (gaussian_entropy_nats(q.beta) - gaussian_entropy_nats(q.beta_tilde));
    kl.push_back(bound.best_terms[k] + (of_model ? bound.gap_terms[k] : 0) - to_bits(information));
    noisier = cleaner;
  }
  return kl;
}

}  // namespace undiffuse
