#include "native/app/panels/said.h"

#include "core/run/explain.h"
#include "native/app/math_text.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

PixelValues values_of(const View& view) {
  PixelValues pixel{};
  for (int field = 0; field < kNumFields; ++field) {
    pixel[static_cast<size_t>(field)] = view.pixel(static_cast<Field>(field));
  }
  return pixel;
}

constexpr float kLineHeight = 22;

float width_of(const ImFont* font, const std::string& text) {
  return font->CalcTextSizeA(font->FontSize, 1e9f, 0, text.c_str()).x;
}

// The numbers give way where the panel is too narrow for them.
void line(const Explanation& said, float room) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImVec2 at = ImGui::GetCursorScreenPos();
  const float left = at.x;
  const auto put = [&](const ImFont* font, const std::string& text, ImU32 color, float down) {
    list->AddText(font, font->FontSize, {at.x, at.y + px(down)}, color, text.c_str());
    at.x += width_of(font, text) + px(7);
  };
  at.x += draw_math(list, at, theme().ink, said.formula) + px(9);
  const std::string result = format_value(said.result), numbers = "= " + said.numbers + " =";
  const float end = left + room - width_of(fonts().bold, result) - px(7);
  const bool fits = at.x + width_of(fonts().small, numbers) <= end;
  put(fonts().small, fits ? numbers : "= … =", theme().muted, 4);
  put(fonts().bold, result, theme().ink, 2.5f);
  ImGui::Dummy({1, px(kLineHeight)});
}

}  // namespace

void draw_said(const View& view, ImVec2 size) {
  begin_card("said", size);
  panel_title("What the network said, and what follows");
  if (view.has_run()) {
    const RunInfo& run = view.run();
    const ExplainContext context{run.model, run.settings, run.table[static_cast<size_t>(view.now().step)],
                                 run.evidence.kind != EvidenceKind::None};
    const PixelValues pixel = values_of(view);
    const std::string output = explain_output(context, pixel);
    math_text((run.guided ? "guided output  " : "output  ") + output, theme().ink);
    for (const Explanation& said : explain_pixel(context, pixel))
      line(said, ImGui::GetContentRegionAvail().x);
  }
  end_card();
}

}  // namespace undiffuse
