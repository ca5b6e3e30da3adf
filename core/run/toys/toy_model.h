// A trained toy: 2-D points with Gaussian steps, or bits with Bernoulli steps.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/network/step_network.h"
#include "core/process/bit_patterns.h"
#include "core/process/point_mixture.h"
#include "core/process/schedule.h"

namespace undiffuse {

enum class ToyKind {
  Plane,     ///< points of the plane
  Sequence,  ///< bits
};

/// From a weights file of weights/toys/ (keys of its `__metadata__`: toy_file.py writes them).
struct ToyModel {
  std::string name;
  std::string card;  ///< file name of its model card
  ToyKind kind = ToyKind::Plane;
  int size = 2;          ///< numbers of one sample: 2 coordinates, or the bits
  double base_rate = 0;  ///< of ones in x_T, for bits
  Schedule schedule;     ///< T = schedule.num_steps(); learned ones are stored as a tensor, beta_1..T
  StepNetwork network;
};

/// Refuses other versions, data and schedules, and what the network's builder refuses, with a sentence
/// that names the key or tensor.
Result<ToyModel> load_toy(std::span<const std::byte> file);

/// The T + 1 times of a run of num_steps = S in 2..T: S - 1 even steps from T to 1, where the network
/// is asked, and the last from 1 to 0, which is the forward kernel (2015, eq. 44).
std::vector<int> toy_times(int num_train_steps, int num_steps);

/// A reverse transition of points: x_s ~ N(mu, sigma²), coordinate by coordinate.
struct PointStep {
  Points mu, sigma;
};

/// p(x_s | x_t) of a step t -> s of the model's schedule. At t = 1, s = 0 it is the forward kernel.
PointStep point_step(const ToyModel& model, int t, int s, const Points& x_t);

/// The answer (x0_hat, x0_var) that it comes from. t >= 2.
struct PointAnswer {
  Points x0_hat, x0_var;
};
PointAnswer answer_points(const ToyModel& model, int t, const Points& x_t);

/// f_b = p(x_s = 1 | x_t), bit by bit. At t = 1, s = 0 it is the forward kernel.
Bits bit_step(const ToyModel& model, int t, int s, const Bits& x_t);

/// The answer x0_hat = P(x_0 = 1 | x_t) that it comes from.
Bits answer_bits(const ToyModel& model, int t, const Bits& x_t);

}  // namespace undiffuse
