#include "native/app/panels/controls.h"

#include <cmath>
#include <cstdint>
#include <string>

#include "native/app/theme.h"
#include "native/app/widgets.h"

namespace undiffuse {
namespace {

constexpr double kMaxSliderRange = 1e6;  // beyond this an integer is typed, not dragged

std::string id_of(const Setting& row) { return "##" + std::string(row.name); }

void label(const Setting& row, const std::string& value) {
  ImGui::PushStyleColor(ImGuiCol_Text, theme().muted);
  ImGui::TextUnformatted(row.label.data(), row.label.data() + row.label.size());
  ImGui::PopStyleColor();
  if (!value.empty()) {
    ImGui::PushFont(fonts().bold);
    ImGui::SameLine(ImGui::GetContentRegionMax().x - ImGui::CalcTextSize(value.c_str()).x);
    ImGui::TextUnformatted(value.c_str());
    ImGui::PopFont();
  }
  ImGui::SetNextItemWidth(-1);
}

void help(const Setting& row) {
  if (!ImGui::IsItemHovered() || ImGui::IsItemActive()) return;
  ImGui::SetTooltip("%.*s", static_cast<int>(row.help.size()), row.help.data());
}

std::string option_label(const Setting& row, double value, const std::vector<std::string>& names) {
  for (const SettingOption& option : row.options) {
    if (option.number == value) return std::string(option.label);
  }
  const auto index = static_cast<size_t>(value);
  return index < names.size() ? names[index] : std::to_string(static_cast<int>(value));
}

double rounded(const Setting& row, double value) {
  return std::clamp(std::round(value / row.step) * row.step, row.min, row.max);
}

}  // namespace

void ControlsPanel::draw(View& view) {
  view.dragged.reset();
  const bool classes = !view.snapshot.run || view.run().model.num_classes() > 0;
  for (const Setting& row : settings_table()) {
    const bool about_classes = row.name == "class" || row.name == "guidance";
    if (is_in_use(row, view.settings) && (classes || !about_classes)) control(view, row);
  }
}

void ControlsPanel::control(View& view, const Setting& row) {
  switch (row.type) {
    case SettingType::Text:
      return model(view, row);
    case SettingType::Choice:
      return choice(view, row);
    case SettingType::Integer:
    case SettingType::Real:
      return row.max - row.min > kMaxSliderRange ? number(view, row) : slider(view, row);
    case SettingType::Switch: {
      bool on = row.get(view.settings) != 0;
      const std::string text = std::string(row.label) + id_of(row);
      if (ImGui::Checkbox(text.c_str(), &on)) row.set(view.settings, on ? 1 : 0);
      return help(row);
    }
  }
}

void ControlsPanel::model(View& view, const Setting& row) {
  label(row, "");
  const ZooModel* chosen = view.model();
  const std::string& title = chosen ? chosen->title : view.settings.model;
  if (ImGui::BeginCombo(id_of(row).c_str(), title.c_str())) {
    for (const ZooModel& model : view.models) {
      const std::string option = model.title + "##" + model.name;
      if (ImGui::Selectable(option.c_str(), &model == chosen)) view.choose_model(model.name);
      if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", model.facts().c_str());
    }
    ImGui::EndCombo();
  }
  help(row);
  if (!chosen) return;
  ImGui::PushTextWrapPos(0);
  muted_text(chosen->facts().c_str());
  ImGui::PopTextWrapPos();
  if (ImGui::SmallButton("Model card")) view.show_card = true;
  ImGui::Spacing();
}

void ControlsPanel::choice(View& view, const Setting& row) {
  const auto names = view.snapshot.run ? view.run().model.class_names : std::vector<std::string>();
  const double current = row.get(view.settings);
  const auto option = [&](double value) {
    if (ImGui::Selectable(option_label(row, value, names).c_str(), value == current)) {
      row.set(view.settings, value);
    }
  };
  label(row, "");
  if (ImGui::BeginCombo(id_of(row).c_str(), option_label(row, current, names).c_str())) {
    for (const SettingOption& each : row.options) option(each.number);
    if (row.max > row.min) {
      for (size_t i = 0; i < names.size(); ++i) option(static_cast<double>(i));
    }
    ImGui::EndCombo();
  }
  help(row);
}

void ControlsPanel::number(View& view, const Setting& row) {
  label(row, "");
  auto value = static_cast<std::uint32_t>(row.get(view.settings));
  const std::uint32_t one = 1;
  if (ImGui::InputScalar(id_of(row).c_str(), ImGuiDataType_U32, &value, &one)) row.set(view.settings, value);
  help(row);
}

void ControlsPanel::slider(View& view, const Setting& row) {
  const bool mine = draft_ && draft_->name == row.name;
  Settings shown = view.settings;
  if (mine) row.set(shown, rounded(row, static_cast<double>(draft_->value)));
  label(row, format_value(row, shown));
  float value = mine ? draft_->value : static_cast<float>(row.get(view.settings));
  const ImGuiSliderFlags flags = row.log_scale ? ImGuiSliderFlags_Logarithmic : ImGuiSliderFlags_None;
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {px(8), 0});
  ImGui::SliderFloat(id_of(row).c_str(), &value, static_cast<float>(row.min), static_cast<float>(row.max), "",
                     flags);
  ImGui::PopStyleVar();
  if (ImGui::IsItemActive()) {
    draft_ = Draft{row.name, value};
    view.dragged = shown;
  } else if (mine) {
    row.set(view.settings, rounded(row, static_cast<double>(draft_->value)));
    draft_.reset();
  }
  help(row);
}

}  // namespace undiffuse
