// Samplers: tables of coefficients, and the state machine that walks one.
//
// The sampler never calls a network: pending() says which model call it needs, supply() goes on. So
// the same sampler runs blocking in a tool, on a thread in an app and around an asynchronous GPU. A
// new sampler is a function that fills a table.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/tensor.h"
#include "core/process/reverse_transition.h"
#include "core/process/schedule.h"

namespace undiffuse {

enum class SamplerKind {
  Ancestral,  ///< draws from the reverse transition at each step (DDPM, algorithm 2)
};

/// One reverse step t -> t_prev: x_prev = on_x x_t + on_x0 x0_hat + sigma z, with the sigma² of
/// `transition`. All in double, computed once per run; the views' equations read it too.
struct Stage {
  int t = 0;
  int t_prev = 0;
  double alpha_bar = 0;       ///< of x_t
  double alpha_bar_prev = 1;  ///< of x_prev
  ReverseTransition transition;
  /// False at the last step: the mean of p(x_0 | x_1) is the image, its noise would only be noise
  /// (DDPM, algorithm 2: z = 0 at t = 1).
  bool draws = true;
};

/// The table of `num_steps` steps, 1..T.
std::vector<Stage> make_sampler_table(SamplerKind kind, const Schedule& schedule, int num_steps,
                                      Variance variance);

/// What a step of a batch is made of. All [batch, height, width, channels].
struct StepInputs {
  std::span<const float> x_t;
  std::span<const float> x0_hat;
  std::span<const float> x0_var;
};

/// What the noise of a run depends on, besides t.
struct NoiseSource {
  std::uint64_t seed = 0;
  std::uint32_t first_sample = 0;  ///< the batch's images are samples first_sample, +1, ...

  /// x_T, the same for every schedule and step count.
  void start(std::span<float> x, int image_size) const;
  /// z of a stage; zeros where the stage draws nothing.
  void step(const Stage& stage, std::span<float> z, int image_size) const;
};

/// mu and sigma of a stage; with `clip` x0_hat is clamped to [-1, 1] first.
void stage_mean_and_sigma(const Stage& stage, bool clip, const StepInputs& inputs, std::span<float> mu,
                          std::span<float> sigma);

/// x_prev = mu + sigma z. The one place where a state moves: replay and display use it too.
void draw(std::span<const float> mu, std::span<const float> sigma, std::span<const float> z,
          std::span<float> x_prev);

/// The call that a sampler waits for: "what do you make of these images at this noise?"
struct ModelCall {
  std::span<const float> x;  ///< [batch, height, width, channels]
  double alpha_bar = 0;
};

class Sampler {
 public:
  /// shape.batch images. Starts at x_T.
  Sampler(std::vector<Stage> table, Shape shape, NoiseSource noise, bool clip);

  const std::vector<Stage>& table() const { return table_; }
  int num_steps() const { return static_cast<int>(table_.size()); }
  int step() const { return step_; }  ///< steps taken, 0..num_steps(); the index of the next stage
  bool done() const { return step_ == num_steps(); }
  std::span<const float> x() const { return x_; }

  /// Back to x_T, or to a state that was x() when `step` steps had been taken.
  void restart();
  void restore(int step, std::span<const float> x);

  /// The call needed for the next step. Not when done().
  ModelCall pending() const;
  /// Takes the step with the answer to pending().
  void supply(std::span<const float> x0_hat, std::span<const float> x0_var);

 private:
  std::vector<Stage> table_;
  Shape shape_;
  NoiseSource noise_;
  bool clip_;
  int step_ = 0;
  std::vector<float> x_, mu_, sigma_, z_;  // all [batch, height, width, channels]
};

}  // namespace undiffuse
