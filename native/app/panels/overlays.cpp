#include "native/app/panels/overlays.h"

#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr const char* kKeys[][2] = {
    {"space", "play or pause"},
    {"→  ←", "one step on, one step back"},
    {"Home", "restart from the noise"},
    {"1 ... 9", "choose a model"},
    {"N", "open the network; ↑ ↓ choose a block"},
    {"B", "open the bound, step by step"},
    {"T", "toys: Swiss roll and heartbeat"},
    {"G", "draw or drop an image to complete"},
    {"S", "save a picture with its settings inside"},
    {"?", "this help"},
    {"Ctrl+Q", "quit"},
    {"drop a .safetensors file", "open a model"},
    {"drop a .png file", "get its settings back, or give it"},
};

}  // namespace

bool begin_overlay(const char* name, bool& open, float width) {
  if (open && !ImGui::IsPopupOpen(name)) ImGui::OpenPopup(name);
  const ImVec2 middle(ImGui::GetIO().DisplaySize.x / 2, ImGui::GetIO().DisplaySize.y / 2);
  ImGui::SetNextWindowPos(middle, ImGuiCond_Always, {0.5f, 0.5f});
  ImGui::SetNextWindowSize({width, 0});
  constexpr ImGuiWindowFlags kFlags =
      ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoTitleBar;
  if (!ImGui::BeginPopupModal(name, nullptr, kFlags)) return false;
  if (!open) ImGui::CloseCurrentPopup();
  return true;
}

void draw_help(View& view) {
  if (!begin_overlay("help", view.show_help, px(520))) return;
  panel_title("Undiffuse: noise becomes an image, one Gaussian at a time");
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(
      "The network looks at the noisy image x_t and predicts, for every pixel, the mean mu and the deviation "
      "sigma of the next one. A draw from that Gaussian is the next image.");
  ImGui::PopTextWrapPos();
  ImGui::Spacing();
  if (ImGui::BeginTable("keys", 2)) {
    for (const auto& [key, meaning] : kKeys) {
      ImGui::TableNextColumn();
      panel_title(key);
      ImGui::TableNextColumn();
      ImGui::TextUnformatted(meaning);
    }
    ImGui::EndTable();
  }
  ImGui::Spacing();
  if (ImGui::Button("Close (Esc)")) view.show_help = false;
  ImGui::EndPopup();
}

void draw_save(View& view) {
  if (!begin_overlay("save", view.show_save, px(520))) return;
  panel_title("Save as PNG");
  ImGui::PushTextWrapPos(0);
  muted_text(("into " + view.save_folder).c_str());
  ImGui::TextUnformatted(
      "The settings are stored inside: drop the file on this window, or on the page, to get them back.");
  ImGui::PopTextWrapPos();
  ImGui::Spacing();
  const struct {
    const char* text;
    Keepsake what;
  } choices[] = {{"1   This frame", Keepsake::Frame},
                 {"2   The film strip", Keepsake::Strip},
                 {"3   All finished images", Keepsake::Sheet}};
  for (const auto& choice : choices) {
    if (ImGui::Button(choice.text, {-1, 0})) view.save = choice.what;
  }
  if (ImGui::Button("Cancel (Esc)", {-1, 0})) view.show_save = false;
  ImGui::EndPopup();
}

}  // namespace undiffuse
