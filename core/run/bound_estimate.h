// The variational bound of a model on given images, term by term.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/network/engine.h"
#include "core/process/respacing.h"
#include "core/process/reverse_transition.h"
#include "core/run/denoiser.h"
#include "core/run/model.h"

namespace undiffuse {

struct BoundSummary {
  double bits_per_dim = 0;    ///< mean over the images, an upper bound of -log2 p(x_0) per pixel and channel
  double standard_error = 0;  ///< of that mean; NaN for one image
  double prior = 0;           ///< KL(q(x_T | x_0) || N(0, I)), in it
  std::vector<double> terms;  ///< [steps] bits/dim of each reverse step, in it
};

/// DDPM's and improved DDPM's accounting (bound.h) of the model's own schedule in `num_steps` steps: a
/// KL for each reverse step and the grey levels' likelihood for the last (bound_step.h). Guidance 1, no
/// clipping. Each image gives each term one draw of x_t, with noise of (seed; t, image, Purpose::Bound).
class BoundEstimate {
 public:
  /// x0: [images, height, width, channels] in the model's range; a label for each image, `classes` for any
  /// class. num_steps in 2..T. The references must outlive the estimate.
  BoundEstimate(const ModelInfo& info, Engine& engine, std::span<const float> x0, std::vector<int> labels,
                int num_steps, std::uint32_t seed);

  int num_steps() const { return static_cast<int>(trajectory_.size()) - 1; }
  const std::vector<TrajectoryPoint>& trajectory() const { return trajectory_; }

  /// The terms of one step for all images. Each of 0..num_steps()-1 once.
  void add_step(int step);

  /// After all steps. Learned only for models that have one.
  BoundSummary summary(Variance variance) const;

 private:
  struct Sums {
    std::vector<double> images;  // [images] bits/dim, all terms but the prior
    std::vector<double> terms;   // [steps] bits/dim, mean over the images
  };

  void add_images(int step, size_t first, size_t count);
  void noise_images(const TrajectoryPoint& point, size_t first, size_t count);
  double prior_bits(size_t image) const;

  const ModelInfo& info_;
  Denoiser denoiser_;
  std::span<const float> x0_;
  std::vector<int> labels_;
  std::uint32_t seed_;
  size_t image_size_;
  size_t batch_;
  std::vector<TrajectoryPoint> trajectory_;
  std::vector<float> eps_;                    // [h, w, c]
  std::vector<float> x_t_, x0_hat_, x0_var_;  // [batch, h, w, c]
  Sums sums_[3];                              // by Variance
};

}  // namespace undiffuse
