// Where a drawing puts a network's blocks. The page and the app draw the same picture.
//
// A chain whose skips lie within one another is drawn as a U: down on the left as far as the innermost skip,
// along the bottom, up on the right, each skip level. Any other network goes from top to bottom, blocks of
// the same depth side by side. What depends on t and the class alone stands on top, in the middle; an input
// that such a network reads only once, later, stands beside its reader.
#pragma once

#include <vector>

#include "core/network/blocks.h"

namespace undiffuse {

struct BlockPlace {
  int row = 0, column = 0;
};

/// Rows of a U, in a sequence, whose blocks have this resolution.
struct ResolutionLevel {
  int first_row = 0, last_row = 0;
  int height = 1, width = 1;
};

struct BlockPlaces {
  int rows = 0, columns = 0;
  std::vector<BlockPlace> places;  ///< of BlockGraph::blocks; no two are the same
  std::vector<ResolutionLevel> levels;
};

BlockPlaces place_blocks(const BlockGraph& graph);

}  // namespace undiffuse
