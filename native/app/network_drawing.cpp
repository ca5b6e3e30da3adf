#include "native/app/network_drawing.h"

#include <algorithm>
#include <cmath>

#include "native/app/theme.h"

namespace undiffuse {
namespace {

constexpr float kGapX = 26, kTallest = 50, kBandMargin = 6;

struct Box {
  ImVec2 min, max;
  float x() const { return (min.x + max.x) / 2; }
  float y() const { return (min.y + max.y) / 2; }
};

// Rows and columns of a drawing in the window.
struct Lattice {
  ImVec2 corner, cell, gap;

  Lattice(ImVec2 at, ImVec2 size, const BlockPlaces& places) {
    const auto rows = static_cast<float>(places.rows), columns = static_cast<float>(places.columns);
    corner = {at.x + px(kBandMargin), at.y + px(kBandMargin)};
    const float pitch = std::floor((size.y - 2 * px(kBandMargin)) / rows);
    gap = {px(kGapX), std::min(0.28f * pitch, px(18))};
    cell = {(size.x - 2 * px(kBandMargin) - (columns - 1) * gap.x) / columns,
            std::min(pitch - gap.y, px(kTallest))};
  }
  Box box(BlockPlace place) const {
    const ImVec2 min(corner.x + static_cast<float>(place.column) * (cell.x + gap.x),
                     corner.y + static_cast<float>(place.row) * (cell.y + gap.y));
    return {min, {min.x + cell.x, min.y + cell.y}};
  }
};

void text_at(ImFont* font, float middle, float top, ImU32 color, const std::string& text) {
  const float width = font->CalcTextSizeA(font->FontSize, 1e9f, 0, text.c_str()).x;
  ImGui::GetWindowDrawList()->AddText(font, font->FontSize, {std::floor(middle - width / 2), top}, color,
                                      text.c_str());
}

// A line through points, whole or in dashes.
struct Pen {
  ImDrawList& list;
  ImU32 color;
  float dash = 0, space = 0;  // no dash: whole

  void straight(ImVec2 a, ImVec2 b) const {
    const float length = std::hypot(b.x - a.x, b.y - a.y);
    const auto at = [&](float part) { return ImVec2(a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part); };
    if (dash == 0) return list.AddLine(a, b, color, px(1.5f));
    for (float begin = 0; begin < length; begin += dash + space) {
      list.AddLine(at(begin / length), at(std::min(begin + dash, length) / length), color, px(1.5f));
    }
  }
  void through(std::initializer_list<ImVec2> points) const {
    for (auto point = points.begin(); point + 1 != points.end(); ++point) straight(point[0], point[1]);
  }
};

// From edge to edge: in a row, a column, or with a bend between.
void way_between(const Pen& pen, const Box& a, const Box& b) {
  if (a.y() == b.y()) {
    return pen.straight({a.x() < b.x() ? a.max.x : a.min.x, a.y()},
                        {a.x() < b.x() ? b.min.x : b.max.x, b.y()});
  }
  const float from = a.y() < b.y() ? a.max.y : a.min.y, to = a.y() < b.y() ? b.min.y : b.max.y;
  pen.through({{a.x(), from}, {a.x(), (from + to) / 2}, {b.x(), (from + to) / 2}, {b.x(), to}});
}

// Past boxes of its own column: along their side.
void way_around(const Pen& pen, const Box& a, const Box& b) {
  const float side = std::max(a.max.x, b.max.x) + px(9);
  pen.through({{a.max.x, a.y()}, {side, a.y()}, {side, b.y()}, {b.max.x, b.y()}});
}

// Down from the block that conditions, along the gap above the box that takes it, and into its corner.
void way_from_above(const Pen& pen, const Box& a, const Box& b, float gap) {
  if (a.y() == b.y()) return way_between(pen, a, b);
  if (a.x() == b.x()) return way_around(pen, a, b);
  const float corner = a.x() > b.x() ? b.max.x - px(12) : b.min.x + px(12), above = b.min.y - gap / 2;
  pen.through({{a.x(), a.max.y}, {a.x(), above}, {corner, above}, {corner, b.min.y}});
}

void draw_edge(const BlockEdge& edge, const Box& a, const Box& b, float gap) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  if (edge.kind == EdgeKind::Conditioning) {
    return way_from_above({list, theme().muted, px(1.5f), px(3.5f)}, a, b, gap);
  }
  const bool skip = edge.kind == EdgeKind::Skip;
  const Pen pen{list, theme().muted, skip ? px(7) : 0, px(4)};
  skip&& a.x() == b.x() ? way_around(pen, a, b) : way_between(pen, a, b);
}

// A band behind the rows of one resolution.
void draw_level(const Lattice& lattice, const ResolutionLevel& level, int columns) {
  const Box first = lattice.box({level.first_row, 0}), last = lattice.box({level.last_row, columns - 1});
  const float margin = px(kBandMargin);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 min(first.min.x - margin, first.min.y - margin), max(last.max.x + margin, last.max.y + margin);
  list.AddRectFilled(min, max, theme().page, px(8));
  list.AddRect(min, max, theme().line, px(8));
}

void label_level(const Lattice& lattice, const ResolutionLevel& level, int columns) {
  const Box middle = lattice.box({level.first_row, columns / 2});
  const std::string text = std::to_string(level.height) + " × " + std::to_string(level.width);
  const float width = fonts().small->CalcTextSizeA(fonts().small->FontSize, 1e9f, 0, text.c_str()).x;
  ImGui::GetWindowDrawList()->AddRectFilled({middle.x() - width / 2 - px(4), middle.min.y - px(3)},
                                            {middle.x() + width / 2 + px(4), middle.min.y + px(13)},
                                            theme().page);
  text_at(fonts().small, middle.x(), middle.min.y - px(3), theme().muted, text);
}

// True if it was clicked.
bool draw_block(const Block& block, int index, const Box& box, bool chosen) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  ImGui::SetCursorScreenPos(box.min);
  ImGui::PushID(index);
  const bool clicked = ImGui::InvisibleButton("block", {box.max.x - box.min.x, box.max.y - box.min.y});
  const bool hovered = ImGui::IsItemHovered();
  ImGui::PopID();
  list.AddRectFilled(box.min, box.max, theme().card, px(7));
  const ImU32 edge = chosen ? theme().now : hovered ? theme().muted : theme().line;
  list.AddRect(box.min, box.max, edge, px(7), 0, chosen ? px(2) : px(1));
  ImFont* font = fonts().small;
  const float line = font->FontSize, top = box.y() - line;
  text_at(font, box.x(), top, theme().ink, block.title);
  const std::string parameters = block.parameters > 0 ? " · " + count_text(block.parameters) : "";
  text_at(font, box.x(), top + line, theme().muted, shape_text(block.output) + parameters);
  return clicked;
}

}  // namespace

std::string shape_text(const Shape& shape) {
  const std::string channels = std::to_string(shape.channels);
  if (shape.pixels() == 1) return channels;
  return std::to_string(shape.height) + "×" + std::to_string(shape.width) + "×" + channels;
}

std::string count_text(std::int64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

void draw_network(View& view, ImVec2 size) {
  const BlockGraph& network = view.run().network;
  const BlockPlaces& places = view.run().places;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const Lattice lattice(at, size, places);
  const auto box = [&](int block) { return lattice.box(places.places[static_cast<size_t>(block)]); };
  for (const ResolutionLevel& level : places.levels) draw_level(lattice, level, places.columns);
  for (const BlockEdge& edge : network.edges) draw_edge(edge, box(edge.from), box(edge.to), lattice.gap.y);
  for (const ResolutionLevel& level : places.levels) label_level(lattice, level, places.columns);
  for (int i = 0; i < static_cast<int>(network.blocks.size()); ++i) {
    if (draw_block(network.blocks[static_cast<size_t>(i)], i, box(i), i == view.block)) view.block = i;
  }
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy(size);
}

}  // namespace undiffuse
