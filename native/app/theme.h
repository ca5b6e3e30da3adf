// Colours, fonts and measures of the app; the same roles as the page's theme.css.
#pragma once

#include <imgui.h>

namespace undiffuse {

struct Theme {
  ImU32 page, card, line, ink, muted, faint, accent, accent_soft, on_accent, now;
};
const Theme& theme();  ///< the current one
void use_theme(bool dark);

struct Fonts {
  ImFont* text = nullptr;
  ImFont* small = nullptr;
  ImFont* bold = nullptr;
  ImFont* title = nullptr;
  ImFont* math = nullptr;        ///< italic serif
  ImFont* math_small = nullptr;  ///< its subscripts
};
const Fonts& fonts();

/// Once, after the window is there. `scale` is the display's.
void load_style(float scale);
/// Device pixels of a length that is meant for an ordinary display.
float px(float length);

}  // namespace undiffuse
