#include "native/app/widgets.h"

#include <algorithm>

#include "core/run/explain.h"
#include "native/app/theme.h"

namespace undiffuse {
namespace {

void mark_pixel(ImVec2 corner, float pixel, const Inspected& inspected) {
  const ImVec2 min(corner.x + static_cast<float>(inspected.column) * pixel,
                   corner.y + static_cast<float>(inspected.row) * pixel);
  const float margin = px(1.5f);
  ImGui::GetWindowDrawList()->AddRect({min.x - margin, min.y - margin},
                                      {min.x + pixel + margin, min.y + pixel + margin}, theme().now, 0, 0,
                                      px(1.5f));
}

void draw_icon(ImDrawList& list, Icon icon, ImVec2 center, float size, ImU32 color) {
  const float h = size / 2;
  const auto triangle = [&](float direction) {
    list.AddTriangleFilled({center.x + direction * h, center.y}, {center.x - direction * h, center.y - h},
                           {center.x - direction * h, center.y + h}, color);
  };
  const auto bar = [&](float left, float width) {
    list.AddRectFilled({center.x + left, center.y - h}, {center.x + left + width, center.y + h}, color);
  };
  if (icon == Icon::Restart) bar(-h - px(3), px(2));
  if (icon == Icon::Pause) {
    bar(-h, size * 0.32f);
    bar(h - size * 0.32f, size * 0.32f);
  } else {
    triangle(icon == Icon::Restart || icon == Icon::Back ? -1.0f : 1.0f);
  }
}

}  // namespace

void begin_card(const char* id, ImVec2 size) {
  ImGui::BeginChild(id, size, true, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(8), px(4)});
}
void end_card() {
  ImGui::PopStyleVar();
  ImGui::EndChild();
}

void panel_title(const std::string& text) {
  ImGui::PushFont(fonts().bold);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopFont();
}

void muted_text(const char* text) {
  ImGui::PushFont(fonts().small);
  ImGui::PushStyleColor(ImGuiCol_Text, theme().muted);
  ImGui::TextUnformatted(text);
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

void picture(const PictureTexture& texture, float side, const Shape& image, Inspected& inspected) {
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  if (texture.empty()) {
    ImGui::Dummy({side, side});
    ImGui::GetWindowDrawList()->AddRect(corner, {corner.x + side, corner.y + side}, theme().line);
    return;
  }
  ImGui::Image(texture.id(), {side, side});
  const float pixel = side / static_cast<float>(std::max(image.width, image.height));
  if (ImGui::IsItemHovered()) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    inspected.column = std::clamp(static_cast<int>((mouse.x - corner.x) / pixel), 0, image.width - 1);
    inspected.row = std::clamp(static_cast<int>((mouse.y - corner.y) / pixel), 0, image.height - 1);
  }
  mark_pixel(corner, pixel, inspected);
}

Colormap map_of(const Shape& image, Colormap map) { return image.channels == 3 ? Colormap::Grey : map; }

void legend(Colormap map, MapRange range, int digits, float width) {
  const std::string low = format_value(static_cast<double>(range.min), digits),
                    high = format_value(static_cast<double>(range.max), digits);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  ImFont* font = fonts().small;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const auto text_width = [&](const std::string& text) {
    return font->CalcTextSizeA(font->FontSize, 1e9f, 0, text.c_str()).x;
  };
  const float left = at.x + text_width(low) + px(5), right = at.x + width - text_width(high) - px(5);
  list.AddText(font, font->FontSize, at, theme().muted, low.c_str());
  list.AddText(font, font->FontSize, {right + px(5), at.y}, theme().muted, high.c_str());
  constexpr int kPieces = 24;
  const float top = at.y + px(4), bottom = at.y + px(11);
  for (int i = 0; i < kPieces; ++i) {
    const auto edge = [&](int k) { return left + (right - left) * static_cast<float>(k) / kPieces; };
    list.AddRectFilled({edge(i), top}, {edge(i + 1), bottom},
                       color_at(map, (static_cast<float>(i) + 0.5f) / kPieces));
  }
  list.AddRect({left, top}, {right, bottom}, theme().line);
  ImGui::Dummy({width, px(15)});
}

bool icon_button(const char* id, Icon icon, ImVec2 size, bool accent) {
  if (accent) {
    ImGui::PushStyleColor(ImGuiCol_Button, theme().accent);
    ImGui::PushStyleColor(ImGuiCol_ButtonHovered, theme().accent);
    ImGui::PushStyleColor(ImGuiCol_ButtonActive, theme().accent);
  }
  const bool pressed = ImGui::Button(id, size);
  if (accent) ImGui::PopStyleColor(3);
  const ImVec2 min = ImGui::GetItemRectMin(), max = ImGui::GetItemRectMax();
  draw_icon(*ImGui::GetWindowDrawList(), icon, {(min.x + max.x) / 2, (min.y + max.y) / 2}, px(11),
            accent ? theme().on_accent : theme().ink);
  return pressed;
}

}  // namespace undiffuse
