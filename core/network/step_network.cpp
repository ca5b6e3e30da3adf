#include "core/network/step_network.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace undiffuse {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::int64_t kMaxUnits = 1024, kMaxLayers = 8, kMaxReadouts = 100000;

Error broken_network(const std::string& what) {
  return {"The weights file's network " + what + ": export the model again."};
}

}  // namespace

// Collects the first error, so that building stays a list of reads.
class StepNetwork::Reader {
 public:
  explicit Reader(const SafeTensors& file) : file_(file) {}

  const std::optional<Error>& error() const { return error_; }
  bool has(const std::string& name) const { return file_.tensors.count(name) > 0; }

  // Entry `axis` of the tensor's shape, in [1, max]; 1 if there is none such.
  std::int64_t extent(const std::string& name, size_t axis, std::int64_t max) {
    const auto found = file_.tensors.find(name);
    const bool there = found != file_.tensors.end() && axis < found->second.shape.size();
    const std::int64_t extent = there ? found->second.shape[axis] : 0;
    if (extent >= 1 && extent <= max) return extent;
    fail("has no tensor '" + name + "' of a size that is known here");
    return 1;
  }

  // Rows of a tensor of this shape, its last axis the columns; zeros after an error.
  RowMajor matrix(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::int64_t rows = 1;
    for (size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
    if (error_) return RowMajor::Zero(rows, shape.back());
    const Result<std::vector<float>> values = file_.read(name, shape);
    if (!values) error_ = values.error();
    if (!values) return RowMajor::Zero(rows, shape.back());
    return Eigen::Map<const RowMajor>(values->data(), rows, shape.back());
  }
  Eigen::VectorXf vector(const std::string& name, std::int64_t size) {
    return matrix(name, {size}).row(0).transpose();
  }

  std::string text(const std::string& key) const {
    const auto found = file_.metadata.find(key);
    return found == file_.metadata.end() ? std::string() : found->second;
  }
  void fail(const std::string& what) {
    if (!error_) error_ = broken_network(what);
  }

 private:
  const SafeTensors& file_;
  std::optional<Error> error_;
};

Result<StepNetwork> StepNetwork::build(const SafeTensors& file, int inputs, int outputs, int num_steps) {
  Reader reader(file);
  StepNetwork network;
  network.inputs_ = inputs;
  network.outputs_ = outputs;
  network.num_steps_ = num_steps;
  std::int64_t units = inputs;
  if (reader.text("architecture") == "radial-basis") {
    network.kind_ = Kind::RadialBasis;
    units = reader.extent("hidden.centre", 0, kMaxUnits);
    network.centre_ = reader.matrix("hidden.centre", {units, inputs});
    const Eigen::VectorXf log_width = reader.vector("hidden.log_width", units);
    network.inverse_width_ =
        log_width.unaryExpr([](float log) { return 0.5f / std::exp(2 * std::clamp(log, -20.0f, 20.0f)); });
  } else if (reader.text("architecture") == "perceptron") {
    const std::string activation = reader.text("activation");
    if (activation != "sigmoid" && activation != "tanh")
      reader.fail("is neither of sigmoid nor of tanh units");
    network.kind_ = activation == "sigmoid" ? Kind::Sigmoid : Kind::Tanh;
    for (int i = 0; i < kMaxLayers && reader.has("hidden.weight." + std::to_string(i)); ++i) {
      const std::string number = std::to_string(i);
      const std::int64_t inputs_here = units;
      units = reader.extent("hidden.weight." + number, 0, kMaxUnits);
      network.hidden_.push_back({reader.matrix("hidden.weight." + number, {units, inputs_here}),
                                 reader.vector("hidden.bias." + number, units)});
    }
  } else {
    reader.fail("is neither a radial-basis network nor a perceptron");
  }
  const std::int64_t readouts = reader.extent("readout_weight", 0, kMaxReadouts);
  if (readouts > num_steps) reader.fail("has more readouts than steps");
  const RowMajor weight = reader.matrix("readout_weight", {readouts, outputs, units});
  const RowMajor bias = reader.matrix("readout_bias", {readouts, outputs});
  if (reader.error()) return *reader.error();
  for (std::int64_t j = 0; j < readouts; ++j) {
    network.readouts_.push_back({weight.middleRows(j * outputs, outputs), bias.row(j).transpose()});
  }
  return network;
}

StepNetwork::Layer StepNetwork::readout_at(double t) const {
  const int last = num_readouts() - 1;
  const double position = num_steps_ > 1 ? (t - 1) * last / (num_steps_ - 1) : 0;
  const auto low = static_cast<size_t>(std::clamp(static_cast<int>(std::floor(position)), 0, last));
  const auto part = static_cast<float>(std::clamp(position - static_cast<double>(low), 0.0, 1.0));
  if (part == 0) return readouts_[low];
  const Layer &from = readouts_[low], &to = readouts_[std::min(low + 1, static_cast<size_t>(last))];
  return {from.weight + part * (to.weight - from.weight), from.bias + part * (to.bias - from.bias)};
}

// The softmax of -|x - centre|² / 2 width².
Eigen::MatrixXf StepNetwork::radial_basis(const Eigen::Ref<const Eigen::MatrixXf>& x) const {
  Eigen::MatrixXf bump(centre_.rows(), x.cols());
  for (Eigen::Index n = 0; n < x.cols(); ++n) {
    const Eigen::VectorXf squares = (centre_.rowwise() - x.col(n).transpose()).rowwise().squaredNorm();
    const Eigen::ArrayXf exponent = -squares.array() * inverse_width_.array();
    const float highest = exponent.maxCoeff();
    bump.col(n) = exponent.unaryExpr([&](float value) { return std::exp(value - highest); });
    bump.col(n) /= bump.col(n).sum();
  }
  return bump;
}

Eigen::MatrixXf StepNetwork::activated(Eigen::MatrixXf sums) const {
  // Not Eigen's functions: they are approximations in whole vectors and exact in what is left over, so a
  // column's bits would hang on its place in the batch.
  if (kind_ == Kind::Sigmoid) return sums.unaryExpr([](float value) { return 1 / (1 + std::exp(-value)); });
  return sums.unaryExpr([](float value) { return std::tanh(value); });
}

Eigen::MatrixXf StepNetwork::evaluate(double t, const Eigen::Ref<const Eigen::MatrixXf>& x) const {
  UNDIFFUSE_ASSERT(x.rows() == inputs_);
  Eigen::MatrixXf units = kind_ == Kind::RadialBasis ? radial_basis(x) : Eigen::MatrixXf(x);
  for (const Layer& layer : hidden_) units = activated((layer.weight * units).colwise() + layer.bias);
  const Layer readout = readout_at(t);
  return (readout.weight * units).colwise() + readout.bias;
}

}  // namespace undiffuse
