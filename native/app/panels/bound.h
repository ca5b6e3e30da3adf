// The bound of the run's finished image, term by term, and the entropies of its reverse steps.
#pragma once

#include "native/app/view.h"

namespace undiffuse {

void draw_bound(View& view, ImVec2 size);

}  // namespace undiffuse
