#include "native/app/panels/equation.h"

#include <algorithm>
#include <cmath>

#include "core/run/explain.h"
#include "native/app/math_text.h"
#include "native/app/panels/given.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr float kTermSize = 0.72f, kRawSize = 0.34f;  // of a state's side
constexpr float kOperator = 30, kCaption = 50, kLargestSide = 230;

// What can be seen of the network's answer.
struct Said {
  Field field;
  const char* name;
};
constexpr Said kSaid[] = {
    {Field::MeanOutput, "raw output"}, {Field::X0Hat, "image x̂₀"}, {Field::EpsHat, "noise ε̂"}};
constexpr float kSaidWidth = 78;

int grid_side(const View& view) {
  const int images = view.snapshot.run ? view.run().settings.images : 1;
  return images == 1 ? 0 : static_cast<int>(std::ceil(std::sqrt(static_cast<double>(images))));
}

float state_side(const View& view, float width) {
  const float sides = 2 + 3 * kTermSize + (grid_side(view) > 0 ? 1.1f : 0.0f);
  const float room = width - 2 * ImGui::GetStyle().WindowPadding.x - px(3 * kOperator + 24 + kSaidWidth);
  return std::clamp(std::floor(room / sides), px(84), px(kLargestSide));
}

void operator_sign(const char* sign, float height) {
  ImGui::SameLine(0, 0);
  ImFont* font = fonts().title;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = font->CalcTextSizeA(font->FontSize, 1e9f, 0, sign).x;
  ImGui::GetWindowDrawList()->AddText(
      font, font->FontSize, {at.x + (px(kOperator) - width) / 2, at.y + (height - font->FontSize) / 2},
      theme().muted, sign);
  ImGui::Dummy({px(kOperator), height});
  ImGui::SameLine(0, 0);
}

}  // namespace

float EquationPanel::height(const View& view, float width) {
  return state_side(view, width) + px(kCaption + 20) + 2 * ImGui::GetStyle().WindowPadding.y;
}

void EquationPanel::update(const View& view) {
  const Shape& image = view.run().model.image;
  const MapRange black_to_white = image_range(view.run().model.range);
  x_t_.range = mu_.range = next_.range = black_to_white;
  sigma_.range = range_of(view.field(Field::Sigma));
  const bool image_like = said_.field == Field::X0Hat;
  said_.map = image_like ? Colormap::Grey : Colormap::Diverging;
  said_.range = image_like ? black_to_white : signed_range_of(view.field(said_.field));
  said_.symbol = image_like                     ? "x̂_0"
                 : said_.field == Field::EpsHat ? "ε̂"
                                                : output_symbol(view.run().model.prediction);
  for (Term* term : {&x_t_, &said_, &mu_, &sigma_, &z_, &next_}) {
    term->texture.show(image, view.field(term->field), term->map, term->range);
  }
  const auto& batch = view.now().batch;
  while (batch_.size() < batch.size()) batch_.push_back(std::make_unique<PictureTexture>());
  for (size_t i = 0; i < batch.size(); ++i) {
    batch_[i]->show(image, batch[i], Colormap::Grey, black_to_white);
  }
}

void EquationPanel::term(View& view, Term& term, float side, float height) {
  ImGui::BeginGroup();
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  ImGui::Dummy({side, (height - side) / 2});
  picture(term.texture, side, view.snapshot.run ? view.run().model.image : Shape{}, view.inspected);
  ImGui::Dummy({side, (height - side) / 2 + px(6)});
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = draw_math(ImGui::GetWindowDrawList(), at, theme().ink, term.symbol);
  ImGui::GetWindowDrawList()->AddText(fonts().small, fonts().small->FontSize,
                                      {at.x + width + px(6), at.y + px(4)}, theme().muted, term.caption);
  ImGui::Dummy({side, px(22)});
  legend(view.snapshot.run ? map_of(view.run().model.image, term.map) : term.map, term.range, term.digits,
         side);
  ImGui::PopStyleVar();
  ImGui::EndGroup();
}

void EquationPanel::choose_said() {
  ImGui::PushFont(fonts().small);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {px(4), px(2)});
  ImGui::SetNextItemWidth(px(kSaidWidth));
  for (const Said& said : kSaid) {
    if (said.field != said_.field || !ImGui::BeginCombo("##said", said.name, ImGuiComboFlags_NoArrowButton)) {
      continue;
    }
    for (const Said& other : kSaid) {
      if (ImGui::Selectable(other.name, other.field == said_.field)) said_.field = other.field;
    }
    ImGui::EndCombo();
    break;
  }
  ImGui::PopStyleVar();
  ImGui::PopFont();
  if (ImGui::IsItemHovered())
    ImGui::SetTooltip("What the network said: as it came out, as an image, as noise");
}

void EquationPanel::open_network(View& view) {
  ImGui::PushFont(fonts().small);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {px(4), px(1)});
  if (ImGui::Button("network")) view.toggle_network();
  if (ImGui::IsItemHovered())
    ImGui::SetTooltip("Open the network: its blocks, and what each makes of this step (N)");
  ImGui::PopStyleVar();
  ImGui::PopFont();
  ImGui::SameLine(0, px(5));
  muted_text("→");
}

void EquationPanel::network(View& view, float side, float height) {
  const float small = side * kRawSize;
  ImGui::SameLine(0, px(12));
  ImGui::BeginGroup();
  ImGui::Dummy({px(kSaidWidth), (height - small) / 2 - px(24)});
  open_network(view);
  picture(said_.texture, small, view.snapshot.run ? view.run().model.image : Shape{}, view.inspected);
  choose_said();
  math_text(said_.symbol, theme().ink);
  ImGui::EndGroup();
  ImGui::SameLine(0, px(10));
}

void EquationPanel::grid(View& view, float side) {
  const int across = grid_side(view);
  const float gap = px(4), small = (side - gap * static_cast<float>(across - 1)) / static_cast<float>(across);
  ImGui::SameLine(0, px(22));
  ImGui::BeginGroup();
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {gap, gap});
  for (int i = 0; i < view.run().settings.images && i < static_cast<int>(batch_.size()); ++i) {
    if (i % across != 0) ImGui::SameLine();
    ImGui::Image(batch_[static_cast<size_t>(i)]->id(), {small, small});
    if (ImGui::IsItemClicked()) view.sample = i;
    if (i == view.sample) {
      ImGui::GetWindowDrawList()->AddRect(ImGui::GetItemRectMin(), ImGui::GetItemRectMax(), theme().now, 0, 0,
                                          px(2));
    }
  }
  ImGui::PopStyleVar();
  muted_text("all images: click to select");
  ImGui::EndGroup();
}

// What the run knows of the image, in the title's line: the picture hangs below it.
void EquationPanel::evidence(View& view) {
  const RunInfo& run = view.run();
  if (run.evidence.kind == EvidenceKind::None) return;
  evidence_.show(run.model.image, shown_evidence(run.evidence), Colormap::Grey, kGivenRange);
  ImGui::SameLine(0, px(18));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float side = px(44);
  ImGui::GetWindowDrawList()->AddImage(evidence_.id(), at, {at.x + side, at.y + side});
  ImGui::GetWindowDrawList()->AddRect(at, {at.x + side, at.y + side}, theme().line);
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + side + px(8));
  muted_text(evidence_sentence(run.evidence).c_str());
  if (ImGui::IsItemHovered() && !run.evidence_note.empty())
    ImGui::SetTooltip("%s", run.evidence_note.c_str());
  ImGui::SameLine(0, px(10));
  if (ImGui::SmallButton("No evidence")) view.give = Evidence{};
}

void EquationPanel::draw(View& view, float width) {
  if (view.has_run()) update(view);
  const float side = state_side(view, width), small = side * kTermSize;
  begin_card("equation", {width, height(view, width)});
  panel_title(step_title(view));
  if (view.has_run() && is_still(view.run().table[static_cast<size_t>(view.now().step)])) {
    ImGui::SameLine(0, px(14));
    muted_text("no fresh noise in this step: the next image is the mean");
  }
  if (view.snapshot.run) evidence(view);
  ImGui::Spacing();
  term(view, x_t_, side, side);
  network(view, side, side);
  term(view, mu_, small, side);
  operator_sign("+", side);
  term(view, sigma_, small, side);
  operator_sign("×", side);
  term(view, z_, small, side);
  operator_sign("=", side);
  term(view, next_, side, side);
  if (view.has_run() && grid_side(view) > 0) grid(view, side);
  end_card();
}

}  // namespace undiffuse
