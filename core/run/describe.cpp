#include "core/run/describe.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/network/temporal_basis.h"
#include "core/process/respacing.h"
#include "core/run/block_places.h"
#include "core/run/evidence_table.h"
#include "core/run/given_image.h"
#include "core/run/own_settings.h"

namespace undiffuse {
namespace {

using nlohmann::json;

const char* type_name(SettingType type) {
  switch (type) {
    case SettingType::Integer:
      return "integer";
    case SettingType::Real:
      return "real";
    case SettingType::Choice:
      return "choice";
    case SettingType::Switch:
      return "switch";
    case SettingType::Text:
      return "text";
  }
  return "text";
}

json value_json(const Setting& row, const Settings& settings) {
  const bool text = row.type == SettingType::Text || row.type == SettingType::Choice;
  return text ? json(format_value(row, settings)) : json(row.get(settings));
}

json row_json(const Setting& row) {
  json object = {{"name", row.name},
                 {"label", row.label},
                 {"help", row.help},
                 {"type", type_name(row.type)},
                 {"default", value_json(row, Settings{})}};
  if (row.max > row.min) object.update({{"min", row.min}, {"max", row.max}, {"step", row.step}});
  object["scale"] = row.log_scale ? "log" : "linear";
  for (const SettingOption& option : row.options) {
    object["options"].push_back({{"value", option.value}, {"label", option.label}});
  }
  if (!row.only_if_schedule.empty()) object["only_if"]["schedule"] = {row.only_if_schedule};
  if (!row.only_if_sampler.empty()) object["only_if"]["sampler"] = row.only_if_sampler;
  return object;
}

json model_json(const ModelInfo& model) {
  return {{"name", model.name},
          {"card", model.card},
          {"height", model.image.height},
          {"width", model.image.width},
          {"channels", model.image.channels},
          {"own_settings", own_settings(model)},
          {"range", {model.range.black, model.range.white}},
          {"classes", model.class_names},
          {"prediction", prediction_name(model.prediction)},
          {"predicts", predicts(model)},
          {"sigma_data", model.sigma_data},
          {"learned_variance", model.learned_variance},
          {"num_steps", model.trained.num_steps()}};
}

json curve_json(const Schedule& schedule, int points) {
  json alpha_bar = json::array(), beta = json::array(), log_snrs = json::array();
  const int num_steps = schedule.num_steps();
  for (int i = 0; i < points; ++i) {
    const int t = static_cast<int>(static_cast<long long>(num_steps) * (points - 1 - i) / (points - 1));
    const int noisy_t = std::max(t, 1);  // at t = 0 there is no beta and the log-SNR is infinite
    alpha_bar.push_back(schedule.alpha_bar[static_cast<size_t>(t)]);
    beta.push_back(schedule.beta(noisy_t));
    log_snrs.push_back(log_snr(schedule.alpha_bar[static_cast<size_t>(noisy_t)]));
  }
  return {{"alpha_bar", alpha_bar}, {"beta", beta}, {"log_snr", log_snrs}};
}

// Position i of S on the chart's axis is where step i starts: for Rho, too.
Schedule charted(const ScheduleSpec& spec, const Schedule& trained, int num_steps) {
  if (spec.family != ScheduleFamily::Rho) return make_schedule(spec, trained.num_steps());
  return make_rho_schedule(within_trained_levels(spec, trained), num_steps, trained.num_steps());
}

json time_json(int t) { return t == kNoTime ? json() : json(t); }

const char* second_name(SecondAnswer second) {
  switch (second) {
    case SecondAnswer::None:
      return "none";
    case SecondAnswer::Previous:
      return "previous";
    case SecondAnswer::AtEnd:
      return "at-end";
  }
  return "none";
}

// The network's own step from where it is asked, for equations in its own terms.
json own_step_json(const Stage& stage, const Schedule& trained) {
  const OwnStep own = own_step(trained, stage.churn.alpha_bar);
  return {{"beta", own.beta}, {"alpha_bar_prev", own.alpha_bar_prev}, {"first", own.first}};
}

json stage_json(const Stage& stage, const ModelInfo& model) {
  const bool own = model.prediction == Prediction::Transition;
  return {{"t_model", model_time(model.trained, stage.churn.alpha_bar)},
          {"own", own ? own_step_json(stage, model.trained) : json()},
          {"on_x0", stage.transition.on_x0},
          {"on_x", stage.transition.on_x},
          {"var_const", stage.transition.var_const},
          {"var_on_x0_var", stage.transition.var_on_x0_var},
          {"var_least", ReverseTransition::kLeastPart * stage.transition.var_const},
          {"draws", stage.draws},
          {"second", second_name(stage.on_second == 0 ? SecondAnswer::None : stage.second)},
          {"on_second", stage.on_second},
          {"churn", stage.churn.sigma},
          {"alpha_bar_hat", stage.churn.alpha_bar}};
}

json shape_json(const Shape& shape) { return {shape.height, shape.width, shape.channels}; }

const char* edge_name(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::Main:
      return "main";
    case EdgeKind::Skip:
      return "skip";
    case EdgeKind::Conditioning:
      return "conditioning";
  }
  return "main";
}

json block_json(const Block& block, const BlockPlace& place) {
  json inputs = json::array(), ops = json::array();
  for (const Shape& shape : block.inputs) inputs.push_back(shape_json(shape));
  for (const BlockOp& op : block.ops) {
    ops.push_back({{"text", op.text}, {"output", shape_json(op.output)}, {"parameters", op.parameters}});
  }
  return {{"name", block.name},
          {"title", block.title},
          {"note", block.note},
          {"channels", block.channels},
          {"inputs", inputs},
          {"output", shape_json(block.output)},
          {"ops", ops},
          {"parameters", block.parameters},
          {"flops", block.flops},
          {"row", place.row},
          {"column", place.column}};
}

// The bumps of a network that is read out at t, on evenly spaced times from 1 to T; null for others.
json basis_json(const TimeBasis& basis) {
  if (basis.bumps == 0) return {};
  constexpr int kPoints = 181;
  json curves = json::array();
  for (int j = 0; j < basis.bumps; ++j) curves.push_back(json::array());
  std::vector<float> g(static_cast<size_t>(basis.bumps));
  for (int i = 0; i < kPoints; ++i) {
    temporal_basis(1 + static_cast<double>(i) * (basis.num_steps - 1) / (kPoints - 1), basis.num_steps, g);
    for (size_t j = 0; j < g.size(); ++j) curves[j].push_back(g[j]);
  }
  return {{"num_steps", basis.num_steps}, {"curves", std::move(curves)}};
}

json network_json(const BlockGraph& graph) {
  const BlockPlaces places = place_blocks(graph);
  json blocks = json::array(), edges = json::array(), levels = json::array();
  for (size_t i = 0; i < graph.blocks.size(); ++i) {
    blocks.push_back(block_json(graph.blocks[i], places.places[i]));
  }
  for (const BlockEdge& edge : graph.edges) {
    edges.push_back({{"from", edge.from}, {"to", edge.to}, {"kind", edge_name(edge.kind)}});
  }
  for (const ResolutionLevel& level : places.levels) {
    levels.push_back({{"first_row", level.first_row},
                      {"last_row", level.last_row},
                      {"height", level.height},
                      {"width", level.width}});
  }
  return {{"parameters", graph.parameters()},
          {"basis", basis_json(graph.basis)},
          {"columns", places.columns},
          {"levels", levels},
          {"blocks", blocks},
          {"edges", edges}};
}

json amount_json(const EvidenceAmount& amount) {
  if (amount.max == 0) return {};
  return {{"label", amount.label},
          {"help", amount.help},
          {"min", amount.min},
          {"max", amount.max},
          {"step", amount.step},
          {"default", amount.usual},
          {"scale", amount.log_scale ? "log" : "linear"}};
}

json evidence_json(const Session& session) {
  const Evidence& evidence = session.evidence();
  const EvidenceWay* way = evidence_way(evidence.kind);
  if (way == nullptr) return {};
  const auto& table = session.table();
  const bool draws = std::any_of(table.begin(), table.end(), [](const Stage& stage) { return stage.draws; });
  return {{"way", way->name},
          {"amount", amount_of(evidence)},
          {"shown", shown_evidence(evidence)},
          {"note", evidence_note(evidence, draws)}};
}

const Setting& schedule_row() {
  const auto table = settings_table();
  return *std::find_if(table.begin(), table.end(), [](const Setting& row) { return row.name == "schedule"; });
}

}  // namespace

std::string predicts(const ModelInfo& model) {
  if (model.prediction == Prediction::Transition)
    return "coefficients over time, whose readout at t gives each pixel's mean and variance";
  if (model.learned_variance) {
    return std::string("the mean (through ") + prediction_name(model.prediction) +
           ") and the variance of the image";
  }
  switch (model.prediction) {
    case Prediction::V:
      return "v, a mix of noise and image";
    case Prediction::Eps:
      return "the noise";
    case Prediction::X0:
      return "the image";
    case Prediction::Edm:
      return "EDM's F, a mix of noise and image";
    case Prediction::Transition:
      break;
  }
  return "";
}

const char* prediction_name(Prediction prediction) {
  switch (prediction) {
    case Prediction::V:
      return "v";
    case Prediction::Eps:
      return "eps";
    case Prediction::X0:
      return "x0";
    case Prediction::Edm:
      return "edm";
    case Prediction::Transition:
      return "transition";
  }
  return "x0";
}

std::string describe_settings_table() {
  json rows = json::array();
  for (const Setting& row : settings_table()) rows.push_back(row_json(row));
  return rows.dump();
}

std::string describe_evidence_table() {
  json tasks = json::array(), ways = json::array(), parts = json::array();
  for (const EvidenceTask& task : evidence_tasks()) {
    tasks.push_back({{"name", task.name},
                     {"label", task.label},
                     {"help", task.help},
                     {"amount", amount_json(task.amount)}});
  }
  for (const EvidenceWay& way : evidence_ways()) {
    ways.push_back({{"name", way.name}, {"task", way.task}, {"label", way.label}, {"help", way.help}});
  }
  for (const ImagePart& part : image_parts()) {
    parts.push_back({{"name", part.name},
                     {"rows", {part.rows.from, part.rows.to}},
                     {"columns", {part.columns.from, part.columns.to}}});
  }
  return json({{"tasks", tasks}, {"ways", ways}, {"parts", parts}}).dump();
}

std::string describe_applied(const Settings& settings, const Applied& applied) {
  json values = json::object();
  for (const Setting& row : settings_table()) values[std::string(row.name)] = value_json(row, settings);
  return json({{"settings", format_settings(settings)},
               {"values", values},
               {"notes", applied.notes},
               {"restarted", applied.restarted}})
      .dump();
}

std::string describe_run(const Session& session) {
  json times = json::array(), alpha_bars = json::array(), transitions = json::array(), nfe = json::array();
  for (const Stage& stage : session.table()) {
    times.push_back(time_json(stage.t));
    alpha_bars.push_back(stage.alpha_bar);
    transitions.push_back(stage_json(stage, session.model()));
    nfe.push_back(session.nfe(static_cast<int>(nfe.size())));
  }
  times.push_back(time_json(session.table().back().t_prev));
  alpha_bars.push_back(session.table().back().alpha_bar_prev);
  return json({{"steps", session.num_steps()},
               {"t", times},
               {"alpha_bar", alpha_bars},
               {"transition", transitions},
               {"nfe", nfe},
               {"guided", session.guided()},
               {"images", session.settings().images},
               {"model", model_json(session.model())},
               {"network", network_json(session.blocks())},
               {"evidence", evidence_json(session)}})
      .dump();
}

std::string describe_schedules(const Settings& settings, const Schedule& trained, int points) {
  const int steps = std::min(settings.steps, trained.num_steps());
  json curves = json::object();
  for (const SettingOption& option : schedule_row().options) {
    ScheduleSpec spec = settings.schedule;
    spec.family = static_cast<ScheduleFamily>(static_cast<int>(option.number));
    curves[std::string(option.value)] = curve_json(charted(spec, trained, steps), std::max(points, 2));
  }
  json times = json::array(), alpha_bars = json::array();
  for (const TrajectoryPoint& point : make_trajectory(settings.schedule, trained, steps)) {
    times.push_back(time_json(point.t));
    alpha_bars.push_back(point.alpha_bar);
  }
  return json({{"current", format_value(schedule_row(), settings)},
               {"curves", curves},
               {"steps", steps},
               {"t", times},
               {"alpha_bar", alpha_bars}})
      .dump();
}

}  // namespace undiffuse
