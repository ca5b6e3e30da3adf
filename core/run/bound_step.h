// One reverse step of a walk as the bound sees it: what it costs an element, and how wide it is.
#pragma once

#include <span>

#include "core/base/data_range.h"
#include "core/process/bound.h"
#include "core/process/respacing.h"
#include "core/process/reverse_transition.h"

namespace undiffuse {

/// DDPM's accounting (bound.h): a KL for each step, the likelihood of a grey level for the last, which ends
/// at alpha_bar = 1. There both fixed variances are beta_tilde of the step before, as in improved DDPM: the
/// step's own beta_tilde is 0.
class BoundStep {
 public:
  /// walk: S + 1 >= 3 points; step 0..S-1.
  /// range: of the images, whose grey levels the last step decodes.
  BoundStep(std::span<const TrajectoryPoint> walk, int step, Variance variance, DataRange range);

  double cost_nats(double x0, double x0_hat, double x0_var) const;
  /// sigma² of p(x_s | x_t).
  double sigma_var(double x0_var) const;
  /// Between these lies H_q(X_s | X_t). At the last step the lower one is -infinity.
  EntropyBounds entropy_bounds() const;

 private:
  bool decodes_;  // the last step
  Variance variance_;
  DataRange range_;
  double alpha_bar_;  // of x_t
  Posterior q_;       // of the last step: those of the step before
  ReverseTransition p_;
};

}  // namespace undiffuse
