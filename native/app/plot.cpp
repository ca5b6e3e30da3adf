#include "native/app/plot.h"

#include <algorithm>

#include "native/app/theme.h"

namespace undiffuse {

Plot::Plot(ImVec2 size, Interval x, Interval y)
    : min_(ImGui::GetCursorScreenPos()),
      max_(min_.x + size.x, min_.y + size.y),
      x_(x),
      y_(y),
      list_(*ImGui::GetWindowDrawList()) {
  ImGui::Dummy(size);
}

ImVec2 Plot::at(double x, double y) const {
  const double across = (x - x_.min) / (x_.max - x_.min), up = (y - y_.min) / (y_.max - y_.min);
  return {min_.x + static_cast<float>(across) * (max_.x - min_.x),
          max_.y - static_cast<float>(up) * (max_.y - min_.y)};
}

double Plot::x_of(float screen_x) const {
  return x_.min + static_cast<double>((screen_x - min_.x) / (max_.x - min_.x)) * (x_.max - x_.min);
}

void Plot::line(std::span<const ImVec2> points, ImU32 color, float width) const {
  list_.AddPolyline(points.data(), static_cast<int>(points.size()), color, 0, px(width));
}

void Plot::area(std::span<const ImVec2> points, ImU32 color) const {
  const ImDrawListFlags flags = list_.Flags;
  list_.Flags &= ~ImDrawListFlags_AntiAliasedFill;  // it would leave a seam between the pieces
  for (size_t i = 0; i + 1 < points.size(); ++i) {  // convex pieces, as the draw list wants them
    const ImVec2 a = points[i], b = points[i + 1];
    list_.AddQuadFilled(a, b, {b.x, max_.y}, {a.x, max_.y}, color);
  }
  list_.Flags = flags;
}

void Plot::vertical(double x, ImU32 color, float width) const {
  list_.AddLine(at(x, y_.min), at(x, y_.max), color, px(width));
}

void Plot::dashed_vertical(double x, ImU32 color) const {
  const float across = at(x, y_.min).x, dash = px(3);
  const int dashes = static_cast<int>((max_.y - min_.y) / (2 * dash)) + 1;
  for (int i = 0; i < dashes; ++i) {
    const float y = min_.y + 2 * dash * static_cast<float>(i);
    list_.AddLine({across, y}, {across, std::min(y + dash, max_.y)}, color, px(1));
  }
}

void Plot::floor(ImU32 color) const { list_.AddLine({min_.x, max_.y}, max_, color, px(1)); }

void Plot::dot(double x, double y, ImU32 color, float radius) const {
  list_.AddCircleFilled(at(x, y), px(radius), color, 24);
}

void Plot::label(ImVec2 at, const char* text, ImU32 color, float align, ImFont* font) const {
  if (!font) font = fonts().small;
  const ImVec2 size = font->CalcTextSizeA(font->FontSize, 1e9f, 0, text);
  const float left = std::clamp(at.x - align * size.x, min_.x, std::max(min_.x, max_.x - size.x));
  list_.AddText(font, font->FontSize, {left, at.y - size.y / 2}, color, text);
}

}  // namespace undiffuse
