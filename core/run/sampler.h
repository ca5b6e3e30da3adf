// The state machine that walks a sampler's table (samplers/table.h).
//
// The sampler never calls a network: pending() says which model call it needs, supply() goes on. So
// the same sampler runs blocking in a tool, on a thread in an app and around an asynchronous GPU.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/data_range.h"
#include "core/base/tensor.h"
#include "core/process/perturbation.h"
#include "core/run/samplers/table.h"

namespace undiffuse {

/// What a step of a batch is made of. All [batch, height, width, channels].
struct StepInputs {
  std::span<const float> x_t;
  std::span<const float> x0_hat;
  std::span<const float> x0_var;
  std::span<const float> x0_hat_2 = {};  ///< where the stage has a second answer
};

/// What the noise of a run depends on, besides t.
struct NoiseSource {
  std::uint64_t seed = 0;
  std::uint32_t first_sample = 0;  ///< the batch's images are samples first_sample, +1, ...

  /// x_T, the same for every schedule and step count.
  void start(std::span<float> x, int image_size) const;
  /// z of a stage; zeros where the stage draws nothing.
  void step(const Stage& stage, std::span<float> z, int image_size) const;
  /// z' of a stage's churn.
  void churn(const Stage& stage, std::span<float> z, int image_size) const;
};

/// x_hat, what the network is shown: x_t, and the churn's noise if there is any.
void stage_x_hat(const Stage& stage, const NoiseSource& noise, std::span<const float> x_t,
                 std::span<float> x_hat, int image_size);

/// mu and sigma of a stage; with `clip` on the answers are clamped first. inputs.x_t is x_hat.
void stage_mean_and_sigma(const Stage& stage, const Clip& clip, const StepInputs& inputs, std::span<float> mu,
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
  /// shape.batch images. Starts at x_T, or where the evidence says.
  Sampler(std::vector<Stage> table, Shape shape, NoiseSource noise, Clip clip, Evidence evidence = {});

  const std::vector<Stage>& table() const { return table_; }
  int num_steps() const { return static_cast<int>(table_.size()); }
  int step() const { return step_; }  ///< steps taken, 0..num_steps(); the index of the next stage
  bool done() const { return step_ == num_steps(); }
  std::span<const float> x() const { return std::span(state_).first(size_); }

  /// All that later steps depend on: x(), then the previous x0_hat if the table asks for it.
  std::span<const float> state() const { return state_; }

  /// Back to x_T, or to what was state() when `step` steps had been taken.
  void restart();
  void restore(int step, std::span<const float> state);

  /// The call needed next. Not when done().
  ModelCall pending() const;
  /// Goes on with the answer to pending(); true if that took the step, false if it asks again.
  bool supply(std::span<const float> x0_hat, std::span<const float> x0_var);
  /// What the step just taken was made of (x_t before the churn). Valid until the next supply(),
  /// restore() or change of the answer given to it.
  const StepInputs& taken() const { return taken_; }

 private:
  const Stage& stage() const { return table_[static_cast<size_t>(step_)]; }
  std::span<const float> x_hat() const;
  void begin_step();
  void probe(std::span<const float> x0_hat, std::span<const float> x0_var);
  void take_step();

  std::vector<Stage> table_;
  size_t size_;  // of a batch in floats, as all buffers but the states
  int image_size_;
  NoiseSource noise_;
  Clip clip_;
  Evidence evidence_;
  int step_ = 0;
  bool at_end_ = false;                        // waits for the answer at the step's end
  std::vector<float> state_, before_;          // [x, previous x0_hat]; now and before the step taken
  std::vector<float> x_hat_, mu_, sigma_, z_;  // x_hat_ only where it differs from x
  std::vector<float> x0_hat_, x0_var_;         // the first answer, while the second is waited for
  StepInputs taken_;
};

}  // namespace undiffuse
