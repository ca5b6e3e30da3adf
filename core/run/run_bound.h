// The bound of one image along the walk of a run, a reverse step at a time: what a chart of it shows.
//
// Any x_0 can be asked about. A view asks about the run's own finished image, which is a sample of the
// model: the bound holds for it as for any other, but says how far the model agrees with itself. How well it
// knows data, only images that it has not seen can say (BoundEstimate).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/network/engine.h"
#include "core/run/bound_step.h"
#include "core/run/denoiser.h"
#include "core/run/model.h"
#include "core/run/session.h"

namespace undiffuse {

/// What the bound is asked about.
struct BoundSubject {
  std::vector<TrajectoryPoint> walk;      ///< S + 1 >= 3 points, from noise to alpha_bar = 1
  Variance variance = Variance::Learned;  /// Learned only for models that have one
  std::vector<float> x0;                  ///< [height, width, channels] of grey levels in the model's range
  int label = 0;                          ///< 0..classes-1, or `classes` for any class
  std::uint32_t seed = 0;
};

/// The run's walk, its image `sample` as it is saved (256 grey levels), and the variance that ancestral
/// sampling takes under its settings. Needs the record of the last step, and at least two steps.
BoundSubject subject_of(const Session& session, int sample);

/// Of one reverse step t -> s, all in bits per element. x_t is one draw of q(x_t | x_0).
struct BoundTerm {
  double cost = 0;          ///< KL(q(x_s | x_t, x_0) || p(x_s | x_t)); of the last step, -log2 p(x_0 | x_1)
  double entropy = 0;       ///< of p(x_s | x_t): ½ log2(2 pi e sigma²), the mean over the elements
  double entropy_low = 0;   ///< which 5 % of the elements fall below
  double entropy_high = 0;  ///< and which 5 % exceed
};

/// What is known so far. Bits per element.
struct BoundCurve {
  Variance variance = Variance::Learned;
  double prior = 0;              ///< KL(q(x_T | x_0) || N(0, I))
  std::vector<double> lower;     ///< [S] entropies of beta_tilde (-infinity at the last step)
  std::vector<double> upper;     ///< [S] entropies of beta
  std::vector<BoundTerm> terms;  ///< of the first steps, as far as they are computed

  bool done() const { return terms.size() == upper.size(); }
  /// The sum so far; once done, an upper bound of -log2 p(x_0).
  double total() const;
};

/// Guidance 1, no clipping, whatever the run's settings are: the bound is about p itself. Noise of (seed; t,
/// image 0, Purpose::Bound), so that its terms are BoundEstimate's of that one image.
class RunBound {
 public:
  /// The references must outlive it.
  RunBound(const ModelInfo& info, Engine& engine, BoundSubject subject);

  /// The next step, from noise to data: one network call. True once all are there.
  bool work();
  const BoundCurve& curve() const { return curve_; }

 private:
  BoundTerm term_of(const BoundStep& step);

  Denoiser denoiser_;
  DataRange range_;
  BoundSubject subject_;
  BoundCurve curve_;
  std::vector<float> eps_, x_t_, x0_hat_, x0_var_;  // [h, w, c]
};

/// What a view says about its charts: what x_0 is, and what bars, band, line and shade are.
extern const char* const kAboutBound;
/// What it says about the whole: "−log₂ p(x₀) ≤ 1.871 bits/dim = ...".
std::string say_bound(const BoundCurve& curve);
/// And about one step.
std::string say_bound_step(const BoundCurve& curve, int step);

/// JSON: {"prior", "lower": [null where it is -infinity], "upper", "cost", "entropy", "entropy_low",
/// "entropy_high", "said", "about", "steps_said"}.
std::string describe_bound(const BoundCurve& curve);

}  // namespace undiffuse
