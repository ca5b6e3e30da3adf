#include "native/app/panels/network.h"

#include <algorithm>
#include <cmath>

#include "core/run/explain.h"
#include "native/app/network_drawing.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr float kGraphShare = 0.52f, kLargeSide = 150, kGap = 16;

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
  const float below = px(112), side = std::min(size.x - px(kLargeSide + kGap), size.y - px(44) - below);
  const bool there = shown_ && shown_->block == view.block;
  if (there) {
    draw_maps({side, side});
    ImGui::SameLine(0, px(kGap));
    draw_large(view, px(kLargeSide));
  } else {
    ImGui::Dummy({side, side});
  }
  ImGui::SetCursorPosY(ImGui::GetWindowHeight() - below);
  ImGui::BeginGroup();
  wrapped("A map for each channel, from its own −max (blue) over 0 (white) to +max (orange).", theme().muted);
  wrapped(joined(block.ops), theme().ink);
  if (view.has_run()) wrapped(call_of(view.run(), view.now().step), theme().muted);
  ImGui::EndGroup();
}

void NetworkPanel::draw_maps(ImVec2 size) {
  const auto count = static_cast<int>(maps_.size());
  const Tiling tiling(count, size);
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  ImGui::Dummy(size);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool pointing = ImGui::IsItemHovered();
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const float gap = px(1.5f);
  for (int channel = 0; channel < count; ++channel) {
    const ImVec2 min(corner.x + static_cast<float>(channel % tiling.columns) * tiling.side,
                     corner.y + static_cast<float>(channel / tiling.columns) * tiling.side);
    const ImVec2 max(min.x + tiling.side, min.y + tiling.side);
    list.AddImage(maps_[static_cast<size_t>(channel)].texture->id(), {min.x + gap, min.y + gap},
                  {max.x - gap, max.y - gap});
    if (pointing && mouse.x >= min.x && mouse.x < max.x && mouse.y >= min.y && mouse.y < max.y) {
      channel_ = channel;
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
  muted_text(("channel " + std::to_string(channel_ + 1) + " of " + std::to_string(maps_.size())).c_str());
  const MapRange range = range_of(map.values);
  const auto number = [](float value) { return format_value(static_cast<double>(value)); };
  const bool one = range.min == range.max;
  muted_text((number(range.min) + (one ? "" : " to " + number(range.max))).c_str());
  const RunInfo& run = view.run();
  if (view.block + 1 == static_cast<int>(run.network.blocks.size())) {
    const bool mean = channel_ < run.model.image.channels;
    muted_text(mean ? "the network's mean output" : "r, for the variance");
  }
  ImGui::EndGroup();
}

}  // namespace undiffuse
