#include "native/app/panels/said.h"

#include "core/run/explain.h"
#include "native/app/math_text.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

PixelValues values_of(const View& view) {
  return {.x_t = view.pixel(Field::XT),
          .raw = view.pixel(Field::MeanOutput),
          .log_var = view.pixel(Field::LogVar),
          .x0_hat = view.pixel(Field::X0Hat),
          .x0_var = view.pixel(Field::X0Var),
          .mu = view.pixel(Field::Mu),
          .sigma = view.pixel(Field::Sigma),
          .z = view.pixel(Field::Z),
          .x_prev = view.pixel(Field::XPrev)};
}

constexpr float kLineHeight = 22;

void line(const Explanation& said) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImVec2 at = ImGui::GetCursorScreenPos();
  const auto put = [&](const ImFont* font, const std::string& text, ImU32 color, float down) {
    list->AddText(font, font->FontSize, {at.x, at.y + px(down)}, color, text.c_str());
    at.x += font->CalcTextSizeA(font->FontSize, 1e9f, 0, text.c_str()).x + px(7);
  };
  at.x += draw_math(list, at, theme().ink, said.formula) + px(9);
  put(fonts().small, "= " + said.numbers + " =", theme().muted, 4);
  put(fonts().bold, format_value(said.result), theme().ink, 2.5f);
  ImGui::Dummy({1, px(kLineHeight)});
}

}  // namespace

void draw_said(const View& view, ImVec2 size) {
  begin_card("said", size);
  panel_title("What the network said, and what follows");
  if (view.has_run()) {
    const RunInfo& run = view.run();
    const ExplainContext context{run.table[static_cast<size_t>(view.now().step)], run.model.prediction,
                                 run.settings.variance, run.model.learned_variance, run.settings.clip};
    const PixelValues pixel = values_of(view);
    const std::string output = explain_output(context, pixel);
    math_text((run.calls_per_step > 1 ? "guided output  " : "output  ") + output, theme().ink);
    for (const Explanation& said : explain_pixel(context, pixel)) line(said);
  }
  end_card();
}

}  // namespace undiffuse
