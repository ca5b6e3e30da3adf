// Restart, back, play or pause, step.
#pragma once

#include "native/app/view.h"

namespace undiffuse {

void draw_transport(View& view, float width);

}  // namespace undiffuse
