#include "native/app/panels/bound.h"

#include <algorithm>
#include <cmath>

#include "core/run/explain.h"
#include "native/app/plot.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr float kWords = 116, kMargin = 46;  // below the charts; left of them, for the scale's numbers
constexpr const char* kCosts = "what each step costs, bits/dim";
constexpr const char* kEntropies =
    "entropy of each step above its lower bound, bits/dim: H_q lies in the band; "
    "the model's mean, and 90 % of its pixels";

int shown_step(const View& view) { return std::min(view.position, view.num_steps() - 1); }

// Of the sample on show; null while there is none.
const BoundCurve* curve_of(const View& view) {
  const auto& bound = view.snapshot.bound;
  return bound && bound->sample == view.sample ? &bound->curve : nullptr;
}

const char* waiting(const View& view) {
  if (view.num_steps() < 2) return "The bound needs at least two steps.";
  return "Its terms come when the run has reached its image: that is the x₀ they are about.";
}

constexpr double kMostDigits = 3;  // of a tick; smaller ones are powers, which are shorter

// Both charts span several powers of ten, so both are logarithmic: in whole powers around values > 0.
// What is below the lowest lies on the floor.
Interval powers_of(const std::vector<double>& values) {
  double low = 0, high = -9;
  for (const double value : values) {
    if (value <= 1e-9) continue;
    low = std::min(low, std::log10(value));
    high = std::max(high, std::log10(value));
  }
  return {std::floor(low) - 0.5, std::max(high, low + 1) + 0.8};  // room for the title
}

double log_of(double value, const Interval& powers) {
  return value > 0 ? std::max(std::log10(value), powers.min) : powers.min;
}

// A chart with a column for each step; a click on it goes to that step.
Plot begin_chart(View& view, size_t steps, const Interval& powers, ImVec2 size) {
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + px(kMargin));
  const Plot plot({size.x - px(kMargin), size.y}, {0, static_cast<double>(steps)}, powers);
  if (ImGui::IsItemHovered()) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    const auto step = static_cast<int>(std::floor(plot.x_of(ImGui::GetIO().MousePos.x)));
    if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) view.seek = std::clamp(step, 0, view.num_steps() - 1);
  }
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImFont* font = fonts().small;
  for (double power = std::ceil(powers.min); power <= powers.max - 0.5; ++power) {
    const ImVec2 at = plot.at(0, power);
    list.AddLine(at, {plot.max().x, at.y}, theme().line, px(1));
    const std::string text =
        format_value(std::pow(10, power), static_cast<int>(std::clamp(-power, 0.0, kMostDigits)));
    const ImVec2 room = font->CalcTextSizeA(font->FontSize, 1e9f, 0, text.c_str());
    list.AddText(font, font->FontSize, {at.x - room.x - px(6), at.y - room.y / 2}, theme().muted,
                 text.c_str());
  }
  return plot;
}

void name_chart(const Plot& plot, const char* title) {
  plot.floor(theme().line);
  plot.label({plot.min().x, plot.min().y + px(7)}, title, theme().muted, 0);
}

void draw_costs(View& view, const BoundCurve& curve, ImVec2 size) {
  std::vector<double> costs;
  for (const BoundTerm& term : curve.terms) costs.push_back(term.cost);
  const Interval powers = powers_of(costs);
  const size_t steps = curve.upper.size();
  const Plot plot = begin_chart(view, steps, powers, size);
  for (size_t step = 0; step < costs.size(); ++step) {
    const bool now = static_cast<int>(step) == shown_step(view), last = step + 1 == steps;
    const ImVec2 top = plot.at(static_cast<double>(step), log_of(costs[step], powers));
    const float right = plot.at(static_cast<double>(step + 1), powers.min).x;
    const float gap = right - top.x > px(4) ? px(1) : 0;
    const ImU32 color = now ? theme().now : last ? theme().muted : theme().accent;
    ImGui::GetWindowDrawList()->AddRectFilled(top, {right - gap, plot.max().y}, color);
  }
  name_chart(plot, kCosts);
}

using Points = std::vector<ImVec2>;

void between(const Points& below, const Points& above, ImU32 color) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImDrawListFlags flags = list.Flags;
  list.Flags &= ~ImDrawListFlags_AntiAliasedFill;  // it would leave a seam between the pieces
  for (size_t i = 0; i + 1 < below.size(); ++i) {
    list.AddQuadFilled(above[i], above[i + 1], below[i + 1], below[i], color);
  }
  list.Flags = flags;
}

// Above the lower bound; the last step has none, and is left out.
void draw_entropies(View& view, const BoundCurve& curve, ImVec2 size) {
  const size_t steps = curve.upper.size(), there = std::min(curve.terms.size(), steps - 1);
  const auto above = [&](size_t count, auto value) {
    std::vector<double> values;
    for (size_t i = 0; i < count; ++i) values.push_back(value(i) - curve.lower[i]);
    return values;
  };
  const auto upper = above(steps - 1, [&](size_t i) { return curve.upper[i]; });
  const auto mean = above(there, [&](size_t i) { return curve.terms[i].entropy; });
  std::vector<double> all = upper;
  all.insert(all.end(), mean.begin(), mean.end());
  const Interval powers = powers_of(all);
  const Plot plot = begin_chart(view, steps, powers, size);
  const auto points = [&](const std::vector<double>& values) {
    Points line;
    for (size_t i = 0; i < values.size(); ++i)
      line.push_back(plot.at(static_cast<double>(i) + 0.5, log_of(values[i], powers)));
    return line;
  };
  between(points(std::vector<double>(upper.size())), points(upper), theme().line);
  between(points(above(there, [&](size_t i) { return curve.terms[i].entropy_low; })),
          points(above(there, [&](size_t i) { return curve.terms[i].entropy_high; })), theme().accent_soft);
  plot.line(points(upper), theme().muted, 1.5f);
  plot.line(points(mean), theme().accent);
  plot.vertical(shown_step(view) + 0.5, theme().now);
  name_chart(plot, kEntropies);
}

void draw_words(const View& view, const BoundCurve& curve) {
  const std::string now = say_bound_step(curve, shown_step(view));
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(now.empty() ? " " : now.c_str());
  muted_text(kAboutBound);
  ImGui::PopTextWrapPos();
}

}  // namespace

void draw_bound(View& view, ImVec2 size) {
  begin_card("bound", size);
  panel_title("The bound, step by step");
  ImGui::SameLine(ImGui::GetContentRegionMax().x - px(64));
  if (ImGui::Button("Close", {px(64), 0})) view.show_bound = false;
  const BoundCurve* curve = curve_of(view);
  ImGui::TextUnformatted(curve ? say_bound(*curve).c_str() : waiting(view));
  if (curve) {
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float charts = std::max(room.y - px(kWords), px(120));
    draw_costs(view, *curve, {room.x, 0.45f * charts});
    ImGui::Spacing();
    draw_entropies(view, *curve, {room.x, 0.55f * charts});
    draw_words(view, *curve);
  }
  end_card();
}

}  // namespace undiffuse
