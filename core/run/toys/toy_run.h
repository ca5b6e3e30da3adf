// Samples of a toy, all of them at every step: x_T ~ p(x_T), then x_s ~ p(x_s | x_t) down to x_0.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/toys/toy_model.h"

namespace undiffuse {

/// State i of a run is x at times()[i]; step i leads from state i to state i + 1. Sample n's draws are a
/// function of (seed; element, t, n, purpose): more samples never change the first ones.
class PointRun {
 public:
  /// num_steps in 2..T of a model of points; count >= 1 samples, first_sample and those after it. The
  /// model must outlive the run.
  PointRun(const ToyModel& model, int num_steps, int count, std::uint32_t seed,
           std::uint32_t first_sample = 0);

  const std::vector<int>& times() const { return times_; }  ///< num_steps() + 1 of them
  int num_steps() const { return static_cast<int>(times_.size()) - 1; }
  /// Takes one step more; false if x_0 is there already.
  bool work();
  bool done() const { return steps_.size() + 1 == times_.size(); }

  int available() const { return static_cast<int>(steps_.size()); }  ///< steps taken
  const Points& state(int i) const { return states_[static_cast<size_t>(i)]; }
  const PointStep& step(int i) const { return steps_[static_cast<size_t>(i)]; }

 private:
  Points draw(int t, bool start) const;

  const ToyModel& model_;
  int count_;
  std::uint32_t seed_, first_sample_;
  std::vector<int> times_;
  std::vector<Points> states_;
  std::vector<PointStep> steps_;
};

/// The same of bits; step i is f_b, the chance of a one.
class BitRun {
 public:
  BitRun(const ToyModel& model, int num_steps, int count, std::uint32_t seed, std::uint32_t first_sample = 0);

  const std::vector<int>& times() const { return times_; }
  int num_steps() const { return static_cast<int>(times_.size()) - 1; }
  bool work();
  bool done() const { return chances_.size() + 1 == times_.size(); }

  int available() const { return static_cast<int>(chances_.size()); }
  const Bits& state(int i) const { return states_[static_cast<size_t>(i)]; }
  const Bits& chance(int i) const { return chances_[static_cast<size_t>(i)]; }

 private:
  Bits draw(const Bits& chance, int t, bool start) const;

  const ToyModel& model_;
  std::uint32_t seed_, first_sample_;
  std::vector<int> times_;
  std::vector<Bits> states_;
  std::vector<Bits> chances_;
};

}  // namespace undiffuse
