#include "native/app/math_text.h"

#include <string>

#include "native/app/theme.h"

namespace undiffuse {
namespace {

size_t character_size(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

std::string_view take_character(std::string_view& text) {
  const std::string_view character = text.substr(0, character_size(text.front()));
  text.remove_prefix(character.size());
  return character;
}

// What follows _ or ^: a {group}, or one character.
std::string_view take_group(std::string_view& text) {
  if (text.empty()) return {};
  if (text.front() != '{') return take_character(text);
  const std::string_view group = text.substr(1, text.find('}') - 1);
  text.remove_prefix(std::min(group.size() + 2, text.size()));
  return group;
}

/// The spacing form of a combining accent, which fonts can place; empty for other characters.
std::string_view accent_of(std::string_view character) {
  if (character == "\u0302") return "\u02c6";
  if (character == "\u0303") return "\u02dc";
  if (character == "\u0304") return "\u00af";
  return {};
}

struct Pen {
  ImDrawList* list;
  ImVec2 at;
  ImU32 color;
  float last_width = 0;

  void put(const ImFont* font, std::string_view text, float down) {
    const ImVec2 size = font->CalcTextSizeA(font->FontSize, 1e9f, 0, text.data(), text.data() + text.size());
    if (list) {
      list->AddText(font, font->FontSize, {at.x, at.y + down}, color, text.data(), text.data() + text.size());
    }
    at.x += size.x;
    last_width = size.x;
  }

  void put_accent(std::string_view accent) {
    const ImFont* font = fonts().math;
    const ImVec2 size =
        font->CalcTextSizeA(font->FontSize, 1e9f, 0, accent.data(), accent.data() + accent.size());
    if (!list) return;
    list->AddText(font, font->FontSize, {at.x - last_width / 2 - size.x / 2 + px(1), at.y - px(1)}, color,
                  accent.data(), accent.data() + accent.size());
  }
};

}  // namespace

float draw_math(ImDrawList* list, ImVec2 at, ImU32 color, std::string_view formula) {
  Pen pen{list, at, color};
  while (!formula.empty()) {
    const std::string_view character = take_character(formula);
    if (character == "_") {
      pen.put(fonts().math_small, take_group(formula), px(8));
    } else if (character == "^") {
      pen.put(fonts().math_small, take_group(formula), -px(1));
    } else if (const std::string_view accent = accent_of(character); !accent.empty()) {
      pen.put_accent(accent);
    } else {
      pen.put(fonts().math, character, 0);
    }
  }
  return pen.at.x - at.x;
}

void math_text(std::string_view formula, ImU32 color) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = draw_math(ImGui::GetWindowDrawList(), at, color, formula);
  ImGui::Dummy({width, fonts().math->FontSize + px(3)});
}

}  // namespace undiffuse
