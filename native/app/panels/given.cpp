#include "native/app/panels/given.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/run/explain.h"
#include "core/run/given_image.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr float kGap = 20, kLargestPad = 330, kChoiceWidth = 330;
constexpr float kThinnest = 1, kThickest = 8;
constexpr ImU32 kHidden = IM_COL32(224, 108, 44, 190), kHiddenOdd = IM_COL32(224, 108, 44, 240);

std::string text_of(std::string_view words) { return std::string(words); }

void wrapped(std::string_view words, ImU32 color) {
  ImGui::PushFont(fonts().small);
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(words.data(), words.data() + words.size());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

bool toggle_button(const char* text, bool on) {
  if (on) ImGui::PushStyleColor(ImGuiCol_Button, theme().accent_soft);
  const bool pressed = ImGui::Button(text);
  if (on) ImGui::PopStyleColor();
  return pressed;
}

bool hides(BrushTool tool) { return tool == BrushTool::Hide || tool == BrushTool::Show; }

bool inpaints(const EvidenceTask& task) { return task.name == "inpaint"; }
bool denoises(const EvidenceTask& task) { return task.name == "denoise"; }

}  // namespace

std::string evidence_sentence(const Evidence& evidence) {
  const EvidenceWay* way = evidence_way(evidence.kind);
  if (way == nullptr) return "";
  const EvidenceTask& task = evidence_task(*way);
  std::string text = text_of(task.label) + ": " + text_of(way->label);
  if (task.amount.max == 0) return text;
  std::string label = text_of(task.amount.label);
  label[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(label[0])));
  return text + ", " + label + " " + format_value(amount_of(evidence), 2);
}

void GivenPanel::take_image(const Shape& shape, std::vector<float> image) {
  painted_ = PaintedImage::blank(shape);
  painted_.image = std::move(image);
  noisy_ = false;
  problem_.clear();
}

void GivenPanel::take_evidence(const Shape& shape, const Evidence& evidence) {
  const EvidenceWay* way = evidence_way(evidence.kind);
  if (way == nullptr) return;
  take_image(shape, evidence.image);
  if (!evidence.known.empty()) painted_.known = evidence.known;
  choose(evidence_task(*way));
  ways_[task_->name] = way;
  amount() = amount_of(evidence);
  noisy_ = denoises(*task_);
}

void GivenPanel::draw(View& view, ImVec2 size) {
  begin_card("given", size);
  if (!view.snapshot.run) return end_card();
  const Shape& shape = view.run().model.image;
  if (painted_.shape.image_size() == 0 || painted_.shape.height != shape.height ||
      painted_.shape.width != shape.width || painted_.shape.channels != shape.channels) {
    painted_ = PaintedImage::blank(shape);
  }
  panel_title("Given image");
  ImGui::SameLine(0, px(12));
  muted_text(
      "Draw an image, or drop a PNG here: the run fills in what is missing of it, or takes noise away.");
  ImGui::SameLine(size.x - px(86));
  ImGui::PushFont(fonts().small);
  if (ImGui::Button("Close", {px(64), 0})) view.show_given = false;
  ImGui::PopFont();
  ImGui::Spacing();
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float side = std::min({room.y - px(96), px(kLargestPad), 0.45f * room.x});
  ImGui::BeginGroup();
  draw_pad(view, side);
  draw_tools(side);
  ImGui::EndGroup();
  ImGui::SameLine(0, px(kGap));
  ImGui::BeginGroup();
  draw_sources(view);
  draw_tasks(view);
  draw_ways(view);
  draw_run(view);
  ImGui::EndGroup();
  end_card();
}

// --- The image ---

void GivenPanel::draw_pad(View& view, float side) {
  texture_.show(painted_.shape, painted_.image, Colormap::Grey, kGivenRange);
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton("pad", {side, side});
  ImGui::GetWindowDrawList()->AddImage(texture_.id(), corner, {corner.x + side, corner.y + side});
  if (inpaints(*task_)) draw_mask(corner, side);
  ImGui::GetWindowDrawList()->AddRect(corner, {corner.x + side, corner.y + side}, theme().line);
  paint(view, corner, side);
}

void GivenPanel::paint(View& view, ImVec2 corner, float side) {
  if (ImGui::IsItemActivated()) stroke_.emplace(painted_, tool_, brush_);
  if (!stroke_) return;
  if (ImGui::IsItemActive()) {
    const float pixel = side / static_cast<float>(std::max(painted_.shape.width, painted_.shape.height));
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    stroke_->to(painted_, std::max((mouse.x - corner.x) / pixel, 0.0f),
                std::max((mouse.y - corner.y) / pixel, 0.0f));
  } else {
    stroke_.reset();
    changed(view);
  }
}

// Each second pixel has more of the colour, so that hidden ones are seen without colour, too.
void GivenPanel::draw_mask(ImVec2 corner, float side) const {
  const Shape& shape = painted_.shape;
  const float pixel = side / static_cast<float>(std::max(shape.width, shape.height));
  for (int i = 0; i < shape.pixels(); ++i) {
    if (painted_.known[static_cast<size_t>(i * shape.channels)] > 0.5f) continue;
    const int row = i / shape.width, column = i % shape.width;
    const ImVec2 min(corner.x + static_cast<float>(column) * pixel,
                     corner.y + static_cast<float>(row) * pixel);
    ImGui::GetWindowDrawList()->AddRectFilled(min, {min.x + pixel, min.y + pixel},
                                              (row + column) % 2 == 0 ? kHidden : kHiddenOdd);
  }
}

void GivenPanel::draw_tools(float width) {
  const struct {
    const char* text;
    BrushTool tool;
  } tools[] = {{"Draw", BrushTool::Draw},
               {"Erase", BrushTool::Erase},
               {"Hide", BrushTool::Hide},
               {"Show again", BrushTool::Show}};
  for (const auto& each : tools) {
    if (hides(each.tool) && !inpaints(*task_)) continue;
    if (each.tool != BrushTool::Draw) ImGui::SameLine();
    if (toggle_button(each.text, tool_ == each.tool)) {
      if (hides(each.tool) != hides(tool_)) brush_ = hides(each.tool) ? 6.0f : 2.5f;
      tool_ = each.tool;
    }
  }
  ImGui::SetNextItemWidth(width);
  ImGui::SliderFloat("##brush", &brush_, kThinnest, kThickest, "Brush: %.1f pixels");
}

void GivenPanel::draw_sources(View& view) {
  if (ImGui::Button("Take the run's image") && view.has_run()) {
    const Field field = view.finished() ? Field::XPrev : Field::XT;
    const ModelInfo& model = view.run().model;
    std::vector<float> image(view.field(field).begin(), view.field(field).end());
    for (float& value : image) value = model.range.in({}, value);
    take_image(model.image, std::move(image));
    changed(view);
  }
  ImGui::SameLine();
  if (ImGui::Button("Invert")) {
    for (float& value : painted_.image) value = -value;
    changed(view);
  }
  ImGui::SameLine();
  if (ImGui::Button("Clear")) {
    painted_ = PaintedImage::blank(painted_.shape);
    tool_ = BrushTool::Draw;
    noisy_ = false;
    changed(view);
  }
}

// --- What is asked of it ---

void GivenPanel::choose(const EvidenceTask& task) {
  task_ = &task;
  if (!inpaints(task) && hides(tool_)) {
    tool_ = BrushTool::Draw;
    brush_ = 2.5f;
  }
}

void GivenPanel::draw_tasks(View& view) {
  ImGui::Spacing();
  for (const EvidenceTask& task : evidence_tasks()) {
    if (ImGui::RadioButton(text_of(task.label).c_str(), task_ == &task)) {
      choose(task);
      changed(view);
    }
  }
  wrapped(task_->help, theme().muted);
  if (inpaints(*task_)) draw_parts(view);
  if (task_->amount.max > 0) draw_amount(view);
}

void GivenPanel::draw_parts(View& view) {
  ImGui::AlignTextToFramePadding();
  muted_text("Hide at once");
  for (const ImagePart& part : image_parts()) {
    ImGui::SameLine();
    if (!ImGui::Button(text_of(part.name).c_str())) continue;
    painted_.known = known_without(part, painted_.shape);
    changed(view);
  }
}

double& GivenPanel::amount() { return amounts_.try_emplace(task_->name, task_->amount.usual).first->second; }

void GivenPanel::draw_amount(View& view) {
  const EvidenceAmount& row = task_->amount;
  auto value = static_cast<float>(amount());
  const std::string format = text_of(row.label) + ": %.2f";
  ImGui::SetNextItemWidth(px(kChoiceWidth));
  ImGui::SliderFloat("##amount", &value, static_cast<float>(row.min), static_cast<float>(row.max),
                     format.c_str(), row.log_scale ? ImGuiSliderFlags_Logarithmic : ImGuiSliderFlags_None);
  if (ImGui::IsItemHovered() && !ImGui::IsItemActive()) ImGui::SetTooltip("%s", text_of(row.help).c_str());
  amount() = std::clamp(static_cast<double>(value), row.min, row.max);
  if (ImGui::IsItemDeactivatedAfterEdit()) changed(view);
  if (denoises(*task_) && ImGui::Checkbox("the image has this noise already: add none", &noisy_))
    changed(view);
}

const EvidenceWay& GivenPanel::way() const {
  const auto chosen = ways_.find(task_->name);
  if (chosen != ways_.end()) return *chosen->second;
  const auto all = evidence_ways();
  return *std::find_if(all.begin(), all.end(),
                       [this](const EvidenceWay& each) { return each.task == task_->name; });
}

void GivenPanel::draw_ways(View& view) {
  ImGui::Spacing();
  ImGui::SetNextItemWidth(px(kChoiceWidth));
  if (ImGui::BeginCombo("##way", text_of(way().label).c_str())) {
    for (const EvidenceWay& each : evidence_ways()) {
      if (each.task != task_->name) continue;
      if (!ImGui::Selectable(text_of(each.label).c_str(), &each == &way())) continue;
      ways_[task_->name] = &each;
      changed(view);
    }
    ImGui::EndCombo();
  }
  wrapped(way().help, theme().muted);
}

void GivenPanel::draw_run(View& view) {
  const bool on = view.run().evidence.kind != EvidenceKind::None;
  ImGui::Spacing();
  if (ImGui::Button(on ? "Run again with it" : "Run with this image")) give(view);
  ImGui::SameLine();
  ImGui::BeginDisabled(!on);
  if (ImGui::Button("No evidence")) view.give = Evidence{};
  ImGui::EndDisabled();
  wrapped(problem_, theme().now);
  wrapped("Class and guidance still steer: with class \"any\" and guidance 1 the image alone decides.",
          theme().muted);
}

// A run that has the image already follows each change; else it waits for the button.
void GivenPanel::changed(View& view) {
  problem_.clear();
  if (view.run().evidence.kind != EvidenceKind::None) give(view);
}

void GivenPanel::give(View& view) {
  problem_.clear();
  if (painted_.is_blank()) {
    problem_ = "The image is empty: draw something, or drop a PNG on the window.";
  } else if (inpaints(*task_) && !painted_.hides_something()) {
    problem_ = "All of the image is known: hide a part of it, by the brush or by a button.";
  } else {
    const bool adds_noise = denoises(*task_) && !noisy_;
    std::vector<float> image =
        adds_noise ? with_noise(painted_.image, amount(), view.settings.seed) : painted_.image;
    view.give = make_evidence(way().kind, painted_.shape, std::move(image), painted_.known, amount());
  }
}

}  // namespace undiffuse
