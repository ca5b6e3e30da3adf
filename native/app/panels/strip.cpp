#include "native/app/panels/strip.h"

#include <algorithm>
#include <cmath>

#include "core/run/explain.h"
#include "native/app/plot.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr int kMostColumns = 16;
constexpr float kGap = 6, kChartHeight = 84;

struct CurveKind {
  Curve curve;
  const char* name;
  const char* title;
  Interval range;
};
// Cosine and constant rate end near beta = 1: the scale cuts them off, or the others would be flat.
constexpr CurveKind kKinds[] = {
    {Curve::AlphaBar, "signal left", "signal left, ᾱ", {0, 1}},
    {Curve::Beta, "noise added", "noise added in each training step, β", {0, 0.06}},
    {Curve::LogSnr, "log-SNR", "log of signal to noise, ln ᾱ/(1−ᾱ)", {-14, 12}},
};

const CurveKind& kind_of(Curve curve) { return kKinds[static_cast<size_t>(curve)]; }

float column_size(float width) {
  const float room = width - 2 * ImGui::GetStyle().WindowPadding.x;
  return std::min((room - px(kGap) * (kMostColumns - 1)) / kMostColumns, px(58));
}

using Points = std::vector<ImVec2>;

Points points_of(const Plot& plot, const ScheduleCurve& curve, Interval range) {
  Points line;
  for (size_t i = 0; i < curve.values.size(); ++i) {
    const double x = static_cast<double>(i) / static_cast<double>(curve.values.size() - 1);
    line.push_back(plot.at(x, std::clamp(curve.values[i], range.min, range.max)));
  }
  return line;
}

// Right below the curve, where the next one below is farthest; not where the title stands.
// `named` holds the places of the names so far, and takes this one.
void name_curve(const Plot& plot, const std::string& name, const std::vector<Points>& lines, size_t own,
                Points& named) {
  const ImFont* font = fonts().small;
  const ImVec2 size = font->CalcTextSizeA(font->FontSize, 1e9f, 0, name.c_str());
  const float width = plot.max().x - plot.min().x;
  const auto room = [&](const ImVec2& at, size_t i) {
    if (at.x < plot.min().x + width / 4 || at.x + size.x > plot.max().x) return 0.0f;
    for (const ImVec2& other : named) {
      if (std::abs(at.x - other.x) < px(140) && std::abs(at.y - other.y) < size.y) return 0.0f;
    }
    float least = std::min(plot.max().y - at.y, px(40));
    for (size_t other = 0; other < lines.size(); ++other) {
      const float below = lines[other][i].y - at.y;
      if (other != own && below > -px(10)) least = std::min(least, std::max(below, 0.0f));
    }
    return least;
  };
  size_t best = 0;
  for (size_t i = 0; i < lines[own].size(); ++i) {
    if (room(lines[own][i], i) > room(lines[own][best], best)) best = i;
  }
  const ImVec2 at = lines[own][best];
  if (room(at, best) < size.y + px(3)) return;  // a name in the thick of it says nothing
  named.push_back(at);
  plot.label({at.x + px(6), at.y + size.y / 2 + px(3)}, name.c_str(), theme().muted, 0);
}

void mark_position(const Plot& plot, const ScheduleCurve& curve, Interval range, double part) {
  const auto index = static_cast<size_t>(std::lround(part * static_cast<double>(curve.values.size() - 1)));
  const double value = std::clamp(curve.values[index], range.min, range.max);
  plot.vertical(part, theme().now);
  plot.dot(part, value, theme().now);
  const ImVec2 dot = plot.at(part, value);
  const bool room_left = dot.x - plot.min().x > px(60);
  plot.label({dot.x + (room_left ? -px(9) : px(9)), std::max(dot.y - px(9), plot.min().y + px(24))},
             format_value(curve.values[index]).c_str(), theme().now, room_left ? 1.0f : 0.0f);
}

void cell(const PictureTexture& texture, ImVec2 at, float side) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 end(at.x + side, at.y + side);
  if (texture.empty()) return list.AddRect(at, end, theme().line);
  list.AddImage(texture.id(), at, end);
}

}  // namespace

float StripPanel::height(float width) {
  return 2 * column_size(width) + px(kChartHeight + 62) + 2 * ImGui::GetStyle().WindowPadding.y;
}

void StripPanel::draw(View& view, float width) {
  begin_card("strip", {width, height(width)});
  panel_title("The way so far: now above, where the network thinks it is heading below");
  ImGui::SameLine(ImGui::GetContentRegionMax().x - px(228));
  if (ImGui::Button("The bound", {px(98), 0})) view.show_bound = true;
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("What each step costs, and how wide it is (B)");
  ImGui::SameLine(ImGui::GetContentRegionMax().x - px(120));
  ImGui::SetNextItemWidth(px(120));
  if (ImGui::BeginCombo("##curve", kind_of(view.curve).name)) {
    for (const CurveKind& kind : kKinds) {
      if (ImGui::Selectable(kind.name, kind.curve == view.curve)) view.curve = kind.curve;
    }
    ImGui::EndCombo();
  }
  columns(view, column_size(width));
  timeline(view, column_size(width));
  chart(view, column_size(width));
  end_card();
}

// Column i stands at i / (count - 1) of the way between the first and the last column's middle.
void StripPanel::columns(View& view, float side) {
  const auto& strip = view.snapshot.strip;
  while (columns_.size() < strip.size()) columns_.push_back(std::make_unique<Column>());
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const float room = ImGui::GetContentRegionAvail().x, gap = px(4);
  ImGui::Dummy({room, 2 * side + gap});
  const float pitch = strip.size() > 1 ? (room - side) / static_cast<float>(strip.size() - 1) : 0;
  size_t current = 0;
  const MapRange range = view.snapshot.run ? image_range(view.run().model.range) : MapRange();
  for (size_t i = 0; i < strip.size(); ++i) {
    Column& column = *columns_[i];
    if (strip[i]->above.empty()) {
      column.above.clear();
      column.below.clear();
    } else {
      column.above.show(view.run().model.image, strip[i]->above, Colormap::Grey, range);
      column.below.show(view.run().model.image, strip[i]->below, Colormap::Grey, range);
    }
    const float x = origin.x + static_cast<float>(i) * pitch;
    cell(column.above, {x, origin.y}, side);
    cell(column.below, {x, origin.y + side + gap}, side);
    if (strip[i]->position <= view.position) current = i;
  }
  const float x = origin.x + static_cast<float>(current) * pitch, margin = px(3);
  ImGui::GetWindowDrawList()->AddRect({x - margin, origin.y - margin},
                                      {x + side + margin, origin.y + 2 * side + gap + margin}, theme().now, 4,
                                      0, px(2));
}

void StripPanel::timeline(View& view, float column) {
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + column / 2 - ImGui::GetStyle().GrabMinSize / 2);
  ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - column / 2 + ImGui::GetStyle().GrabMinSize / 2);
  int position = view.position;
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {px(8), 0});
  if (ImGui::SliderInt("##timeline", &position, 0, view.num_steps(), "")) view.seek = position;
  ImGui::PopStyleVar();
  if (ImGui::IsItemHovered() && !ImGui::IsItemActive()) {
    ImGui::SetTooltip("Timeline: drag to any step of the run");
  }
}

void StripPanel::refresh_curves(const View& view) {
  const Settings& wanted = view.dragged ? *view.dragged : view.settings;
  if (!curves_.empty() && curves_of_ == wanted && curve_ == view.curve) return;
  if (!view.snapshot.run) return;
  curves_ = schedule_curves(wanted, view.run().model.trained, view.curve);
  for (const ScheduleCurve& each : schedule_curves(wanted, view.run().model.trained, Curve::AlphaBar)) {
    if (each.chosen) rising_ = each.values;
  }
  curves_of_ = wanted;
  curve_ = view.curve;
}

// Where on the chart's axis the run is: evidence may start the walk in the middle of the schedule.
double StripPanel::part_of(const View& view) const {
  if (!view.snapshot.run || view.run().evidence.kind == EvidenceKind::None || rising_.size() < 2) {
    return static_cast<double>(view.position) / view.num_steps();
  }
  const auto& table = view.run().table;
  const double alpha_bar =
      view.finished() ? table.back().alpha_bar_prev : table[static_cast<size_t>(view.position)].alpha_bar;
  const auto above = std::lower_bound(rising_.begin(), rising_.end(), alpha_bar);
  if (above == rising_.begin()) return 0;
  if (above == rising_.end()) return 1;
  const double low = *(above - 1), between = (alpha_bar - low) / (*above - low);
  return (static_cast<double>(above - rising_.begin() - 1) + between) /
         static_cast<double>(rising_.size() - 1);
}

void StripPanel::chart(View& view, float column) {
  refresh_curves(view);
  const CurveKind& kind = kind_of(view.curve);
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + column / 2);
  const ImVec2 size(ImGui::GetContentRegionAvail().x - column / 2, px(kChartHeight));
  const Plot plot(size, {0, 1}, kind.range);
  plot.floor(theme().line);
  std::vector<Points> lines;
  for (const ScheduleCurve& curve : curves_) lines.push_back(points_of(plot, curve, kind.range));
  for (size_t i = 0; i < curves_.size(); ++i) {
    if (!curves_[i].chosen) plot.line(lines[i], theme().faint, 1.5f);
  }
  plot.label({plot.min().x, plot.min().y + px(8)}, kind.title, theme().muted, 0);
  Points named;
  for (size_t i = 0; i < curves_.size(); ++i) {
    if (!curves_[i].chosen) name_curve(plot, curves_[i].name, lines, i, named);
  }
  for (size_t i = 0; i < curves_.size(); ++i) {
    if (!curves_[i].chosen) continue;
    plot.line(lines[i], theme().accent);
    mark_position(plot, curves_[i], kind.range, part_of(view));
  }
}

}  // namespace undiffuse
