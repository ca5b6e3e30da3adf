#include "native/app/panels/bound.h"

#include <algorithm>
#include <cmath>

#include "core/run/explain.h"
#include "native/app/plot.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr float kWords = 132;  // below the charts
constexpr const char* kCosts = "what each step costs, bits/dim (each line is ten times the one below)";
constexpr const char* kEntropies =
    "entropy of each step, bits/dim: H_q lies in the band; the model's mean, and 90 % of its pixels";

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

// The chart's last widget is the plot itself: a click on it goes to the step of that column.
void seek_on_click(View& view, const Plot& plot) {
  if (!ImGui::IsItemHovered()) return;
  ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  if (!ImGui::IsMouseClicked(ImGuiMouseButton_Left)) return;
  const auto step = static_cast<int>(std::floor(plot.x_of(ImGui::GetIO().MousePos.x)));
  view.seek = std::clamp(step, 0, view.num_steps() - 1);
}

void across(const Plot& plot, double y, const std::string& text) {
  const ImVec2 at = plot.at(0, y);
  ImGui::GetWindowDrawList()->AddLine(at, {plot.max().x, at.y}, theme().line, px(1));
  plot.label({at.x + px(4), at.y + px(8)}, text.c_str(), theme().muted, 0);
}

// Costs span three powers of ten and more: a logarithmic scale, in whole powers.
void draw_costs(View& view, const BoundCurve& curve, ImVec2 size) {
  std::vector<double> logs;
  for (const BoundTerm& term : curve.terms) logs.push_back(std::log10(std::max(term.cost, 1e-9)));
  double low = -3, high = 0;
  for (const double log : logs) {
    low = std::min(low, std::floor(log));
    high = std::max(high, std::ceil(log));
  }
  const size_t steps = curve.upper.size();
  const Plot plot(size, {0, static_cast<double>(steps)}, {low, high + 0.4});
  seek_on_click(view, plot);
  for (double power = low + 1; power <= high; ++power) {
    across(plot, power, format_value(std::pow(10, power), static_cast<int>(std::max(0.0, -power))));
  }
  for (size_t step = 0; step < logs.size(); ++step) {
    const bool now = static_cast<int>(step) == shown_step(view), last = step + 1 == steps;
    const ImVec2 top = plot.at(static_cast<double>(step), logs[step]);
    const float right = plot.at(static_cast<double>(step + 1), low).x;
    const float gap = right - top.x > px(4) ? px(1) : 0;
    ImGui::GetWindowDrawList()->AddRectFilled(top, {right - gap, plot.max().y},
                                              now    ? theme().now
                                              : last ? theme().muted
                                                     : theme().accent);
  }
  plot.floor(theme().line);
  plot.label({plot.min().x + px(4), plot.min().y + px(8)}, kCosts, theme().muted, 0);
}

using Points = std::vector<ImVec2>;

// One value for each step, in the middle of its column; what is -infinity lies on the floor.
template <class Value>
Points points_of(const Plot& plot, double floor, size_t count, Value value) {
  Points points;
  for (size_t step = 0; step < count; ++step) {
    points.push_back(plot.at(static_cast<double>(step) + 0.5, std::max(value(step), floor)));
  }
  return points;
}

void between(const Points& below, const Points& above, ImU32 color) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImDrawListFlags flags = list.Flags;
  list.Flags &= ~ImDrawListFlags_AntiAliasedFill;  // it would leave a seam between the pieces
  for (size_t i = 0; i + 1 < below.size(); ++i) {
    list.AddQuadFilled(above[i], above[i + 1], below[i + 1], below[i], color);
  }
  list.Flags = flags;
}

Interval range_of(const BoundCurve& curve) {
  Interval range{curve.upper.back(), curve.upper.front()};
  for (const double upper : curve.upper) range.max = std::max(range.max, upper);
  for (const double lower : curve.lower) {
    if (std::isfinite(lower)) range.min = std::min(range.min, lower);
  }
  for (const BoundTerm& term : curve.terms) {
    range = {std::min(range.min, term.entropy_low), std::max(range.max, term.entropy_high)};
  }
  return {range.min - 0.2, range.max + 0.2 * (range.max - range.min)};  // room for the title
}

void draw_entropies(View& view, const BoundCurve& curve, ImVec2 size) {
  const size_t steps = curve.upper.size(), there = curve.terms.size();
  const Interval range = range_of(curve);
  const Plot plot(size, {0, static_cast<double>(steps)}, range);
  seek_on_click(view, plot);
  const auto points = [&](size_t count, auto value) { return points_of(plot, range.min, count, value); };
  const Points lower = points(steps, [&](size_t i) { return curve.lower[i]; });
  const Points upper = points(steps, [&](size_t i) { return curve.upper[i]; });
  between(lower, upper, theme().faint);
  between(points(there, [&](size_t i) { return curve.terms[i].entropy_low; }),
          points(there, [&](size_t i) { return curve.terms[i].entropy_high; }), theme().accent_soft);
  plot.line(lower, theme().muted, 1);
  plot.line(upper, theme().muted, 1);
  plot.line(points(there, [&](size_t i) { return curve.terms[i].entropy; }), theme().accent);
  plot.vertical(shown_step(view) + 0.5, theme().now);
  plot.floor(theme().line);
  plot.label({plot.min().x + px(4), plot.min().y + px(8)}, kEntropies, theme().muted, 0);
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
