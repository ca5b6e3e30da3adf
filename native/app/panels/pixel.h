// One pixel's Gaussian: the bell curve p(x_{t-1} | x_t) with x_t, the draw and x0_hat marked.
#pragma once

#include <imgui.h>

#include "native/app/view.h"

namespace undiffuse {

void draw_pixel(View& view, ImVec2 size);

}  // namespace undiffuse
