// The networks of the 2015 paper's toys: hidden layers that never see t, and a linear readout for each step.
//
// Two kinds of hidden layers. A radial-basis network has one, of normalised Gaussian bumps:
// h_j ∝ exp(-|x - centre_j|² / 2 width_j²) with sum 1. A perceptron has several, of sigmoid or tanh units.
// They are a few thousand multiplications: Eigen, and no graph. weights/toys/step_network.py is the twin.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/base/error.h"
#include "core/network/safetensors.h"

namespace undiffuse {

class StepNetwork {
 public:
  /// From a file's tensors (hidden.centre and hidden.log_width, or hidden.weight.0 and so on;
  /// readout_weight [readouts, outputs, units], readout_bias) and its metadata keys "architecture"
  /// ("radial-basis" or "perceptron") and "activation". Refuses what does not fit with a sentence.
  static Result<StepNetwork> build(const SafeTensors& file, int inputs, int outputs, int num_steps);

  int inputs() const { return inputs_; }
  int outputs() const { return outputs_; }
  int num_steps() const { return num_steps_; }
  int num_readouts() const { return static_cast<int>(readouts_.size()); }

  /// The readout of a (fractional) t in [1, T] on a batch, a column each: [inputs, n] -> [outputs, n].
  /// With fewer readouts than steps they stand at evenly spread times and are interpolated between them.
  Eigen::MatrixXf evaluate(double t, const Eigen::Ref<const Eigen::MatrixXf>& x) const;

 private:
  enum class Kind { RadialBasis, Sigmoid, Tanh };
  struct Layer {
    Eigen::MatrixXf weight;  // [out, in]
    Eigen::VectorXf bias;    // [out]
  };
  class Reader;

  Layer readout_at(double t) const;
  Eigen::MatrixXf radial_basis(const Eigen::Ref<const Eigen::MatrixXf>& x) const;
  Eigen::MatrixXf activated(Eigen::MatrixXf sums) const;

  Kind kind_ = Kind::Tanh;
  int inputs_ = 0, outputs_ = 0, num_steps_ = 0;
  Eigen::MatrixXf centre_;         // [units, inputs], RadialBasis
  Eigen::VectorXf inverse_width_;  // [units] 1 / 2 width²
  std::vector<Layer> hidden_;      // Sigmoid, Tanh
  std::vector<Layer> readouts_;
};

}  // namespace undiffuse
