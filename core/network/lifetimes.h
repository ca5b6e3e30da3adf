// During which ops of a graph each buffer holds something: what memory planning of every engine reads.
#pragma once

#include <vector>

#include "core/network/graph.h"

namespace undiffuse {

/// Indices of ops, both inclusive; -1 is before the first, for inputs.
struct Lifetime {
  int first = -1, last = -1;
  bool overlaps(const Lifetime& other) const { return first <= other.last && other.first <= last; }
};

/// By BufferId. The graph's output lives past the last op.
std::vector<Lifetime> lifetimes(const Graph& graph);

}  // namespace undiffuse
