#include "native/app/panels/card.h"

#include <algorithm>
#include <sstream>

#include "native/app/panels/overlays.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool starts(const std::string& line, const char* with) { return line.rfind(with, 0) == 0; }

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" `"), last = text.find_last_not_of(" `");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

// "| a | b |" -> a, b
Lines cells_of(const std::string& row) {
  Lines cells;
  std::istringstream stream(row.substr(1));
  for (std::string cell; std::getline(stream, cell, '|');) cells.push_back(trimmed(cell));
  return cells;
}

void draw_row(const Lines& cells, int columns) {
  ImGui::TableNextRow();
  for (int i = 0; i < std::min(columns, static_cast<int>(cells.size())); ++i) {
    ImGui::TableSetColumnIndex(i);
    const std::string& cell = cells[static_cast<size_t>(i)];
    i == columns - 1 ? ImGui::TextWrapped("%s", cell.c_str()) : ImGui::TextUnformatted(cell.c_str());
  }
}

// Consecutive rows from `line` on; returns the first line after them. The last column takes what is left.
size_t draw_table(const Lines& lines, size_t line) {
  const int columns = static_cast<int>(cells_of(lines[line]).size());
  const std::string id = "table" + std::to_string(line);
  const bool open = columns > 0 && ImGui::BeginTable(id.c_str(), columns, ImGuiTableFlags_SizingFixedFit);
  for (int i = 0; open && i < columns; ++i) {
    const bool last = i == columns - 1;
    ImGui::TableSetupColumn("", last ? ImGuiTableColumnFlags_WidthStretch : ImGuiTableColumnFlags_WidthFixed);
  }
  for (; line < lines.size() && starts(lines[line], "|"); ++line) {
    const bool nothing =
        lines[line].find_first_not_of("| -") == std::string::npos;  // a rule, or an empty head
    if (open && !nothing) draw_row(cells_of(lines[line]), columns);
  }
  if (open) ImGui::EndTable();
  return line;
}

// The lines of a paragraph wrap as one.
size_t draw_paragraph(const Lines& lines, size_t line) {
  std::string text;
  for (; line < lines.size() && !lines[line].empty() && !starts(lines[line], "|"); ++line) {
    text += (text.empty() ? "" : " ") + lines[line];
  }
  ImGui::TextWrapped("%s", text.c_str());
  return line;
}

void draw_markdown(const Lines& lines) {
  for (size_t line = 0; line < lines.size();) {
    const std::string& text = lines[line];
    if (starts(text, "|")) {
      line = draw_table(lines, line);
    } else if (text.empty() || starts(text, "<!--")) {
      ImGui::Spacing();
      ++line;
    } else if (starts(text, "#")) {
      panel_title(text.substr(std::min(text.find_first_not_of("# "), text.size())));
      ++line;
    } else {
      line = draw_paragraph(lines, line);
    }
  }
}

}  // namespace

void draw_card(View& view) {
  if (!view.show_card) view.card.clear();
  const ImVec2 screen = ImGui::GetIO().DisplaySize;
  if (!begin_overlay("card", view.show_card, std::min(px(900), screen.x - px(40)))) return;
  ImGui::BeginChild("text", {0, screen.y * 0.75f});
  draw_markdown(lines_of(view.card));
  ImGui::EndChild();
  if (ImGui::Button("Close (Esc)")) view.show_card = false;
  ImGui::EndPopup();
}

}  // namespace undiffuse
