#include "core/network/graph_builder.h"

#include <utility>

namespace undiffuse {
namespace {

using nlohmann::json;

// PyTorch's [out, in, k, k] -> [out, k, k, in], the order in which a channels-last image is read.
std::vector<float> channels_last(std::vector<float> stored, int out, int in, int kernel) {
  if (kernel == 1 || stored.empty()) return stored;
  const auto taps = static_cast<size_t>(kernel * kernel), inputs = static_cast<size_t>(in);
  std::vector<float> moved(stored.size());
  for (size_t o = 0; o < static_cast<size_t>(out); ++o) {
    for (size_t i = 0; i < inputs; ++i) {
      for (size_t tap = 0; tap < taps; ++tap) {
        moved[(o * taps + tap) * inputs + i] = stored[(o * inputs + i) * taps + tap];
      }
    }
  }
  return moved;
}

}  // namespace

ConfigReader::ConfigReader(const SafeTensors& file, std::string network) : network_(std::move(network)) {
  const auto text = file.metadata.find("config");
  if (text == file.metadata.end()) {
    fail("the metadata key 'config' is missing");
    return;
  }
  object_ = json::parse(text->second, nullptr, false);
  if (!object_.is_object()) fail("it is not a JSON object");
}

void ConfigReader::fail(const std::string& what) {
  if (error_) return;
  error_ = Error{"The weights file's config is not one of " + network_ + ": " + what +
                 ". Export the model again."};
}

int ConfigReader::integer(const char* name, int min, int max) {
  const auto found = object_.find(name);
  const bool whole = found != object_.end() && found->is_number_integer();
  const std::int64_t value = whole ? found->get<std::int64_t>() : std::int64_t{min} - 1;
  if (value >= min && value <= max) return static_cast<int>(value);
  fail(std::string("'") + name + "' is missing or out of range");
  return min;
}

BufferId GraphBuilder::buffer(const std::string& name, int height, int width, int channels) {
  graph_.buffers.push_back({name, {1, height, width, channels}});
  return static_cast<BufferId>(graph_.buffers.size()) - 1;
}

std::vector<float> GraphBuilder::tensor(const std::string& name, const std::vector<std::int64_t>& wanted) {
  used_.insert(name);
  Result<std::vector<float>> values = file_.read(name, wanted);
  if (values) return std::move(*values);
  if (!error_) error_ = values.error();
  return std::vector<float>();
}

BufferId GraphBuilder::convolution(const std::string& name, const std::string& output, BufferId input,
                                   int channels, const ConvolutionOptions& options) {
  const Shape in = shape(input);
  Op op{.kind = OpKind::Convolution, .inputs = {input}};
  op.kernel = options.kernel;
  op.stride = options.stride;
  op.upsample = options.upsample;
  op.activation = options.activation;
  op.residual = options.residual;
  const auto out64 = std::int64_t{channels}, in64 = std::int64_t{in.channels},
             k = std::int64_t{options.kernel};
  const std::vector<std::int64_t> stored =
      options.dense ? std::vector{out64, in64} : std::vector{out64, in64, k, k};
  op.weight = channels_last(tensor(name + ".weight", stored), channels, in.channels, options.kernel);
  op.bias = tensor(name + ".bias", {out64});
  const auto size = [&](int input_size) { return (input_size * options.upsample - 1) / options.stride + 1; };
  return add(std::move(op), output, {1, size(in.height), size(in.width), channels});
}

BufferId GraphBuilder::dense(const std::string& name, const std::string& output, BufferId input, int channels,
                             Activation activation, BufferId residual) {
  return convolution(name, output, input, channels,
                     {.activation = activation, .residual = residual, .dense = true});
}

BufferId GraphBuilder::group_norm(const std::string& name, BufferId input, int groups, Activation activation,
                                  BufferId scale_shift) {
  Op op{.kind = OpKind::GroupNorm, .inputs = {input}};
  if (scale_shift >= 0) op.inputs.push_back(scale_shift);
  op.groups = groups;
  op.activation = activation;
  op.weight = tensor(name + ".weight", {shape(input).channels});
  op.bias = tensor(name + ".bias", {shape(input).channels});
  return add(std::move(op), name, shape(input));
}

BufferId GraphBuilder::concat(BufferId a, BufferId b) {
  Shape out = shape(a);
  out.channels += shape(b).channels;
  const std::string name = "concat." + std::to_string(graph_.buffers.size());
  return add({.kind = OpKind::Concat, .inputs = {a, b}}, name, out);
}

BufferId GraphBuilder::add(Op op, const std::string& output, Shape out) {
  op.block = static_cast<int>(graph_.blocks.size()) - 1;
  op.output = buffer(output, out.height, out.width, out.channels);
  graph_.ops.push_back(std::move(op));
  return graph_.ops.back().output;
}

Result<Graph> GraphBuilder::finish(BufferId input, BufferId output, int num_classes) {
  if (error_) return *error_;
  for (const auto& [name, stored] : file_.tensors) {
    if (!used_.count(name)) {
      return Error{"The weights file holds a tensor '" + name.substr(0, 80) +
                   "' that its network does not have: export the model again."};
    }
  }
  graph_.input = shape(input);
  graph_.output = shape(output);
  graph_.num_classes = num_classes;
  return std::move(graph_);
}

}  // namespace undiffuse
