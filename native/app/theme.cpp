#include "native/app/theme.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <string>

namespace undiffuse {
namespace {

constexpr ImU32 rgb(unsigned hex) { return IM_COL32(hex >> 16, hex >> 8 & 255, hex & 255, 255); }

constexpr Theme kLight{.page = rgb(0xfbfaf7),
                       .card = rgb(0xffffff),
                       .line = rgb(0xe4e1d9),
                       .ink = rgb(0x1d1f23),
                       .muted = rgb(0x5f656e),
                       .faint = rgb(0xcfcac0),
                       .accent = rgb(0x2f5bd7),
                       .accent_soft = rgb(0xe3e9fa),
                       .on_accent = rgb(0xffffff),
                       .now = rgb(0xb8471a)};
constexpr Theme kDark{.page = rgb(0x15171b),
                      .card = rgb(0x1d2026),
                      .line = rgb(0x343941),
                      .ink = rgb(0xeceae4),
                      .muted = rgb(0xa4a9b3),
                      .faint = rgb(0x4b515c),
                      .accent = rgb(0x8aa9ff),
                      .accent_soft = rgb(0x2a3556),
                      .on_accent = rgb(0x14171d),
                      .now = rgb(0xf2925f)};

const Theme* current_theme = &kLight;
Fonts loaded_fonts;
float display_scale = 1;

// Where distributions keep DejaVu; UNDIFFUSE_FONTS names another folder.
std::string font_file(std::initializer_list<const char*> names) {
  const char* own = std::getenv("UNDIFFUSE_FONTS");
  const std::array<std::string, 5> folders = {own ? own : "", "/usr/share/fonts/truetype/dejavu",
                                              "/usr/share/fonts/dejavu-sans-fonts", "/usr/share/fonts/TTF",
                                              "/usr/local/share/fonts/dejavu"};
  for (const char* name : names) {
    for (const std::string& folder : folders) {
      std::error_code ignored;
      if (std::string path = folder + "/" + name; std::filesystem::exists(path, ignored)) return path;
    }
  }
  return "";
}

ImFont* load_font(std::initializer_list<const char*> names, float size) {
  // Latin, spacing accents, Greek, precomposed letters, dashes and quotes, sub- and superscripts, arrows,
  // mathematical operators.
  static constexpr ImWchar kRanges[] = {0x20,   0x17f,  0x2c6,  0x2dc,  0x300,  0x3ff,
                                        0x1fb0, 0x1fb1, 0x2010, 0x209f, 0x2190, 0x21ff,
                                        0x2200, 0x22ff, 0x25a0, 0x25ff, 0};
  const std::string path = font_file(names);
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  ImFont* font = path.empty() ? nullptr : atlas.AddFontFromFileTTF(path.c_str(), px(size), nullptr, kRanges);
  return font ? font : atlas.AddFontDefault();
}

ImVec4 color(ImU32 value) { return ImGui::ColorConvertU32ToFloat4(value); }

}  // namespace

const Theme& theme() { return *current_theme; }
const Fonts& fonts() { return loaded_fonts; }
float px(float length) { return length * display_scale; }

void use_theme(bool dark) {
  current_theme = dark ? &kDark : &kLight;
  const Theme& t = theme();
  dark ? ImGui::StyleColorsDark() : ImGui::StyleColorsLight();
  ImVec4* colors = ImGui::GetStyle().Colors;
  colors[ImGuiCol_WindowBg] = color(t.page);
  colors[ImGuiCol_ChildBg] = colors[ImGuiCol_PopupBg] = color(t.card);
  colors[ImGuiCol_Text] = color(t.ink);
  colors[ImGuiCol_TextDisabled] = color(t.muted);
  colors[ImGuiCol_Border] = colors[ImGuiCol_Separator] = color(t.line);
  colors[ImGuiCol_FrameBg] = color(t.page);
  colors[ImGuiCol_FrameBgHovered] = colors[ImGuiCol_FrameBgActive] = color(t.accent_soft);
  colors[ImGuiCol_Button] = color(t.card);
  colors[ImGuiCol_ButtonHovered] = colors[ImGuiCol_ButtonActive] = color(t.accent_soft);
  colors[ImGuiCol_Header] = colors[ImGuiCol_HeaderHovered] = colors[ImGuiCol_HeaderActive] =
      color(t.accent_soft);
  colors[ImGuiCol_ModalWindowDimBg] = ImVec4(0, 0, 0, 0.4f);
  colors[ImGuiCol_SliderGrab] = colors[ImGuiCol_SliderGrabActive] = colors[ImGuiCol_CheckMark] =
      color(t.accent);
}

void load_style(float scale) {
  display_scale = scale;
  loaded_fonts = {.text = load_font({"DejaVuSans.ttf"}, 14),
                  .small = load_font({"DejaVuSans.ttf"}, 12),
                  .bold = load_font({"DejaVuSans-Bold.ttf"}, 14),
                  .title = load_font({"DejaVuSans-Bold.ttf"}, 18),
                  .math = load_font({"DejaVuSerif-Italic.ttf", "DejaVuSerif.ttf"}, 17),
                  .math_small = load_font({"DejaVuSerif-Italic.ttf", "DejaVuSerif.ttf"}, 12)};
  ImGui::GetIO().FontDefault = loaded_fonts.text;
  ImGuiStyle& style = ImGui::GetStyle();
  style.WindowRounding = 0;
  style.ChildRounding = 10;
  style.FrameRounding = style.GrabRounding = style.PopupRounding = 6;
  style.FrameBorderSize = style.ChildBorderSize = 1;
  style.WindowPadding = ImVec2(14, 12);
  style.FramePadding = ImVec2(8, 5);
  style.ItemSpacing = ImVec2(8, 6);
  style.GrabMinSize = 14;
  style.ScaleAllSizes(scale);
  use_theme(false);
}

}  // namespace undiffuse
