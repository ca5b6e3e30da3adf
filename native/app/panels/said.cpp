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

void line(const Explanation& said) {
  math_text(said.formula, theme().ink);
  ImGui::SameLine(0, px(8));
  ImGui::SetCursorPosY(ImGui::GetCursorPosY() + px(4));
  muted_text(("= " + said.numbers + " =").c_str());
  ImGui::SameLine(0, px(8));
  ImGui::SetCursorPosY(ImGui::GetCursorPosY() + px(2));
  panel_title(format_value(said.result));
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
    ImGui::TextUnformatted(run.calls_per_step > 1 ? "raw output, guided" : "raw output");
    ImGui::SameLine();
    ImGui::SetCursorPosY(ImGui::GetCursorPosY() - px(2));
    math_text(explain_output(context, pixel), theme().ink);
    for (const Explanation& said : explain_pixel(context, pixel)) line(said);
  }
  end_card();
}

}  // namespace undiffuse
