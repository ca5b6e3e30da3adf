// What lies over the panels: help, and what to save.
#pragma once

#include "native/app/view.h"

namespace undiffuse {

/// Begins an overlay in the window's middle; true while it is open, then ImGui::EndPopup() ends it.
bool begin_overlay(const char* name, bool& open, float width);

/// Both take the keys while they are open; Escape closes them.
void draw_help(View& view);
void draw_save(View& view);

}  // namespace undiffuse
