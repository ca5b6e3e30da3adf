#include "native/app/panels/heartbeat.h"

#include <algorithm>
#include <cmath>

#include "core/run/explain.h"
#include "native/app/plot.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr int kBlocks = 4;           // of sequences, side by side
constexpr int kGapCells = 2;         // behind each block, the first for the mark
constexpr double kPapersK = -2.414;  // 2015, table 1, T = 2000
constexpr float kWords = 20, kGap = 6;

ImU32 with_alpha(ImU32 color, float alpha) {
  const auto level = static_cast<ImU32>(std::lround(255 * std::clamp(alpha, 0.0f, 1.0f)));
  return (color & ~IM_COL32_A_MASK) | (level << IM_COL32_A_SHIFT);
}

void wrapped(const std::string& text) {
  ImGui::PushTextWrapPos(0);
  muted_text(text.c_str());
  ImGui::PopTextWrapPos();
}

std::string estimate(const Estimate& of) { return format_value(of.bits) + " ± " + format_value(of.error); }

}  // namespace

std::optional<int> HeartbeatPanel::draw(const ToyScene& scene, int position, const std::string& title,
                                        ImVec2 size) {
  const BitRun& run = *scene.bits;
  const int step = std::min(position, run.num_steps() - 1);
  const Bits valid = valid_sequences(data_, run.state(position));
  const Bits flips = flip_chance(run.state(step), run.chance(step));
  const float highest = std::max(flips.maxCoeff(), 1e-30f);
  begin_card("heartbeat", size);
  const float room = ImGui::GetContentRegionAvail().y, width = ImGui::GetContentRegionAvail().x;
  const ImVec2 raster_size{width, std::min((room - px(9 * kWords)) / 3, width * 16 / 88)};
  panel_title(title + " · " + std::to_string(std::lround(valid.sum())) + " of " +
              std::to_string(valid.cols()) + " are heartbeats");
  raster(run.state(position), valid, theme().ink, raster_size);
  wrapped(
      "A row is a sequence of 20 bits, dark where it is 1. The bar at its end is blue where it is one "
      "of the five heartbeats: a one at every fifth place. Click on a row to follow it below.");
  panel_title("The chance of each bit to flip in this step");
  // Shades grow with the square root, so that small chances still show.
  raster((flips / highest).sqrt(), valid_sequences(data_, run.state(step)), theme().now, raster_size);
  wrapped("From 0 (white) to " + format_value(static_cast<double>(highest)) +
          ", as the square root: the network gives f_b = p(x_s = 1 | x_t) for every bit.");
  const bool ends_well = valid_sequences(data_, run.state(run.num_steps()))(0, chosen_) > 0;
  panel_title("Sequence " + std::to_string(chosen_ + 1) + ", from noise to " +
              (ends_well ? "a heartbeat" : "what is none"));
  const auto wanted = history(run, position, {width, ImGui::GetContentRegionAvail().y - px(kWords + kGap)});
  wrapped("Its 20 bits from top to bottom, time from left to right. Click to go there.");
  end_card();
  return wanted;
}

void HeartbeatPanel::raster(const Bits& shades, const Bits& valid, ImU32 color, ImVec2 size) {
  const auto bits = static_cast<int>(shades.rows()), count = static_cast<int>(shades.cols());
  const int rows = (count + kBlocks - 1) / kBlocks, columns = kBlocks * (bits + kGapCells);
  const Plot plot(size, {0, static_cast<double>(columns)}, {static_cast<double>(rows), 0});
  if (ImGui::IsItemClicked()) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const int block = static_cast<int>(plot.x_of(mouse.x)) / (bits + kGapCells);
    const auto row = static_cast<int>((mouse.y - plot.min().y) / size.y * static_cast<float>(rows));
    chosen_ = std::clamp(block * rows + row, 0, count - 1);
  }
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const auto cell = [&](double column, int row, double wide, ImU32 of) {
    const ImVec2 min = plot.at(column, row), max = plot.at(column + wide, row + 1);
    list.AddRectFilled(min, {max.x - px(1), max.y - px(1)}, of);
  };
  for (int n = 0; n < count; ++n) {
    const int left = n / rows * (bits + kGapCells), row = n % rows;
    cell(left, row, bits, n == chosen_ ? theme().accent_soft : theme().page);
    for (int bit = 0; bit < bits; ++bit) {
      if (shades(bit, n) > 0) cell(left + bit, row, 1, with_alpha(color, shades(bit, n)));
    }
    cell(left + bits, row, 0.6, valid(0, n) > 0 ? theme().accent : theme().line);
  }
}

// Where states are more than pixels, each pixel has the nearest state.
std::optional<int> HeartbeatPanel::history(const BitRun& run, int position, ImVec2 size) const {
  const int last = run.num_steps();
  const Plot plot(size, {0, static_cast<double>(last)}, {20, 0});
  const bool pressed = ImGui::IsItemHovered() && ImGui::IsMouseDown(ImGuiMouseButton_Left);
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(plot.min(), plot.max(), theme().page);
  const int columns = std::min(last + 1, static_cast<int>(size.x));
  const float wide = size.x / static_cast<float>(columns);
  for (int column = 0; column < columns; ++column) {
    const auto state = static_cast<int>(std::lround(static_cast<double>(column) / (columns - 1) * last));
    const Bits& x = run.state(state);
    for (Eigen::Index bit = 0; bit < x.rows(); ++bit) {
      if (x(bit, chosen_) == 0) continue;
      const float left = plot.min().x + wide * static_cast<float>(column);
      const float top = plot.at(0, static_cast<double>(bit)).y,
                  end = plot.at(0, static_cast<double>(bit + 1)).y;
      list.AddRectFilled({left, top}, {left + wide, end - px(1)}, theme().ink);
    }
  }
  plot.vertical(position, theme().now, 2);
  if (!pressed) return std::nullopt;
  return std::clamp(static_cast<int>(std::lround(plot.x_of(ImGui::GetIO().MousePos.x))), 0, last);
}

void HeartbeatPanel::draw_bound(const ToyBoundOf* bound, int num_steps) const {
  panel_title("The bound K, bits a sequence");
  if (!bound || bound->steps != num_steps)
    return wrapped("Measuring K of " + std::to_string(num_steps) + " steps ...");
  const std::string steps = " of " + std::to_string(num_steps) + " steps";
  const auto row = [](const std::string& name, const std::string& value) {
    wrapped(name);
    ImGui::TextUnformatted(value.c_str());
  };
  row("the data, log₂ 1/5: no model is better", format_value(log_likelihood_bits(data_)));
  row("K*" + steps + ": the best that independent bits can do", estimate(bound->bound.best));
  row("K" + steps + ", this network", estimate(bound->bound.model));
  row("what the network falls short of K*", estimate(bound->bound.gap));
  row("the paper's K, 2000 steps", format_value(kPapersK));
  row("L_null: bits that know only their base rate", format_value(bound->bound.null));
  wrapped("Measured here, over fresh draws: ± is the standard error.");
}

}  // namespace undiffuse
