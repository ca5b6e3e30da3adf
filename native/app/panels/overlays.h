// What lies over the panels: help, and what to save.
#pragma once

#include "native/app/view.h"

namespace undiffuse {

/// Both take the keys while they are open; Escape closes them.
void draw_help(View& view);
void draw_save(View& view);

}  // namespace undiffuse
