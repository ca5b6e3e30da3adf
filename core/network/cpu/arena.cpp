#include "core/network/cpu/arena.h"

#include <algorithm>

#include "core/network/lifetimes.h"

namespace undiffuse::cpu {
namespace {

size_t size_of(const Graph& graph, size_t id) {
  constexpr size_t kLine = 16;  // whole cache lines keep vector loads aligned
  const auto size = static_cast<size_t>(graph.buffers[id].shape.size());
  return (size + kLine - 1) / kLine * kLine;
}

}  // namespace

ArenaLayout lay_out(const Graph& graph) {
  const std::vector<Lifetime> lives = lifetimes(graph);
  ArenaLayout layout;
  layout.offsets.assign(graph.buffers.size(), 0);
  for (size_t id = 0; id < graph.buffers.size(); ++id) {
    // First fit: move past every buffer placed earlier that lives at the same time and overlaps.
    size_t offset = 0;
    bool moved = true;
    while (moved) {
      moved = false;
      for (size_t other = 0; other < id; ++other) {
        const size_t begin = layout.offsets[other], end = begin + size_of(graph, other);
        if (!lives[id].overlaps(lives[other]) || offset >= end || offset + size_of(graph, id) <= begin)
          continue;
        offset = end;
        moved = true;
      }
    }
    layout.offsets[id] = offset;
    layout.size = std::max(layout.size, offset + size_of(graph, id));
  }
  return layout;
}

}  // namespace undiffuse::cpu
