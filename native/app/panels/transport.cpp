#include "native/app/panels/transport.h"

#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

void help(const char* text) {
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", text);
}

}  // namespace

void draw_transport(View& view, float width) {
  const float gap = px(6), unit = (width - 3 * gap) / 4.6f, tall = px(34);
  if (icon_button("##restart", Icon::Restart, {unit, tall}, false)) view.seek = 0;
  help("Restart: back to the noise (Home)");
  ImGui::SameLine(0, gap);
  if (icon_button("##back", Icon::Back, {unit, tall}, false)) view.seek = view.position - 1;
  help("Back one step (left arrow)");
  ImGui::SameLine(0, gap);
  if (icon_button("##play", view.playing ? Icon::Pause : Icon::Play, {1.6f * unit, tall}, true)) {
    view.toggle_play = true;
  }
  help(view.playing ? "Pause (space)" : "Play (space)");
  ImGui::SameLine(0, gap);
  if (icon_button("##step", Icon::Step, {unit, tall}, false)) view.seek = view.position + 1;
  help("One step (right arrow)");
}

}  // namespace undiffuse
