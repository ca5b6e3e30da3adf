// A graph as people draw it: blocks of ops, what each takes and gives, and what flows between them.
//
// Derived from the graph alone, so that any architecture's builder gets it by naming its blocks; an op that
// names none is a block of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/network/graph.h"

namespace undiffuse {

struct BlockOp {
  std::string text;  ///< in the field's terms: "3×3 convolution, stride 2"
  Shape output;
  std::int64_t parameters = 0;
};

struct Block {
  std::string name;                   ///< as in Graph::blocks; an input's is its buffer's
  std::string title;                  ///< for people
  std::string note;                   ///< a sentence for people, or empty
  std::vector<BlockOp> ops;           ///< in order; none for an input
  std::vector<Shape> inputs;          ///< what it takes from other blocks, apart from conditioning
  std::vector<std::string> channels;  ///< names of the output's channels, where they have any
  BufferId output_buffer = 0;         ///< the last one it writes
  Shape output;
  std::int64_t parameters = 0;  ///< trained numbers
  double flops = 0;             ///< of one image
  bool sees_x = false;          ///< false: it depends on t and the class alone
};

enum class EdgeKind {
  Main,          ///< from one block to the next
  Skip,          ///< past others: a longer way leads to the same block
  Conditioning,  ///< what depends on t and the class alone
};

struct BlockEdge {
  int from = 0, to = 0;  ///< in BlockGraph::blocks
  EdgeKind kind = EdgeKind::Main;
  bool operator==(const BlockEdge&) const = default;
};

/// The bumps over time of a network that ends with a readout at t; none if bumps = 0.
struct TimeBasis {
  int bumps = 0, num_steps = 0;
};

struct BlockGraph {
  std::vector<Block> blocks;  ///< the inputs that are read (x, t, label), then the others in order
  std::vector<BlockEdge> edges;
  TimeBasis basis;

  std::int64_t parameters() const;
};

BlockGraph blocks_of(const Graph& graph);

}  // namespace undiffuse
