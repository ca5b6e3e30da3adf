#include "native/app/panels/toys.h"

#include <GLFW/glfw3.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "native/app/panels/transport.h"
#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr float kLeftWidth = 244, kGap = 10;
constexpr double kForever = 3600;
// Long runs are played several steps at a time.
constexpr double kRollStepsASecond = 8, kBeatStepsASecond = 25, kSecondsAtMost = 12;

struct RollModel {
  const char* file;
  const char* name;
};
constexpr RollModel kRollModels[] = {{"swiss-roll-perceptron", "Perceptron"},
                                     {"swiss-roll-radial-basis", "16 radial-basis units"},
                                     {"swiss-roll-learned-schedule", "Learned schedule"}};

const char* name_of(const std::string& file) {
  for (const RollModel& model : kRollModels) {
    if (file == model.file) return model.name;
  }
  return file.c_str();
}

bool slider(const char* id, int& value, int min, int max, ImGuiSliderFlags flags) {
  ImGui::SetNextItemWidth(-1);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {px(8), 0});
  const bool moved = ImGui::SliderInt(id, &value, min, max, "", flags);
  ImGui::PopStyleVar();
  return moved;
}

void label(const char* text, const std::string& value = "") {
  ImGui::Spacing();
  ImGui::PushStyleColor(ImGuiCol_Text, theme().muted);
  ImGui::TextUnformatted(text);
  ImGui::PopStyleColor();
  if (value.empty()) return;
  ImGui::PushFont(fonts().bold);
  ImGui::SameLine(ImGui::GetContentRegionMax().x - ImGui::CalcTextSize(value.c_str()).x);
  ImGui::TextUnformatted(value.c_str());
  ImGui::PopFont();
}

}  // namespace

ToysPanel::ToysPanel(const std::string& folder, std::function<void()> news)
    : runner_(folder, std::move(news)) {}

const ToyScene* ToysPanel::scene() const {
  const auto& scene = snapshot_.scene;
  return scene && scene->choice == toy().choice ? scene.get() : nullptr;
}

int ToysPanel::num_steps() const { return scene() ? scene()->num_steps() : toy().choice.steps; }

void ToysPanel::update() {
  runner_.look_at(toy().choice, {toy().position, swiss_roll_.chosen()});
  snapshot_ = runner_.snapshot();
  const double now = glfwGetTime(), rate = on_roll() ? kRollStepsASecond : kBeatStepsASecond;
  if (!scene() || !toy().playing || now < due_) return;
  due_ = std::max(due_ + 1 / rate, now);
  const int stride = static_cast<int>(std::ceil(num_steps() / (rate * kSecondsAtMost)));
  toy().playing = toy().position < num_steps();
  toy().position = std::min(toy().position + stride, num_steps());
  runner_.look_at(toy().choice, {toy().position, swiss_roll_.chosen()});
}

double ToysPanel::seconds_to_next_frame() const {
  return scene() && toy().playing ? std::max(due_ - glfwGetTime(), 0.0) : kForever;
}

std::string ToysPanel::title() const {
  const std::string name = on_roll() ? "Swiss roll: " : "Heartbeat: ";
  if (!scene()) return name + "loading";
  const std::string steps = std::to_string(num_steps());
  if (toy().position >= num_steps()) return name + "done, " + steps + " steps";
  const auto at = static_cast<size_t>(toy().position);
  return name + "step " + std::to_string(at + 1) + " of " + steps +
         " · t = " + std::to_string(scene()->times()[at]) + " → " + std::to_string(scene()->times()[at + 1]);
}

void ToysPanel::seek(int position) {
  toy().playing = false;
  toy().position = std::clamp(position, 0, num_steps());
}

void ToysPanel::toggle_play() {
  const bool again = !toy().playing && toy().position >= num_steps();
  if (again) toy().position = 0;
  toy().playing = !toy().playing;
  due_ = glfwGetTime();
}

void ToysPanel::key(const KeyPress& press) {
  if (press.key == GLFW_KEY_SPACE) toggle_play();
  if (press.key == GLFW_KEY_RIGHT) seek(toy().position + 1);
  if (press.key == GLFW_KEY_LEFT) seek(toy().position - 1);
  if (press.key == GLFW_KEY_HOME) seek(0);
}

void ToysPanel::draw(ImVec2 size, bool dark) {
  ImGui::BeginChild("toy controls", {px(kLeftWidth), size.y}, true);
  draw_controls(ImGui::GetContentRegionAvail().x);
  ImGui::EndChild();
  ImGui::SameLine(0, px(kGap));
  const ImVec2 room{size.x - px(kLeftWidth + kGap), size.y};
  if (const ToyScene* shown = scene()) {
    std::optional<int> wanted;
    if (on_roll())
      swiss_roll_.draw(*shown, snapshot_.look.get(), toy().position, title(), dark, room);
    else
      wanted = heartbeat_.draw(*shown, toy().position, title(), room);
    if (wanted) seek(*wanted);
  } else {
    begin_card("toy waits", room);
    muted_text(snapshot_.complaint.empty() ? "Making the run ..." : snapshot_.complaint.c_str());
    end_card();
  }
}

void ToysPanel::draw_controls(float width) {
  draw_tabs(width);
  ImGui::Spacing();
  const TransportPress press = draw_transport(toy().playing, toy().position, width);
  if (press.seek) seek(*press.seek);
  if (press.toggle_play) toggle_play();
  int position = toy().position;
  ImGui::Spacing();
  if (slider("##toy timeline", position, 0, num_steps(), ImGuiSliderFlags_None)) seek(position);
  const ToyChoice before = toy().choice;
  draw_steps();
  if (on_roll()) draw_model();
  label("Seed");
  const std::uint32_t one = 1;
  ImGui::SetNextItemWidth(-1);
  ImGui::InputScalar("##toy seed", ImGuiDataType_U32, &toy().choice.seed, &one);
  if (toy().choice != before) {
    toy().position = 0;
    toy().playing = true;
  }
  ImGui::Spacing();
  if (!on_roll()) heartbeat_.draw_bound(snapshot_.bound.get(), num_steps());
}

void ToysPanel::draw_tabs(float width) {
  const ImVec2 half{(width - px(6)) / 2, 0};
  const auto tab = [&](const char* name, bool roll) {
    const bool shown = roll_shown_ == roll;
    ImGui::PushStyleColor(ImGuiCol_Button, shown ? theme().accent : theme().card);
    ImGui::PushStyleColor(ImGuiCol_Text, shown ? theme().on_accent : theme().ink);
    const bool pressed = ImGui::Button(name, half);
    ImGui::PopStyleColor(2);
    if (pressed) roll_shown_ = roll;
  };
  tab("Swiss roll", true);
  ImGui::SameLine(0, px(6));
  tab("Heartbeat", false);
}

void ToysPanel::draw_steps() {
  const int all = on_roll() ? 40 : 2000;
  int steps = steps_draft_ > 0 ? steps_draft_ : toy().choice.steps;
  label("Steps", std::to_string(steps));
  slider("##toy steps", steps, 2, all, on_roll() ? ImGuiSliderFlags_None : ImGuiSliderFlags_Logarithmic);
  if (ImGui::IsItemActive()) {
    steps_draft_ = steps;
  } else if (steps_draft_ > 0) {
    toy().choice.steps = std::exchange(steps_draft_, 0);
  }
}

void ToysPanel::draw_model() {
  label("Model");
  ImGui::SetNextItemWidth(-1);
  if (!ImGui::BeginCombo("##toy model", name_of(toy().choice.model))) return;
  for (const RollModel& model : kRollModels) {
    if (ImGui::Selectable(model.name, toy().choice.model == model.file)) toy().choice.model = model.file;
  }
  ImGui::EndCombo();
}

}  // namespace undiffuse
