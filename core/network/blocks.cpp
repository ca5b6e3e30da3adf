#include "core/network/blocks.h"

#include <algorithm>
#include <map>
#include <utility>

namespace undiffuse {
namespace {

std::string times(int a, int b) { return std::to_string(a) + "×" + std::to_string(b); }

std::string activation_text(Activation activation) {
  switch (activation) {
    case Activation::None:
      return "";
    case Activation::Silu:
      return ", SiLU";
    case Activation::Tanh:
      return ", tanh";
    case Activation::LeakyRelu:
      return ", leaky ReLU";
  }
  return "";
}

std::string convolution_text(const Op& op, bool dense) {
  std::string text = dense ? "dense layer" : times(op.kernel, op.kernel) + " convolution";
  if (op.stride > 1) text += ", stride " + std::to_string(op.stride);
  if (op.upsample > 1) text = times(op.upsample, op.upsample) + " enlargement, " + text;
  text += activation_text(op.activation);
  if (op.residual >= 0) text += ", added";
  return text;
}

std::string group_norm_text(const Op& op) {
  std::string text = "group norm, " + std::to_string(op.groups) + " groups";
  if (op.inputs.size() > 1) text += ", scaled and shifted";
  return text + activation_text(op.activation);
}

std::string op_text(const Op& op, const Shape& output) {
  switch (op.kind) {
    case OpKind::TimestepEmbedding:
      return "sinusoids of t";
    case OpKind::LabelEmbedding:
      return "the class's row";
    case OpKind::Convolution:
      return convolution_text(op, op.kernel == 1 && output.pixels() == 1);
    case OpKind::GroupNorm:
      return group_norm_text(op);
    case OpKind::Attention:
      return "attention, " + std::to_string(op.heads) + " heads";
    case OpKind::Concat:
      return "joined channels";
    case OpKind::PixelUnshuffle:
      return times(op.factor, op.factor) + " pixels to channels";
    case OpKind::PixelShuffle:
      return "channels to " + times(op.factor, op.factor) + " pixels";
    case OpKind::TemporalReadout:
      return "sum of " + std::to_string(op.bumps) + " bumps over time, read at t";
  }
  return {};
}

struct Input {
  const char* buffer;
  const char* title;
};
constexpr Input kInputs[] = {{"x", "noisy image"}, {"t", "time t"}, {"label", "class"}};

std::vector<BufferId> reads_of(const Op& op) {
  std::vector<BufferId> reads = op.inputs;
  if (op.residual >= 0) reads.push_back(op.residual);
  return reads;
}

class BlockMaker {
 public:
  explicit BlockMaker(const Graph& graph) : graph_(graph), block_of_(graph.buffers.size(), -1) {}

  BlockGraph make() {
    for (const Input& input : kInputs) add_input(input);
    for (const Op& op : graph_.ops) add_op(op);
    mark_skips();
    return std::move(made_);
  }

 private:
  const Shape& shape(BufferId id) const { return graph_.buffers[static_cast<size_t>(id)].shape; }
  int& block_of(BufferId id) { return block_of_[static_cast<size_t>(id)]; }
  Block& block(int index) { return made_.blocks[static_cast<size_t>(index)]; }

  void add_input(const Input& input) {
    const BufferId id = graph_.find(input.buffer);
    const auto is_read = [&](const Op& op) {
      const std::vector<BufferId> reads = reads_of(op);
      return std::find(reads.begin(), reads.end(), id) != reads.end();
    };
    if (id < 0 || std::none_of(graph_.ops.begin(), graph_.ops.end(), is_read)) return;
    Block block;
    block.name = input.buffer;
    block.title = input.title;
    block.output_buffer = id;
    block.output = shape(id);
    block.sees_x = block.name == "x";
    block_of(id) = static_cast<int>(made_.blocks.size());
    made_.blocks.push_back(std::move(block));
  }

  void add_op(const Op& op) {
    const int index = index_of(op);
    for (const BufferId read : reads_of(op)) connect(read, index);
    block_of(op.output) = index;
    Block& here = block(index);
    const auto parameters = static_cast<std::int64_t>(op.weight.size() + op.bias.size());
    here.ops.push_back({op_text(op, shape(op.output)), shape(op.output), parameters});
    here.parameters += parameters;
    here.flops += graph_.flops(op);
    here.output_buffer = op.output;
    here.output = shape(op.output);
    if (op.kind == OpKind::TemporalReadout) name_channels(op, index);
  }

  // Means come first, variances behind them; of coefficients, each with all its bumps.
  void name_channels(const Op& op, int readout) {
    made_.basis = {op.bumps, op.num_steps};
    const int outputs = shape(op.output).channels, means = outputs / 2;
    const auto name = [&](int k) {
      const std::string symbol = k < means ? "z^μ" : "z^Σ";
      return means == 1 ? symbol : symbol + " " + std::to_string(k % means + 1);
    };
    std::vector<std::string>& coefficients = block(block_of(op.inputs[0])).channels;
    for (int k = 0; k < outputs; ++k) {
      block(readout).channels.push_back(name(k));
      for (int j = 1; j <= op.bumps; ++j) coefficients.push_back(name(k) + ", " + std::to_string(j));
    }
  }

  int index_of(const Op& op) {
    const auto known = named_.find(op.block);
    if (op.block >= 0 && known != named_.end()) return known->second;
    const int index = static_cast<int>(made_.blocks.size());
    Block block;
    if (op.block >= 0) {
      const BlockName& label = graph_.blocks[static_cast<size_t>(op.block)];
      block.name = label.name;
      block.title = label.title;
      block.note = label.note;
      named_[op.block] = index;
    } else {
      block.name = graph_.buffers[static_cast<size_t>(op.output)].name;
      block.title = op_text(op, shape(op.output));
    }
    made_.blocks.push_back(std::move(block));
    return index;
  }

  // Blocks come in the order of their first op, so what a block reads has told already whether it sees x.
  void connect(BufferId read, int to) {
    const int from = block_of(read);
    if (from < 0 || from == to) return;
    const bool sees_x = block(from).sees_x;
    block(to).sees_x |= sees_x;
    const BlockEdge edge{from, to, sees_x ? EdgeKind::Main : EdgeKind::Conditioning};
    if (std::find(made_.edges.begin(), made_.edges.end(), edge) != made_.edges.end()) return;
    made_.edges.push_back(edge);
    if (sees_x) block(to).inputs.push_back(shape(read));
  }

  // Steps of the longest way from a block to every other, along what depends on x; -1 where there is none.
  std::vector<int> longest_ways(int from) const {
    std::vector<int> longest(made_.blocks.size(), -1);
    longest[static_cast<size_t>(from)] = 0;
    for (size_t i = static_cast<size_t>(from); i < longest.size(); ++i) {
      if (longest[i] < 0) continue;
      for (const BlockEdge& edge : made_.edges) {
        if (static_cast<size_t>(edge.from) != i || edge.kind == EdgeKind::Conditioning) continue;
        int& there = longest[static_cast<size_t>(edge.to)];
        there = std::max(there, longest[i] + 1);
      }
    }
    return longest;
  }

  void mark_skips() {
    for (BlockEdge& edge : made_.edges) {
      if (edge.kind == EdgeKind::Conditioning) continue;
      if (longest_ways(edge.from)[static_cast<size_t>(edge.to)] > 1) edge.kind = EdgeKind::Skip;
    }
  }

  const Graph& graph_;
  std::vector<int> block_of_;  // by BufferId; -1 before it is written
  std::map<int, int> named_;   // Op::block to the made block
  BlockGraph made_;
};

}  // namespace

std::int64_t BlockGraph::parameters() const {
  std::int64_t sum = 0;
  for (const Block& block : blocks) sum += block.parameters;
  return sum;
}

BlockGraph blocks_of(const Graph& graph) { return BlockMaker(graph).make(); }

}  // namespace undiffuse
