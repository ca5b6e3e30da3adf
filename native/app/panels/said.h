// What the network said for the inspected pixel, and how mu, sigma and the next x follow from it.
#pragma once

#include <imgui.h>

#include "native/app/view.h"

namespace undiffuse {

void draw_said(const View& view, ImVec2 size);

}  // namespace undiffuse
