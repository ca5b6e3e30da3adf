// Small pieces that several panels share.
#pragma once

#include <imgui.h>

#include <string>

#include "core/base/tensor.h"
#include "native/app/colormap.h"
#include "native/app/picture_texture.h"

namespace undiffuse {

/// A panel's frame: between these, as with ImGui's children.
void begin_card(const char* id, ImVec2 size);
void end_card();

void panel_title(const std::string& text);
void muted_text(const char* text);

/// The pixel that a person points at, drawn on every picture of an image, and which of its colours.
struct Inspected {
  int row = 0;
  int column = 0;
  int plane = 0;  ///< 0..channels-1
};

/// A picture of side x side at the cursor, with the inspected pixel marked; the mouse on it moves that.
void picture(const PictureTexture& texture, float side, const Shape& image, Inspected& inspected);

/// What an image's pictures are drawn with: the planes of a colour one are drawn as they are, from dark to
/// bright.
Colormap map_of(const Shape& image, Colormap map);

/// The map as a bar of `width` with the values at its ends.
void legend(Colormap map, MapRange range, int digits, float width);

enum class Icon { Restart, Back, Play, Pause, Step };
bool icon_button(const char* id, Icon icon, ImVec2 size, bool accent);

}  // namespace undiffuse
