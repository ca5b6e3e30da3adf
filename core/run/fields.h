// What a view can ask of a step's record, and how each is derived from what the trace keeps.
#pragma once

#include <span>

#include "core/process/prediction.h"
#include "core/run/sampler.h"

namespace undiffuse {

/// Each is one image, [height, width, channels].
enum class Field {
  XT = 0,          ///< the state before the step
  X0Hat = 1,       ///< the network's mean of x_0 (guided, not clipped)
  X0Var = 2,       ///< the network's variance of x_0
  Mu = 3,          ///< mean of p(x_prev | x_t)
  Sigma = 4,       ///< its standard deviation
  Z = 5,           ///< the draw; zeros at the last step
  XPrev = 6,       ///< mu + sigma z
  MeanOutput = 7,  ///< the network's output as it was trained (v, eps, x0, F or z_mu), after guidance
  LogVar = 8,      ///< the variance half of the output: r of x0_var = (1 - alpha_bar) exp(r), or a
                   ///< Transition's z_sigma; 0 where no variance is learned
  EpsHat = 9,      ///< the noise that x_hat holds if x0_hat is right
  X0Hat2 = 10,     ///< the second answer's mean (see SecondAnswer); zeros where there is none
  XHat = 11,       ///< what the network is shown: x_t, with the churn's noise if there is any
};
inline constexpr int kNumFields = 12;

/// What a record was made with.
struct RecordContext {
  const Stage& stage;
  Clip clip;
  Parameterization parameterization;
  NoiseSource noise;  ///< first_sample is the image's
  const Evidence* evidence = nullptr;
};

/// Writes the field of one image; inputs and out are all [height, width, channels].
void derive_field(Field field, const RecordContext& context, const StepInputs& inputs, std::span<float> out);

}  // namespace undiffuse
