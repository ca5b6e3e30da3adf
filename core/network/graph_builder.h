// What every architecture's builder shares: reading its config, and adding ops with the file's tensors.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/network/graph.h"
#include "core/network/safetensors.h"

namespace undiffuse {

/// Reads the metadata key `config`, a JSON object, and keeps the first error.
class ConfigReader {
 public:
  /// `network`: what it should be the config of, for people ("a U-Net").
  ConfigReader(const SafeTensors& file, std::string network);

  const std::optional<Error>& error() const { return error_; }
  void fail(const std::string& what);

  const nlohmann::json& object() const { return object_; }
  /// `min` if it is missing or out of range.
  int integer(const char* name, int min, int max);

 private:
  std::string network_;
  nlohmann::json object_;
  std::optional<Error> error_;
};

/// Adds ops to a graph and keeps the first error, so that a network's shape stays readable in its builder.
class GraphBuilder {
 public:
  /// `file` must outlive the builder.
  explicit GraphBuilder(const SafeTensors& file) : file_(file) {}

  BufferId buffer(const std::string& name, int height, int width, int channels);
  Shape shape(BufferId id) const { return graph_.buffers[static_cast<size_t>(id)].shape; }

  /// The tensor's values; an error if it is not there in this shape.
  std::vector<float> tensor(const std::string& name, const std::vector<std::int64_t>& wanted);

  struct ConvolutionOptions {
    int kernel = 1, stride = 1, upsample = 1;
    Activation activation = Activation::None;
    BufferId residual = -1;
    bool dense = false;  ///< stored as a linear layer, [out, in]
  };
  /// `name` names the tensors, `output` the buffer.
  BufferId convolution(const std::string& name, const std::string& output, BufferId input, int channels,
                       const ConvolutionOptions& options);
  BufferId dense(const std::string& name, const std::string& output, BufferId input, int channels,
                 Activation activation = Activation::None, BufferId residual = -1);
  /// `scale_shift`: [1,1,2C] with the scales first, or -1.
  BufferId group_norm(const std::string& name, BufferId input, int groups, Activation activation,
                      BufferId scale_shift = -1);
  BufferId concat(BufferId a, BufferId b);

  /// What is added next belongs to this block.
  void begin_block(const std::string& name, const std::string& title, const std::string& note = {}) {
    graph_.blocks.push_back({name, title, note});
  }
  BufferId add(Op op, const std::string& output, Shape out);

  /// The finished graph from input to output, unless something was missing or is left over.
  Result<Graph> finish(BufferId input, BufferId output, int num_classes);

 private:
  const SafeTensors& file_;
  Graph graph_;
  std::set<std::string> used_;
  std::optional<Error> error_;
};

}  // namespace undiffuse
