// A network's blocks as boxes where the core places them, and the ways between them as lines.
#pragma once

#include "native/app/view.h"

namespace undiffuse {

/// Fills the size at the cursor; a click on a box chooses its block.
void draw_network(View& view, ImVec2 size);

/// "14×14×64"; "128" for a vector.
std::string shape_text(const Shape& shape);
/// "110,720"
std::string count_text(std::int64_t count);

}  // namespace undiffuse
