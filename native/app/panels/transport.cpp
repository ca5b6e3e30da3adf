#include "native/app/panels/transport.h"

#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

void help(const char* text) {
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", text);
}

}  // namespace

TransportPress draw_transport(bool playing, int position, float width) {
  TransportPress press;
  const float gap = px(6), unit = (width - 3 * gap) / 4.6f, tall = px(34);
  if (icon_button("##restart", Icon::Restart, {unit, tall}, false)) press.seek = 0;
  help("Restart: back to the noise (Home)");
  ImGui::SameLine(0, gap);
  if (icon_button("##back", Icon::Back, {unit, tall}, false)) press.seek = position - 1;
  help("Back one step (left arrow)");
  ImGui::SameLine(0, gap);
  if (icon_button("##play", playing ? Icon::Pause : Icon::Play, {1.6f * unit, tall}, true)) {
    press.toggle_play = true;
  }
  help(playing ? "Pause (space)" : "Play (space)");
  ImGui::SameLine(0, gap);
  if (icon_button("##step", Icon::Step, {unit, tall}, false)) press.seek = position + 1;
  help("One step (right arrow)");
  return press;
}

}  // namespace undiffuse
