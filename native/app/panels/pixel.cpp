#include "native/app/panels/pixel.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/run/explain.h"
#include "native/app/math_text.h"
#include "native/app/plot.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

struct Mark {
  const char* name;
  double value;
  ImU32 color;
};

constexpr float kNamesHeight = 20, kNumbersHeight = 46;

void bell(const Plot& plot, double mu, double sigma, double half) {
  constexpr int kPoints = 241;
  std::vector<ImVec2> points;
  for (int i = 0; i < kPoints; ++i) {
    const double x = mu - half + 2 * half * i / (kPoints - 1);
    points.push_back(plot.at(x, std::exp(-0.5 * (x - mu) * (x - mu) / (sigma * sigma))));
  }
  plot.area(points, theme().accent_soft);
  plot.line(points, theme().accent);
}

// Names under the marks, pushed apart where they would overlap.
void name_marks(const Plot& plot, std::array<Mark, 3> marks) {
  std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.value < b.value; });
  ImDrawList* list = ImGui::GetWindowDrawList();
  std::array<float, 3> left{};
  float end = plot.min().x;
  for (size_t i = 0; i < marks.size(); ++i) {
    const float width = draw_math(nullptr, {}, 0, marks[i].name);
    left[i] = std::max(plot.at(marks[i].value, 0).x - width / 2, end);
    end = left[i] + width + px(8);
  }
  const float over = std::max(0.0f, end - px(8) - plot.max().x);
  for (size_t i = 0; i < marks.size(); ++i) {
    draw_math(list, {left[i] - over, plot.max().y + px(5)}, marks[i].color, marks[i].name);
  }
}

void entry(const char* name, double value, ImU32 color) {
  math_text(name, theme().ink);
  ImGui::SameLine(0, px(5));
  ImGui::PushFont(fonts().bold);
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::TextUnformatted(format_value(value).c_str());
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

// Of a colour image, at the right of the title's line: which of the pixel's three values the panels are
// about.
void choose_plane(int& plane) {
  constexpr const char* kPlanes[] = {"red", "green", "blue"};
  constexpr float kWidth = 54, kGap = 5;
  ImGui::PushFont(fonts().small);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {px(4), px(2)});
  ImGui::SameLine(ImGui::GetContentRegionMax().x - px(3 * kWidth + 2 * kGap));
  for (int i = 0; i < 3; ++i) {
    if (i > 0) ImGui::SameLine(0, px(kGap));
    const bool chosen = plane == i;
    if (chosen) ImGui::PushStyleColor(ImGuiCol_Button, theme().accent_soft);
    if (ImGui::Button(kPlanes[i], {px(kWidth), 0})) plane = i;
    if (chosen) ImGui::PopStyleColor();
  }
  ImGui::PopStyleVar();
  ImGui::PopFont();
}

}  // namespace

void draw_pixel(View& view, ImVec2 size) {
  begin_card("pixel", size);
  panel_title("One pixel: row " + std::to_string(view.inspected.row) + ", column " +
              std::to_string(view.inspected.column));
  if (view.snapshot.run && view.run().model.image.channels == 3) choose_plane(view.inspected.plane);
  if (view.has_run()) {
    const double mu = view.pixel(Field::Mu), sigma = view.pixel(Field::Sigma);
    const std::array<Mark, 3> marks = {{{"x_t", view.pixel(Field::XT), theme().muted},
                                        {"x̂_0", view.pixel(Field::X0Hat), theme().ink},
                                        {"drawn", view.pixel(Field::XPrev), theme().now}}};
    // All marks fit, and at least four deviations each way; a narrow bell is a spike, as it should be.
    double half = std::max(4 * sigma, 1e-3);
    for (const Mark& mark : marks) half = std::max(half, 1.12 * std::abs(mark.value - mu));
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const Plot plot({room.x, std::max(room.y - px(kNamesHeight + kNumbersHeight), px(40))},
                    {mu - half, mu + half}, {0, 1.12});
    if (sigma > 0) bell(plot, mu, sigma, half);
    plot.floor(theme().line);
    plot.dashed_vertical(mu, theme().accent);
    for (const Mark& mark : marks) plot.dot(mark.value, 0, mark.color);
    name_marks(plot, marks);
    ImGui::Dummy({1, px(kNamesHeight - 6)});
    const std::string gaussian =
        "p(x_{t−1} | x_t) = N(" + format_value(mu) + ", " + format_value(sigma) + "^2)";
    math_text(gaussian, theme().ink);
    ImGui::SameLine(0, px(22));
    entry("drawn", view.pixel(Field::XPrev), theme().now);
    muted_text("Point at any picture to inspect another pixel.");
  }
  end_card();
}

}  // namespace undiffuse
