// undiffuse toy: the Swiss roll and the heartbeat of the 2015 paper, whose exact answers are known.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/run/toys/toy_bound.h"
#include "core/run/toys/toy_data.h"
#include "core/run/toys/toy_run.h"
#include "native/files/files.h"
#include "native/tool/command.h"
#include "native/tool/interrupt.h"
#include "native/tool/npz.h"
#include "native/tool/options.h"

namespace undiffuse {
namespace {

constexpr int kMaxDraws = 100000, kMaxCount = 10000;

struct ToyOptions {
  std::string model, out;
  int steps = 0;  // 0: all of the model's
  int draws = 1000;
  int count = 1000;
  std::uint32_t seed = 1;
  bool json = false;
};

Result<ToyModel> open_toy(const ToyOptions& options) {
  const auto file = read_model(options.model, "/toys");
  if (!file) return file.error();
  Result<ToyModel> model = load_toy(*file);
  if (!model) return Error{options.model + ": " + model.error().message};
  const int all = model->schedule.num_steps();
  if (options.steps > all) return Error{"--steps: this model has " + std::to_string(all) + "."};
  return model;
}

int steps_of(const ToyOptions& options, const ToyModel& model) {
  return options.steps > 0 ? options.steps : model.schedule.num_steps();
}

// ---- bound

ToyBound measure(const ToyOptions& options, const ToyModel& model, const std::vector<int>& times) {
  if (model.kind == ToyKind::Plane) {
    return measure_points(swiss_roll(), model.schedule, times, &model, options.draws, options.seed);
  }
  const BitPatterns data = heartbeats();
  return measure_bits(data, model.base_rate, model.schedule, times, &model,
                      std::max(1, options.draws / data.count()), options.seed);
}

void print_bound(const ToyBound& bound, double data) {
  std::printf("%-12s %9s %9s\n", "bits", "", "+-");
  std::printf("%-12s %9.4f\n", "data", data);
  std::printf("%-12s %9.4f %9.4f\n", "K*", bound.best.bits, bound.best.error);
  std::printf("%-12s %9.4f %9.4f\n", "K", bound.model.bits, bound.model.error);
  std::printf("%-12s %9.4f %9.4f\n", "K* - K", bound.gap.bits, bound.gap.error);
  std::printf("%-12s %9.4f\n", "L_null", bound.null);
  std::printf("%-12s %9.4f %9.4f\n", "K - L_null", bound.model.bits - bound.null, bound.model.error);
}

nlohmann::ordered_json json_of(const Estimate& estimate) {
  return {{"bits", estimate.bits}, {"standard_error", estimate.error}};
}

void print_bound_json(const ToyOptions& options, const ToyModel& model, const std::vector<int>& times,
                      const ToyBound& bound, double data) {
  nlohmann::ordered_json json = {{"model", model.name},
                                 {"draws", options.draws},
                                 {"t", times},
                                 {"data", data},
                                 {"null", bound.null},
                                 {"best", json_of(bound.best)},
                                 {"bound", json_of(bound.model)},
                                 {"gap", json_of(bound.gap)},
                                 {"best_terms", bound.best_terms},
                                 {"gap_terms", bound.gap_terms}};
  if (model.kind == ToyKind::Plane) {
    for (const bool of_model : {true, false}) {
      json[of_model ? "true_kl" : "true_kl_best"] =
          true_kl_of_points(swiss_roll(), model.schedule, times, bound, of_model);
    }
  }
  std::printf("%s\n", json.dump().c_str());
}

Status toy_bound(const ToyOptions& options) {
  const Result<ToyModel> model = open_toy(options);
  if (!model) return model.error();
  if (model->kind == ToyKind::Sequence && model->size != heartbeats().size()) {
    return Error{options.model + ": its sequences are no heartbeats, whose likelihood is known here."};
  }
  const std::vector<int> times = toy_times(model->schedule.num_steps(), steps_of(options, *model));
  const ToyBound bound = measure(options, *model, times);
  const bool plane = model->kind == ToyKind::Plane;
  const double data = plane ? log_likelihood_bits(swiss_roll()) : log_likelihood_bits(heartbeats());
  if (options.json) print_bound_json(options, *model, times, bound, data);
  if (!options.json) print_bound(bound, data);
  return Ok{};
}

// ---- sample

// Arrays of [steps, samples, size] from runs of a few samples each.
class Recorder {
 public:
  void add(const std::string& name, size_t states, size_t samples, size_t size) {
    arrays_.push_back({name, "<f4", {states, samples, size}, {}});
    arrays_.back().values.resize(states * samples * size * sizeof(float));
  }
  template <class Values>
  void put(size_t array, size_t state, size_t first, const Values& values) {
    const NpyArray& shape = arrays_[array];
    const size_t at = (state * shape.shape[1] + first) * shape.shape[2] * sizeof(float);
    const auto bytes = std::as_bytes(std::span(values.data(), static_cast<size_t>(values.size())));
    std::copy(bytes.begin(), bytes.end(), arrays_[array].values.begin() + static_cast<std::ptrdiff_t>(at));
  }
  std::vector<NpyArray>& arrays() { return arrays_; }

 private:
  std::vector<NpyArray> arrays_;
};

Status write_run(const std::string& path, Recorder& recorder, const ToyModel& model,
                 const std::vector<int>& times) {
  std::vector<double> alpha_bar;
  for (const int t : times) alpha_bar.push_back(model.schedule.alpha_bar[static_cast<size_t>(t)]);
  const std::vector<std::int32_t> t(times.begin(), times.end());
  recorder.arrays().push_back({"t", "<i4", {t.size()}, bytes_of<std::int32_t>(t)});
  recorder.arrays().push_back({"alpha_bar", "<f8", {t.size()}, bytes_of<double>(alpha_bar)});
  return write_file(path, encode_npz(recorder.arrays()));
}

Status sample_points(const ToyOptions& options, const ToyModel& model) {
  PointRun run(model, steps_of(options, model), options.count, options.seed);
  while (run.work()) {
    if (interrupted()) return stopped();
  }
  const Mixture data = swiss_roll().noisy(1);
  double nats = 0;
  for (const auto& point : run.state(run.num_steps()).colwise()) {
    nats += data.log_density(point.cast<double>()) / options.count;
  }
  std::printf("mean log2 q(x_0) of %d samples: %.4f\n", options.count, nats / std::log(2.0));
  if (options.out.empty()) return Ok{};
  Recorder recorder;
  const auto steps = static_cast<size_t>(run.num_steps()), count = static_cast<size_t>(options.count);
  recorder.add("x", steps + 1, count, 2);
  recorder.add("mu", steps, count, 2);
  recorder.add("sigma", steps, count, 2);
  for (size_t i = 0; i <= steps; ++i) {
    recorder.put(0, i, 0, run.state(static_cast<int>(i)));
    if (i == steps) break;
    recorder.put(1, i, 0, run.step(static_cast<int>(i)).mu);
    recorder.put(2, i, 0, run.step(static_cast<int>(i)).sigma);
  }
  return write_run(options.out, recorder, model, run.times());
}

Status sample_bits(const ToyOptions& options, const ToyModel& model) {
  constexpr int kSamplesPerRun = 100;  // a run keeps all its states: 2,000 of them
  const BitPatterns data = heartbeats();
  const int steps = steps_of(options, model);
  Recorder recorder;
  if (!options.out.empty()) {
    const auto count = static_cast<size_t>(options.count), size = static_cast<size_t>(model.size);
    recorder.add("x", static_cast<size_t>(steps) + 1, count, size);
    recorder.add("chance", static_cast<size_t>(steps), count, size);
  }
  int valid = 0;
  for (int first = 0; first < options.count; first += kSamplesPerRun) {
    BitRun run(model, steps, std::min(kSamplesPerRun, options.count - first), options.seed,
               static_cast<std::uint32_t>(first));
    while (run.work()) {
      if (interrupted()) return stopped();
    }
    const Bits& x0 = run.state(steps);
    const bool known = data.size() == model.size;
    for (Eigen::Index n = 0; n < x0.cols() && known; ++n) valid += data.contains(x0.col(n)) ? 1 : 0;
    for (int i = 0; i <= steps && !options.out.empty(); ++i) {
      recorder.put(0, static_cast<size_t>(i), static_cast<size_t>(first), run.state(i));
      if (i < steps) recorder.put(1, static_cast<size_t>(i), static_cast<size_t>(first), run.chance(i));
    }
  }
  std::printf("%d of %d samples are heartbeats\n", valid, options.count);
  if (options.out.empty()) return Ok{};
  return write_run(options.out, recorder, model, toy_times(model.schedule.num_steps(), steps));
}

Status toy_sample(const ToyOptions& options) {
  const Result<ToyModel> model = open_toy(options);
  if (!model) return model.error();
  if (!options.out.empty()) {
    if (Status writable = can_write(options.out); !writable) return writable;
  }
  return model->kind == ToyKind::Plane ? sample_points(options, *model) : sample_bits(options, *model);
}

// ---- limits

struct NamedFamily {
  const char* name;
  ScheduleFamily family;
};
constexpr NamedFamily kFamilies[] = {{"cosine", ScheduleFamily::Cosine},
                                     {"linear", ScheduleFamily::Linear},
                                     {"constant-rate", ScheduleFamily::ConstantRate}};
constexpr int kStepCounts[] = {5, 10, 20, 40, 80, 160, 320};

Status toy_limits(const ToyOptions& options) {
  const PointMixture data = swiss_roll();
  nlohmann::ordered_json json = {
      {"draws", options.draws}, {"data", log_likelihood_bits(data)}, {"T", kStepCounts}};
  if (!options.json) {
    std::printf("data %.4f bits; K*, and its standard error, by T\n", json["data"].get<double>());
    std::printf("%6s", "T");
    for (const NamedFamily& row : kFamilies) std::printf(" %22s", row.name);
    std::printf("\n");
  }
  for (const int num_steps : kStepCounts) {
    if (!options.json) std::printf("%6d", num_steps);
    for (const NamedFamily& row : kFamilies) {
      if (interrupted()) return stopped();
      const Schedule schedule = roll_schedule({.family = row.family}, num_steps);
      const ToyBound bound = measure_points(data, schedule, toy_times(num_steps, num_steps), nullptr,
                                            options.draws, options.seed);
      json["best"][row.name].push_back(json_of(bound.best));
      if (!options.json) std::printf(" %12.4f +- %.4f", bound.best.bits, bound.best.error);
    }
    if (!options.json) std::printf("\n");
  }
  if (options.json) std::printf("%s\n", json.dump().c_str());
  return Ok{};
}

// ---- the command line

void add_common(CLI::App& command, ToyOptions& options) {
  command.add_option("model", options.model, "A toy's name (in the weights' folder toys/), or a path.")
      ->required();
  command.add_option("--steps", options.steps, "Steps of the run, the last one included (default: T).")
      ->check(within(2, 100000));
}

void add_draws(CLI::App& command, ToyOptions& options) {
  command.add_option("--draws", options.draws, "Of x_t at each step.")
      ->check(within(10, kMaxDraws))
      ->capture_default_str();
  command.add_flag("--json", options.json, "As JSON, with every term.");
}

void add_seed(CLI::App& command, ToyOptions& options) {
  command.add_option("--seed", options.seed, "Of the noise.")->capture_default_str();
}

}  // namespace

Command add_toy(CLI::App& tool) {
  CLI::App* app =
      tool.add_subcommand("toy", "The 2015 paper's Swiss roll and heartbeat: bounds and samples.");
  app->require_subcommand(1);
  const auto options = std::make_shared<ToyOptions>();
  CLI::App* bound = app->add_subcommand("bound", "The bound K, beside K* and the data's log likelihood.");
  CLI::App* sample = app->add_subcommand("sample", "Draws samples; --out keeps every step of them.");
  CLI::App* limits = app->add_subcommand("limits", "K* of the Swiss roll by step count and schedule.");
  for (CLI::App* command : {bound, sample}) add_common(*command, *options);
  for (CLI::App* command : {bound, limits}) add_draws(*command, *options);
  for (CLI::App* command : {bound, sample, limits}) add_seed(*command, *options);
  sample->add_option("--count", options->count, "How many samples.")
      ->check(within(1, kMaxCount))
      ->capture_default_str();
  sample->add_option("--out", options->out,
                     "An .npz file of the run: x, mu and sigma or chance, t, alpha_bar.");
  bound->footer(
      "Bits a sample. K* is the bound of the best transition of this form, with the exact mean and variance\n"
      "(of bits: chance) of q(x_{t-1} | x_t). +- is the standard error.");
  return {app, [=] {
            if (bound->parsed()) return toy_bound(*options);
            return sample->parsed() ? toy_sample(*options) : toy_limits(*options);
          }};
}

}  // namespace undiffuse
