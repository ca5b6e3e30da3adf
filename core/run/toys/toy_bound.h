// The 2015 bound K of a toy, beside what the data and the form of its transitions allow at best.
//
// All numbers are bits a sample. For every x_t that is drawn, the expectation over x_0 given x_t is in
// closed form: only x_t is a Monte Carlo estimate. So each term splits into what any transition of this
// form costs at least (K* keeps it) and what the network costs on top, which is never negative.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/toys/toy_model.h"

namespace undiffuse {

/// A number of bits and the standard error of its estimate.
struct Estimate {
  double bits = 0;
  double error = 0;
};

struct ToyBound {
  double null = 0;  ///< L_null: of data under p(x_T)
  Estimate best;    ///< K*: the exact moments of q(x_{t-1} | x_t) as the reverse transition
  Estimate model;   ///< K of the network; K* if there is none
  Estimate gap;     ///< K* - K, from the same draws

  // [learned steps], in the order of the run.
  std::vector<double> best_terms;  ///< E KL(q(x_s | x_t, x_0) || best transition)
  std::vector<double> gap_terms;   ///< what the network's costs more
};

/// E log2 q(x_0), the data's own log likelihood, exact.
double log_likelihood_bits(const PointMixture& data);
double log_likelihood_bits(const BitPatterns& data);

/// Of points from `data`, on a run through `times` of `schedule` (toy_times; t = 1 -> 0 is the forward
/// kernel). `model` may be null, for K* alone. `draws` of x_t a step, from (seed; t, draw).
ToyBound measure_points(const PointMixture& data, const Schedule& schedule, const std::vector<int>& times,
                        const ToyModel* model, int draws, std::uint32_t seed);

/// Of bits from `data`, all patterns equally often. A row of `draws` x_t a step for each pattern.
ToyBound measure_bits(const BitPatterns& data, double base_rate, const Schedule& schedule,
                      const std::vector<int>& times, const ToyModel* model, int draws, std::uint32_t seed);

/// E KL(q(x_s | x_t) || p(x_s | x_t)) in bits for each step of a measured bound of points: the
/// difference between the true reverse step, a mixture, and the network's Gaussian (or, of K*, the best
/// one). One more for the last step; in all they are what K falls short of the data's log likelihood, but
/// for the KL of q(x_T) to p(x_T).
std::vector<double> true_kl_of_points(const PointMixture& data, const Schedule& schedule,
                                      const std::vector<int>& times, const ToyBound& bound, bool of_model);

}  // namespace undiffuse
