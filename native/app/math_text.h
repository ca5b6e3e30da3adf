// Formulas: "x̂_0 = √ᾱ x_t − σ^2", with _{...} below, ^{...} above, and accents over letters.
#pragma once

#include <imgui.h>

#include <string_view>

namespace undiffuse {

/// Draws at `at` (the top left) and returns the width; with no list it only measures.
float draw_math(ImDrawList* list, ImVec2 at, ImU32 color, std::string_view formula);

/// As a widget on the current line.
void math_text(std::string_view formula, ImU32 color);

}  // namespace undiffuse
