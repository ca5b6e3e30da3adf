#include "native/app/app.h"

#include <GLFW/glfw3.h>

#include <algorithm>
#include <filesystem>

#include "core/run/evidence_text.h"
#include "core/run/explain.h"
#include "core/run/given_image.h"
#include "native/app/panels/bound.h"
#include "native/app/panels/card.h"
#include "native/app/panels/overlays.h"
#include "native/app/panels/pixel.h"
#include "native/app/panels/said.h"
#include "native/app/panels/transport.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"
#include "native/files/files.h"
#include "native/files/image_file.h"

namespace undiffuse {
namespace {

constexpr double kForever = 3600;
constexpr double kFadeSeconds = 0.5,
                 kFrameSeconds = 1.0 / 60;  // ImGui dims what lies under an overlay slowly
constexpr float kLeftWidth = 244, kHeaderHeight = 40, kFootHeight = 22, kGap = 10;
constexpr float kPixelShare = 0.44f;  // of the bottom row; the formulas need more

}  // namespace

App::App(Window& window, const Preferences& preferences, const AppOptions& options)
    : window_(window),
      weights_folder_(options.weights_folder),
      runner_(options.threads, &Window::wake),
      toys_(options.weights_folder + "/toys", &Window::wake) {
  const ParsedSettings parsed =
      parse_settings(options.settings.empty() ? preferences.settings : options.settings);
  view_.settings = applied_ = parsed.settings;
  view_.dark = preferences.dark;
  view_.threads = options.threads;
  view_.save_folder = options.save_folder;
  view_.models = list_zoo(weights_folder_);
  use_theme(view_.dark);
  for (const std::string& note : parsed.notes) say(note);
  runner_.apply(applied_);
  open_model(applied_.model);
  if (!options.open.empty()) open_file(options.open);
}

Preferences App::preferences() const {
  Preferences preferences;
  preferences.settings = format_settings(applied_);
  preferences.dark = view_.dark;
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  preferences.width = static_cast<int>(size.x / window_.scale());
  preferences.height = static_cast<int>(size.y / window_.scale());
  return preferences;
}

double App::seconds_to_next_frame() const {
  if (overlay_since_ >= 0 && glfwGetTime() - overlay_since_ < kFadeSeconds) return kFrameSeconds;
  if (view_.show_toys) return toys_.seconds_to_next_frame();
  const bool waiting = view_.playing && shows(std::min(view_.position, view_.num_steps() - 1));
  return waiting ? std::max(due_ - glfwGetTime(), 0.0) : kForever;
}

void App::frame() {
  take_news();
  take_keys();
  for (const std::string& path : window_.take_dropped_files()) open_file(path);
  view_.show_toys ? toys_.update() : play();
  draw();
  act();
  window_.set_title("Undiffuse: " + (view_.show_toys ? toys_.title() : step_title(view_)));
}

// --- The runner ---

void App::take_news() {
  for (const std::string& note : runner_.take_notes()) say(note);
  const auto before = view_.snapshot.run;
  view_.snapshot = runner_.snapshot();
  if (view_.snapshot.run != before) begin_run();
}

// The same noise from the start; it plays on if it played, or had come to its end.
void App::begin_run() {
  const RunInfo& run = view_.run();
  const bool first = !due_;
  if (view_.settings == applied_) view_.settings = applied_ = run.settings;
  if (first) {
    view_.inspected.row = run.model.image.height / 2 - 2;
    view_.inspected.column = run.model.image.width / 2 + 1;
  }
  view_.inspected.row = std::min(view_.inspected.row, run.model.image.height - 1);
  view_.inspected.column = std::min(view_.inspected.column, run.model.image.width - 1);
  view_.inspected.plane = std::min(view_.inspected.plane, run.model.image.channels - 1);
  view_.sample = std::min(view_.sample, run.settings.images - 1);
  if (first || view_.block >= static_cast<int>(run.network.blocks.size())) {
    view_.block = NetworkPanel::first_block(run.network);
  }
  view_.position = 0;
  view_.playing = view_.playing || plays_next_run_;
  plays_next_run_ = false;
  show_given();
  due_ = glfwGetTime() + 1 / view_.settings.speed;
}

// Tells the runner what is on show.
void App::look() {
  runner_.look_at(std::min(view_.position, view_.num_steps() - 1), view_.sample,
                  view_.show_network ? std::optional(view_.block) : std::nullopt, view_.show_bound);
}

// Whether all that is shown is of this step.
bool App::shows(int step) const {
  if (!view_.has_run() || view_.now().step != step) return false;
  return !view_.show_network || (view_.snapshot.features && view_.snapshot.features->step == step);
}

void App::play() {
  if (!view_.snapshot.run) return;
  const int step = std::min(view_.position, view_.num_steps() - 1);
  look();
  const bool outdated = !view_.run().settings.same_picture(applied_);  // the run to come is on its way
  if (!view_.playing || outdated || !shows(step)) return;
  if (view_.finished()) {
    view_.playing = false;
  } else if (const double now = glfwGetTime(); now >= due_) {
    // After a wait for the model the pace starts anew: no burst of steps to catch up.
    due_ = std::max(due_ + 1 / view_.settings.speed, now);
    seek(view_.position + 1);
  }
}

void App::seek(int position) {
  view_.position = std::clamp(position, 0, view_.num_steps());
  look();
}

// --- What a person did ---

void App::act() {
  if (view_.seek) {
    view_.playing = view_.playing && *view_.seek == 0;  // a restart plays on
    seek(*view_.seek);
  }
  if (view_.toggle_play) {
    if (!view_.playing && view_.finished()) seek(0);
    view_.playing = !view_.playing;
    due_ = glfwGetTime() + 1 / view_.settings.speed;
  }
  if (view_.show_card && view_.card.empty()) show_card();
  const bool overlay = view_.has_overlay();
  if (overlay != (overlay_since_ >= 0)) overlay_since_ = overlay ? glfwGetTime() : -1;
  if (view_.save) save(*view_.save);
  if (view_.give) {
    plays_next_run_ = view_.playing || view_.finished();  // as with other settings
    runner_.give(std::move(*view_.give));
    view_.give.reset();
  }
  view_.seek.reset();
  view_.save.reset();
  view_.toggle_play = false;
  if (view_.settings == applied_) return;
  const bool other_model = view_.settings.model != applied_.model;
  const bool other_picture = !view_.settings.same_picture(applied_);
  view_.playing = view_.playing || (other_picture && view_.finished());
  applied_ = view_.settings;
  if (other_picture || other_model) runner_.apply(applied_);
  if (other_model) open_model(applied_.model);
}

void App::take_keys() {
  for (const KeyPress& press : window_.take_keys()) {
    if (overlay_key(press) || ImGui::GetIO().WantTextInput) continue;
    if (press.key == GLFW_KEY_T) view_.show_toys = !view_.show_toys;
    view_.show_toys ? toys_key(press) : key(press);
  }
}

// While an overlay is open the keys are its own.
bool App::overlay_key(const KeyPress& press) {
  if (!view_.has_overlay()) return false;
  if (view_.show_save && press.key >= GLFW_KEY_1 && press.key <= GLFW_KEY_3) {
    constexpr Keepsake kChoices[] = {Keepsake::Frame, Keepsake::Strip, Keepsake::Sheet};
    view_.save = kChoices[press.key - GLFW_KEY_1];
  }
  if (press.key == GLFW_KEY_ESCAPE || press.character == '?') view_.close_overlays();
  return true;
}

void App::key(const KeyPress& press) {
  const size_t model = static_cast<size_t>(std::max(press.key - GLFW_KEY_1, 0));
  if (press.key >= GLFW_KEY_1 && press.key <= GLFW_KEY_9 && model < view_.models.size()) {
    view_.choose_model(view_.models[model].name);
  }
  if (press.key == GLFW_KEY_SPACE) view_.toggle_play = true;
  if (press.key == GLFW_KEY_RIGHT) view_.seek = view_.position + 1;
  if (press.key == GLFW_KEY_LEFT) view_.seek = view_.position - 1;
  if (press.key == GLFW_KEY_HOME) view_.seek = 0;
  if (press.key == GLFW_KEY_S) view_.show_save = true;
  if (press.key == GLFW_KEY_N) view_.toggle_network();
  if (press.key == GLFW_KEY_G) view_.toggle_given();
  if (press.key == GLFW_KEY_B) view_.toggle_bound();
  if (press.key == GLFW_KEY_ESCAPE) view_.show_given = view_.show_bound = false;
  if (view_.show_network) network_key(press);
  if (press.character == '?') view_.show_help = true;
}

// While the toys are shown the keys are theirs.
void App::toys_key(const KeyPress& press) {
  if (press.key == GLFW_KEY_ESCAPE) view_.show_toys = false;
  if (press.character == '?') view_.show_help = true;
  toys_.key(press);
}

void App::network_key(const KeyPress& press) {
  const int last = view_.snapshot.run ? static_cast<int>(view_.run().network.blocks.size()) - 1 : 0;
  if (press.key == GLFW_KEY_ESCAPE) view_.show_network = false;
  if (press.key == GLFW_KEY_DOWN) view_.block = std::min(view_.block + 1, last);
  if (press.key == GLFW_KEY_UP) view_.block = std::max(view_.block - 1, 0);
}

void App::open_model(const std::string& name) {
  const auto file = read_file(weights_folder_ + "/" + name + ".safetensors");
  if (!file) return say(file.error().message);
  runner_.open(*file, name);
}

// A saved picture gives its settings back; everything else is taken for a weights file.
void App::open_file(const std::string& path) {
  auto file = read_file(path);
  if (!file) return say(file.error().message);
  const std::string name = std::filesystem::path(path).filename().string();
  if (std::filesystem::path(path).extension() == ".png") return open_picture(name, *file);
  runner_.open(std::move(*file), name);
}

// One that Undiffuse saved brings its settings and its evidence back; any other is the given image.
void App::open_picture(const std::string& name, std::span<const std::byte> file) {
  const auto settings = settings_of_png(file);
  if (!settings && give_picture(file)) return;
  if (!settings) return say(name + ": " + settings.error().message);
  const auto text = evidence_of_png(file);
  auto evidence = text ? parse_evidence(*text) : Result<Evidence>(text.error());
  if (!evidence) return say(name + ": " + evidence.error().message);
  const ParsedSettings parsed = parse_settings(*settings);
  view_.settings = parsed.settings;
  say("The settings of " + name + " are back.");
  for (const std::string& note : parsed.notes) say(note);
  show_evidence_ = true;
  view_.give = std::move(*evidence);
}

bool App::give_picture(std::span<const std::byte> file) {
  auto picture = parse_picture(file);
  if (!picture) return false;
  picture_ = std::move(*picture);
  if (view_.snapshot.run) show_given();
  return true;
}

// What came as a file, in the given image's panel.
void App::show_given() {
  const Shape& shape = view_.run().model.image;
  if (show_evidence_ && view_.run().evidence.kind != EvidenceKind::None) {
    given_.take_evidence(shape, view_.run().evidence);
    show_evidence_ = false;
  }
  if (!picture_) return;
  given_.take_image(shape, fit_picture(*picture_, shape));
  picture_.reset();
  if (!view_.show_given) view_.toggle_given();
}

void App::show_card() {
  const ZooModel* model = view_.model();
  const auto card =
      model ? read_card(weights_folder_, *model) : Result<std::string>(Error{"This model has no card here."});
  view_.show_card = bool{card};
  if (card)
    view_.card = *card;
  else
    say(card.error().message);
}

void App::save(Keepsake what) {
  view_.show_save = false;
  const char* kind = what == Keepsake::Frame ? "frame" : what == Keepsake::Strip ? "strip" : "sheet";
  const std::string stem = view_.save_folder + "/undiffuse-" + kind;
  std::string path = stem + ".png";
  std::error_code ignored;
  for (int i = 2; std::filesystem::exists(path, ignored); ++i) path = stem + "-" + std::to_string(i) + ".png";
  runner_.save(what, view_.position, view_.sample, path);
}

void App::say(const std::string& sentence) { view_.message = sentence; }

// --- Drawing ---

void App::draw() {
  window_.begin_frame();
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(size);
  constexpr ImGuiWindowFlags kFlags = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                                      ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoBackground;
  ImGui::GetBackgroundDrawList()->AddRectFilled({0, 0}, size, theme().page);
  ImGui::Begin("undiffuse", nullptr, kFlags);
  const ImVec2 padding = ImGui::GetStyle().WindowPadding;
  const float width = size.x - 2 * padding.x;
  const float height = size.y - 2 * padding.y - px(kHeaderHeight + kFootHeight);
  draw_header(width);
  if (view_.show_toys) {
    toys_.draw({width, height}, view_.dark);
  } else {
    draw_left({px(kLeftWidth), height});
    ImGui::SameLine(0, px(kGap));
    draw_right({width - px(kLeftWidth + kGap), height});
  }
  muted_text(view_.message.c_str());
  draw_help(view_);
  draw_save(view_);
  draw_card(view_);
  ImGui::End();
  window_.end_frame();
}

void App::draw_header(float width) {
  const float top = ImGui::GetCursorPosY();
  ImGui::PushFont(fonts().title);
  ImGui::TextUnformatted("Undiffuse");
  ImGui::PopFont();
  ImGui::SameLine(0, px(14));
  ImGui::SetCursorPosY(top + px(4));
  ImGui::PushStyleColor(ImGuiCol_Text, theme().muted);
  ImGui::TextUnformatted("noise becomes an image, one Gaussian at a time");
  ImGui::SameLine(0, px(14));
  ImGui::SetCursorPosY(top);
  draw_toys_button();
  const std::string threads = std::to_string(view_.threads) + (view_.threads == 1 ? " thread" : " threads");
  const std::string badge =
      "CPU, " + threads + " · " + format_value(view_.snapshot.milliseconds_per_step, 1) + " ms a step";
  ImGui::SameLine(width - px(334) - ImGui::CalcTextSize(badge.c_str()).x);
  ImGui::SetCursorPosY(top);
  ImGui::TextUnformatted(badge.c_str());
  ImGui::PopStyleColor();
  ImGui::SetCursorPosY(top);
  ImGui::SameLine(width - px(306));
  ImGui::SetCursorPosY(top);
  if (ImGui::Button("Give an image", {px(120), 0})) view_.toggle_given();
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("Draw or drop an image that the run is to complete (G)");
  ImGui::SameLine();
  ImGui::SetCursorPosY(top);
  if (ImGui::Button("Save", {px(64), 0})) view_.show_save = true;
  ImGui::SameLine();
  ImGui::SetCursorPosY(top);
  if (ImGui::Button(view_.dark ? "Light" : "Dark", {px(64), 0})) {
    view_.dark = !view_.dark;
    use_theme(view_.dark);
  }
  ImGui::SameLine();
  ImGui::SetCursorPosY(top);
  if (ImGui::Button("?", {px(34), 0})) view_.show_help = true;
  ImGui::SetCursorPosY(top + px(kHeaderHeight));
}

void App::draw_toys_button() {
  ImGui::PushStyleColor(ImGuiCol_Text, theme().ink);
  if (ImGui::Button(view_.show_toys ? "Images" : "Toys", {px(64), 0})) view_.show_toys = !view_.show_toys;
  ImGui::PopStyleColor();
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("Swiss roll and binary heartbeat, of the 2015 paper (T)");
}

void App::draw_left(ImVec2 size) {
  ImGui::BeginChild("left", size, true);
  const TransportPress press =
      draw_transport(view_.playing, view_.position, ImGui::GetContentRegionAvail().x);
  if (press.seek) view_.seek = press.seek;
  if (press.toggle_play) view_.toggle_play = true;
  ImGui::Spacing();
  ImGui::Spacing();
  controls_.draw(view_);
  ImGui::EndChild();
}

void App::draw_right(ImVec2 size) {
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(kGap), px(kGap)});
  ImGui::BeginGroup();
  equation_.draw(view_, size.x);
  const float below = size.y - EquationPanel::height(view_, size.x) - px(kGap);
  if (view_.show_network) {
    network_.draw(view_, {size.x, below});
  } else if (view_.show_given) {
    given_.draw(view_, {size.x, below});
  } else {
    draw_way_and_pixel({size.x, below});
  }
  ImGui::EndGroup();
  ImGui::PopStyleVar();
}

void App::draw_way_and_pixel(ImVec2 size) {
  if (view_.show_bound) return draw_bound(view_, size);
  strip_.draw(view_, size.x);
  const float room = size.x - px(kGap);
  const float height = std::max(size.y - StripPanel::height(size.x) - px(kGap), px(190));
  draw_pixel(view_, {kPixelShare * room, height});
  ImGui::SameLine();
  draw_said(view_, {(1 - kPixelShare) * room, height});
}

}  // namespace undiffuse
