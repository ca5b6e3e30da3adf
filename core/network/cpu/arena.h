// Where a graph's buffers lie in one block of memory, reused once their last reader has run.
#pragma once

#include <cstddef>
#include <vector>

#include "core/network/graph.h"

namespace undiffuse::cpu {

struct ArenaLayout {
  std::vector<size_t> offsets;  ///< by BufferId, in floats per image
  size_t size = 0;              ///< floats per image
};

/// No two buffers that live at the same time overlap; the graph's output lives to the end.
ArenaLayout lay_out(const Graph& graph);

}  // namespace undiffuse::cpu
