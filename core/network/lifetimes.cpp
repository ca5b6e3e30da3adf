#include "core/network/lifetimes.h"

namespace undiffuse {

std::vector<Lifetime> lifetimes(const Graph& graph) {
  std::vector<Lifetime> lives(graph.buffers.size());
  const int num_ops = static_cast<int>(graph.ops.size());
  for (int i = 0; i < num_ops; ++i) {
    const Op& op = graph.ops[static_cast<size_t>(i)];
    lives[static_cast<size_t>(op.output)].first = i;
    lives[static_cast<size_t>(op.output)].last = i;
    for (const BufferId input : op.inputs) lives[static_cast<size_t>(input)].last = i;
    if (op.residual >= 0) lives[static_cast<size_t>(op.residual)].last = i;
  }
  const BufferId output = graph.find("output");
  if (output >= 0) lives[static_cast<size_t>(output)].last = num_ops;
  return lives;
}

}  // namespace undiffuse
