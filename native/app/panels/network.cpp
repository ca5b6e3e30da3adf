#include "native/app/panels/network.h"

#include <algorithm>
#include <cmath>

#include "core/network/temporal_basis.h"
#include "core/process/respacing.h"
#include "core/run/explain.h"
#include "native/app/math_text.h"
#include "native/app/network_drawing.h"
#include "native/app/plot.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr float kGraphShare = 0.52f, kLargeSide = 150, kGap = 16, kBasisHeight = 66,
                kNumbersHeight = 76;  // of what stands below the large map

// Channels in rows, as nearly square as can be.
struct Tiling {
  int columns = 1;
  float side = 1;

  Tiling(int count, ImVec2 size) {
    columns = static_cast<int>(std::ceil(std::sqrt(static_cast<float>(count) * size.x / size.y)));
    const int rows = (count + columns - 1) / columns;
    side = std::min(size.x / static_cast<float>(columns), size.y / static_cast<float>(rows));
  }
};

std::string joined(const std::vector<BlockOp>& ops) {
  std::string text;
  for (const BlockOp& op : ops) text += (text.empty() ? "" : " → ") + op.text;
  return text.empty() ? "What the network is given in this step." : text;
}

std::string sizes_of(const Block& block) {
  std::string text;
  for (const Shape& input : block.inputs) text += (text.empty() ? "" : " + ") + shape_text(input);
  text += (text.empty() ? "" : " → ") + shape_text(block.output);
  if (block.ops.empty()) return text;
  text += " · " + count_text(block.parameters) + " parameters";
  return block.flops > 0 ? text + " · " + format_value(block.flops / 1e6, 1) + " MFLOP" : text;
}

// Which of a step's network calls is shown, where there are more than one.
std::string call_of(const RunInfo& run, int step) {
  const bool two_looks = run.table[static_cast<size_t>(step)].second == SecondAnswer::AtEnd;
  if (run.guided && two_looks) return "Of this step's calls, the first that knows the class is shown.";
  if (run.guided) return "Guidance calls the network twice; shown is the call that knows the class.";
  return two_looks ? "This step calls the network twice; shown is the first call." : "";
}

// "z^μ, 3" as "μ 3", in the corner of its map.
void name_tile(ImDrawList& list, ImVec2 corner, std::string name) {
  if (name.starts_with("z^")) name.erase(0, 2);
  std::erase(name, ',');
  const ImFont* font = fonts().small;
  const ImVec2 size = font->CalcTextSizeA(font->FontSize, 1e9f, 0, name.c_str());
  const ImVec2 at(corner.x + px(4), corner.y + px(3));
  list.AddRectFilled({at.x - px(2), at.y}, {at.x + size.x + px(2), at.y + size.y},
                     IM_COL32(255, 255, 255, 190));
  list.AddText(font, font->FontSize, at, IM_COL32_BLACK, name.c_str());
}

void wrapped(const std::string& text, ImU32 color) {
  ImGui::PushFont(fonts().small);
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

}  // namespace

int NetworkPanel::first_block(const BlockGraph& network) {
  const auto& blocks = network.blocks;
  const auto last = std::find_if(blocks.rbegin(), blocks.rend(),
                                 [](const Block& block) { return block.inputs.size() > 1; });
  return last == blocks.rend() ? static_cast<int>(blocks.size()) / 2
                               : static_cast<int>(blocks.rend() - last) - 1;
}

void NetworkPanel::update(const BlockFeatures& features, const Shape& output) {
  const auto channels = static_cast<size_t>(output.channels);
  maps_.resize(channels);
  const Shape one{1, output.height, output.width, 1};
  for (size_t channel = 0; channel < channels; ++channel) {
    Map& map = maps_[channel];
    map.values.clear();
    for (size_t i = channel; i < features.values.size(); i += channels)
      map.values.push_back(features.values[i]);
    // A vector's numbers share one scale; a map has its own.
    map.scale = signed_range_of(output.pixels() == 1 ? features.values : map.values);
    map.texture->show(one, map.values, Colormap::Diverging, map.scale);
  }
}

void NetworkPanel::draw(View& view, ImVec2 size) {
  begin_card("network", size);
  if (!view.snapshot.run) return end_card();
  panel_title("Inside the network: " + count_text(view.run().network.parameters()) + " parameters");
  ImGui::SameLine(size.x - px(86));
  ImGui::PushFont(fonts().small);
  if (ImGui::Button("Close", {px(64), 0})) view.show_network = false;
  ImGui::PopFont();
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float graph = kGraphShare * room.x;
  draw_network(view, {graph, room.y});
  ImGui::SameLine(0, px(kGap));
  ImGui::BeginGroup();
  draw_features(view, {room.x - graph - px(kGap), room.y});
  ImGui::EndGroup();
  end_card();
}

void NetworkPanel::draw_features(const View& view, ImVec2 size) {
  const Block& block = view.run().network.blocks[static_cast<size_t>(view.block)];
  panel_title(block.title + "  " + block.name);
  muted_text(sizes_of(block).c_str());
  const auto& features = view.snapshot.features;
  if (features && features->block == view.block && features != shown_) {
    if (!shown_ || shown_->block != features->block) channel_ = 0;
    shown_ = features;
    update(*features, block.output);
  }
  const bool over_time = view.run().network.basis.bumps > 0;
  const float words = px(over_time ? 188 : 126), top = ImGui::GetCursorPosY();
  const float side = std::min(size.x - px(kLargeSide + kGap), size.y - top - words);
  if (shown_ && shown_->block == view.block) {
    draw_maps(block, {side, side});
    ImGui::SameLine(0, px(kGap));
    draw_large(view, px(kLargeSide));
  }
  ImGui::SetCursorPosY(top + std::max(side, px(kLargeSide + kNumbersHeight)) + px(8));
  if (over_time) draw_basis(view, {size.x, px(kBasisHeight)});
  draw_words(view, block);
}

// The bumps over t = 1..T as they run, from noise on the left; the step's t marked.
void NetworkPanel::draw_basis(const View& view, ImVec2 size) const {
  const RunInfo& run = view.run();
  const auto [bumps, num_steps] = run.network.basis;
  const double last = num_steps;
  muted_text("The bumps that the coefficients belong to, from noise on the left to the image");
  const Plot plot({size.x - px(12), size.y}, {-last, -1}, {0, 1.25});
  constexpr int kPoints = 181;
  std::vector<float> g(static_cast<size_t>(bumps));
  std::vector<std::vector<ImVec2>> curves(g.size());
  for (int i = 0; i < kPoints; ++i) {
    const double t = 1 + (last - 1) * i / (kPoints - 1);
    temporal_basis(t, num_steps, g);
    for (size_t j = 0; j < g.size(); ++j) curves[j].push_back(plot.at(-t, static_cast<double>(g[j])));
  }
  const size_t chosen = static_cast<size_t>(channel_) % g.size();
  const bool of_one = maps_.size() > 2 && view.block + 1 < static_cast<int>(run.network.blocks.size()) &&
                      !run.network.blocks[static_cast<size_t>(view.block)].channels.empty();
  plot.floor(theme().line);
  for (const auto& curve : curves) plot.line(curve, theme().faint, 1.5f);
  if (of_one) plot.line(curves[chosen], theme().accent, 2);
  if (!view.has_run()) return;
  const Stage& stage = run.table[static_cast<size_t>(view.now().step)];
  const double t = model_time(run.model.trained, stage.churn.alpha_bar);
  temporal_basis(t, num_steps, g);
  plot.vertical(-t, theme().now);
  for (size_t j = 0; j < g.size(); ++j) {
    if (g[j] > 0.01f) plot.dot(-t, static_cast<double>(g[j]), theme().now, 3);
  }
  const std::string text = "t = " + format_value(t, 0);
  plot.label({plot.at(-t, 0).x + px(6), plot.min().y + px(8)}, text.c_str(), theme().now,
             t < last / 8 ? 1.0f : 0.0f);
}

void NetworkPanel::draw_words(const View& view, const Block& block) {
  ImGui::BeginGroup();
  if (!block.note.empty()) wrapped(block.note, theme().ink);
  wrapped(joined(block.ops), theme().ink);
  wrapped(
      "A map for each channel, from its own −max (blue) over 0 (white) to +max (orange). Lines: whole to the "
      "next block, dashed past others, dotted for time and class.",
      theme().muted);
  if (view.has_run()) wrapped(call_of(view.run(), view.now().step), theme().muted);
  ImGui::EndGroup();
}

void NetworkPanel::draw_maps(const Block& block, ImVec2 size) {
  const auto count = static_cast<int>(maps_.size());
  const Tiling tiling(count, size);
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  ImGui::Dummy(size);
  if (ImGui::IsItemHovered()) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const int column = static_cast<int>((mouse.x - corner.x) / tiling.side);
    const int pointed = static_cast<int>((mouse.y - corner.y) / tiling.side) * tiling.columns + column;
    if (column < tiling.columns && pointed < count) channel_ = pointed;
  }
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const float gap = px(1.5f);
  for (int channel = 0; channel < count; ++channel) {
    const int row = channel / tiling.columns, column = channel % tiling.columns;
    const ImVec2 min(corner.x + static_cast<float>(column) * tiling.side,
                     corner.y + static_cast<float>(row) * tiling.side);
    const ImVec2 max(min.x + tiling.side, min.y + tiling.side);
    list.AddImage(maps_[static_cast<size_t>(channel)].texture->id(), {min.x + gap, min.y + gap},
                  {max.x - gap, max.y - gap});
    if (tiling.side > px(36) && !block.channels.empty()) {
      name_tile(list, min, block.channels[static_cast<size_t>(channel)]);
    }
    if (channel == channel_) list.AddRect(min, max, theme().now, 0, 0, px(2));
  }
}

void NetworkPanel::draw_large(const View& view, float side) {
  channel_ = std::min(channel_, static_cast<int>(maps_.size()) - 1);
  const Map& map = maps_[static_cast<size_t>(channel_)];
  ImGui::BeginGroup();
  ImGui::Image(map.texture->id(), {side, side});
  legend(Colormap::Diverging, map.scale, 2, side);
  const RunInfo& run = view.run();
  const auto& names = run.network.blocks[static_cast<size_t>(view.block)].channels;
  if (!names.empty()) math_text(names[static_cast<size_t>(channel_)], theme().ink);
  muted_text(("channel " + std::to_string(channel_ + 1) + " of " + std::to_string(maps_.size())).c_str());
  const MapRange range = range_of(map.values);
  const auto number = [](float value) { return format_value(static_cast<double>(value)); };
  const bool one = range.min == range.max;
  muted_text((number(range.min) + (one ? "" : " to " + number(range.max))).c_str());
  if (names.empty() && view.block + 1 == static_cast<int>(run.network.blocks.size())) {
    const bool mean = channel_ < run.model.image.channels;
    muted_text(mean ? "the network's mean output" : "r, for the variance");
  }
  ImGui::EndGroup();
}

}  // namespace undiffuse
