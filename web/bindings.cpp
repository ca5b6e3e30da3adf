// The WASM interface: flat C functions over one session. The only file that knows Emscripten.
//
// Strings are UTF-8 and stay valid until the next call that returns one. The worker calls all of
// this from one thread; ud_compute() returns after a bounded slice of work.
#include <emscripten/emscripten.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/network/gpu/plan.h"
#include "core/run/describe.h"
#include "core/run/evidence_table.h"
#include "core/run/evidence_text.h"
#include "core/run/given_image.h"
#include "core/run/model.h"
#include "core/run/picture.h"
#include "core/run/run_bound.h"
#include "core/run/session.h"
#include "core/run/toys/bit_view.h"
#include "core/run/toys/toy_data.h"
#include "core/run/toys/toy_run.h"
#include "core/run/toys/toy_view.h"

namespace {

using namespace undiffuse;

struct State {
  explicit State(SessionOptions options) : session(options) {}

  Session session;
  std::string text;                    // what the last returned string points to
  std::string error;                   // the last failure's sentence
  std::optional<KeepsakeMaker> maker;  // of a picture that is being saved
  std::vector<std::byte> saved;
  std::vector<float> feature;
  std::optional<RunBound> bound;  // of image bound_sample, once the run has reached its end
  int bound_sample = 0;
  std::vector<float> given, known;  // an image on its way in or out, and which of its pixels hold
  double given_amount = 0;
  double milliseconds = 0;
  // For a network that runs on a GPU.
  gpu::Plan plan;
  Session::Question question;
  std::vector<float> labels, raw;
  Session::RunAhead ahead;
  std::vector<float> records, x;
  struct {
    std::vector<float> x;
    float t = 0;
    int label = 0;
  } sample;
};

std::unique_ptr<State> state;

/// The Swiss roll's page: a model of points and its run.
struct Toy {
  ToyModel model;
  PointMixture data = swiss_roll();
  std::optional<PointRun> run;
};
std::unique_ptr<Toy> toy;

/// The heartbeat's page: a model of bits and its run.
struct Beats {
  ToyModel model;
  BitPatterns data = heartbeats();
  std::optional<BitRun> run;
  Bits shown;  // what the last returned numbers are
};
std::unique_ptr<Beats> beats;

/// A toy's weights file; its model if it is of this kind.
std::optional<ToyModel> open_toy(const std::uint8_t* bytes, int size, ToyKind kind, const char* other) {
  Result<ToyModel> model = load_toy(std::as_bytes(std::span(bytes, static_cast<size_t>(std::max(size, 0)))));
  const bool right = model && model->kind == kind;
  state->error = !model ? model.error().message : right ? "" : other;
  return right ? std::optional(std::move(*model)) : std::nullopt;
}

/// Whether there is a run with this step; a question may be of a run that is gone.
bool has_step(int step) { return toy && toy->run && step >= 0 && step < toy->run->num_steps(); }

const char* returned(std::string text) {
  state->text = std::move(text);
  return state->text.c_str();
}

void reserve_raw(const ModelInputs& inputs) {
  state->labels.assign(inputs.label.begin(), inputs.label.end());
  state->raw.resize(inputs.x.size() * (state->session.model().learned_variance ? 2 : 1));
}

int image_size() { return state->session.model().image.image_size(); }

// Slices of about 50 ms with the default model, so that the worker hears of a new request in time.
constexpr int kImagesPerSlice = 2;
// Phones kill pages that take much; 48 MiB still hold every record of 1000 steps of four images.
constexpr size_t kTraceBytes = size_t{48} << 20;

}  // namespace

extern "C" {

/// Once, before all else. threads >= 1.
EMSCRIPTEN_KEEPALIVE int ud_init(int threads) {
  SessionOptions options;
  options.threads = threads;
  options.trace_bytes = kTraceBytes;
  options.images_per_slice = kImagesPerSlice;
  state = std::make_unique<State>(options);
  return 0;
}

/// Opens a weights file's bytes; -1 and ud_error() if it cannot, and what was open stays open.
EMSCRIPTEN_KEEPALIVE int ud_open(const std::uint8_t* bytes, int size) {
  state->bound.reset();  // it points into the model
  const Status opened =
      state->session.open_model(std::as_bytes(std::span(bytes, static_cast<size_t>(std::max(size, 0)))));
  if (opened) state->maker.reset();
  state->error = opened ? "" : opened.error().message;
  return opened ? 0 : -1;
}

EMSCRIPTEN_KEEPALIVE const char* ud_error() { return state->error.c_str(); }

EMSCRIPTEN_KEEPALIVE const char* ud_settings_table() { return returned(describe_settings_table()); }

/// A settings string; JSON of what became of it.
EMSCRIPTEN_KEEPALIVE const char* ud_apply(const char* settings) {
  const Applied applied = state->session.apply(std::string_view(settings));
  if (applied.restarted) {
    state->maker.reset();
    state->bound.reset();
  }
  return returned(describe_applied(state->session.settings(), applied));
}

/// JSON of the run; "{}" without a model.
EMSCRIPTEN_KEEPALIVE const char* ud_run() {
  return returned(state->session.has_model() ? describe_run(state->session) : "{}");
}

/// JSON of the schedules that these settings would give; changes nothing.
EMSCRIPTEN_KEEPALIVE const char* ud_schedules(const char* settings, int points) {
  constexpr int kUsualSteps = 1000;
  const Schedule trained =
      state->session.has_model() ? state->session.model().trained : make_schedule({}, kUsualSteps);
  return returned(describe_schedules(parse_settings(settings).settings, trained, points));
}

/// A slice of work towards the record of `step`: 1 it is there, 0 call again, -1 no such step.
EMSCRIPTEN_KEEPALIVE int ud_compute(int step) {
  if (!state->session.has_model() || step < 0 || step >= state->session.num_steps()) return -1;
  const auto began = std::chrono::steady_clock::now();
  const bool there = state->session.trace().has(step);
  const bool done = state->session.work(step);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  const int slices = (state->session.settings().images + kImagesPerSlice - 1) / kImagesPerSlice;
  if (!there) state->milliseconds = took.count() * slices;
  return done ? 1 : 0;
}

/// A weights file as a plan for a GPU, JSON (describe_plan()); null and ud_error() if it cannot be one. Its
/// weights, in words of 32 bits, follow from ud_gpu_weights() until ud_gpu_release().
EMSCRIPTEN_KEEPALIVE const char* ud_gpu_plan(const std::uint8_t* bytes, int size, int max_batch,
                                             int float16) {
  const Result<Model> model =
      load_model(std::as_bytes(std::span(bytes, static_cast<size_t>(std::max(size, 0)))));
  const gpu::WeightType type = float16 ? gpu::WeightType::Float16 : gpu::WeightType::Float32;
  Result<gpu::Plan> plan =
      model ? gpu::compile(model->graph, max_batch, type) : Result<gpu::Plan>(model.error());
  state->error = plan ? "" : plan.error().message;
  if (!plan) return nullptr;
  state->plan = std::move(*plan);
  return returned(gpu::describe_plan(state->plan));
}
EMSCRIPTEN_KEEPALIVE const std::uint32_t* ud_gpu_weights() { return state->plan.weights.data(); }
EMSCRIPTEN_KEEPALIVE int ud_gpu_weights_size() { return static_cast<int>(state->plan.weights.size()); }
EMSCRIPTEN_KEEPALIVE void ud_gpu_release() { state->plan = {}; }

/// What the network is to be asked next towards the record of `step`, about at most `images` images: how
/// many images the call has, 0 if the record is there, -1 if there is no such step. The inputs are at
/// ud_asked_x(), _t() and _label() until the next call of anything, the number is ud_asked_number().
EMSCRIPTEN_KEEPALIVE int ud_ask(int step, int images) {
  if (!state->session.has_model() || step < 0 || step >= state->session.num_steps()) return -1;
  const auto question = state->session.ask(step, std::max(images, 1));
  if (!question) return 0;
  state->question = *question;
  reserve_raw(question->inputs);
  return static_cast<int>(question->inputs.t.size());
}
EMSCRIPTEN_KEEPALIVE const float* ud_asked_x() { return state->question.inputs.x.data(); }
EMSCRIPTEN_KEEPALIVE const float* ud_asked_t() { return state->question.inputs.t.data(); }
EMSCRIPTEN_KEEPALIVE const float* ud_asked_label() { return state->labels.data(); }
EMSCRIPTEN_KEEPALIVE int ud_asked_number() { return state->question.number; }

/// Where the raw output of what was asked last is to be put.
EMSCRIPTEN_KEEPALIVE float* ud_raw() { return state->raw.data(); }
/// It is there, after so long: 1, or 0 if nobody waits for this number any more.
EMSCRIPTEN_KEEPALIVE int ud_supply(int number, double milliseconds) {
  if (!state->session.has_model()) return 0;
  const int images = state->question.images;
  if (!state->session.supply(number, state->raw)) return 0;
  state->milliseconds = milliseconds * state->session.settings().images / images;
  return 1;
}

/// Several steps at once towards the record of `step`, with at most so many network calls of one image: their
/// number, or 0 if one at a time is all that goes. Rows of core/run/gpu_steps.h at ud_ahead_steps(), with x,
/// previous and labels.
EMSCRIPTEN_KEEPALIVE int ud_ask_ahead(int step, int max_calls) {
  if (!state->session.has_model() || step < 0 || step >= state->session.num_steps()) return 0;
  auto ahead = state->session.ask_ahead(step, max_calls);
  if (!ahead) return 0;
  state->ahead = std::move(*ahead);
  state->x.resize(state->ahead.x.size());
  state->records.resize(3 * state->ahead.steps.size() * state->x.size());
  return static_cast<int>(state->ahead.steps.size());
}
EMSCRIPTEN_KEEPALIVE const GpuStep* ud_ahead_steps() { return state->ahead.steps.data(); }
EMSCRIPTEN_KEEPALIVE const float* ud_ahead_x() { return state->ahead.x.data(); }
EMSCRIPTEN_KEEPALIVE const float* ud_ahead_previous() { return state->ahead.previous.data(); }
EMSCRIPTEN_KEEPALIVE const float* ud_ahead_labels() { return state->ahead.labels.data(); }
EMSCRIPTEN_KEEPALIVE int ud_ahead_labels_size() { return static_cast<int>(state->ahead.labels.size()); }
EMSCRIPTEN_KEEPALIVE int ud_ahead_x_size() { return static_cast<int>(state->ahead.x.size()); }
EMSCRIPTEN_KEEPALIVE int ud_ahead_number() { return state->ahead.number; }

/// Where the steps' records and the state after them are to be put; then, as ud_supply().
EMSCRIPTEN_KEEPALIVE float* ud_ahead_records() { return state->records.data(); }
EMSCRIPTEN_KEEPALIVE float* ud_ahead_result() { return state->x.data(); }
EMSCRIPTEN_KEEPALIVE int ud_supply_ahead(int number, double milliseconds) {
  if (!state->session.has_model()) return 0;
  const auto steps = static_cast<double>(state->ahead.steps.size());
  if (!state->session.supply_ahead(number, state->records, state->x)) return 0;
  state->milliseconds = milliseconds / steps;
  return 1;
}

/// A question of one image that no run asks, and what the engine here answers, at ud_raw(): what another is
/// compared with. The call's images, 1.
EMSCRIPTEN_KEEPALIVE int ud_sample_call() {
  auto& sample = state->sample;
  sample.x.resize(static_cast<size_t>(image_size()));
  fill_normal(sample.x, 1, 0, 0, Purpose::Start);
  sample.t = 0.37f * static_cast<float>(state->session.model().trained.num_steps());
  state->question = {0, 1, {sample.x, std::span(&sample.t, 1), std::span(&sample.label, 1)}};
  reserve_raw(state->question.inputs);
  state->session.engine().run(state->question.inputs, state->raw);
  return 1;
}

EMSCRIPTEN_KEEPALIVE int ud_available() {
  return state->session.has_model() ? state->session.available() : 0;
}

/// Writes height x width x channels floats; their number, or -1 if the record is not there.
EMSCRIPTEN_KEEPALIVE int ud_field(int step, int sample, int field, float* out) {
  if (!state->session.has_model() || field < 0 || field >= kNumFields) return -1;
  const int size = image_size();
  const bool there = state->session.field(step, sample, static_cast<Field>(field),
                                          std::span(out, static_cast<size_t>(size)));
  return there ? size : -1;
}

/// What a block of the network puts out for one image, from a network call up to there: the number of floats
/// that ud_feature_values() then points to, or -1 if the record or the block is not there.
EMSCRIPTEN_KEEPALIVE int ud_feature(int step, int sample, int block) {
  if (!state->session.has_model()) return -1;
  const auto& blocks = state->session.blocks().blocks;
  if (block < 0 || static_cast<size_t>(block) >= blocks.size()) return -1;
  const int size = blocks[static_cast<size_t>(block)].output.image_size();
  state->feature.resize(static_cast<size_t>(size));
  return state->session.feature(step, sample, block, state->feature) ? size : -1;
}
EMSCRIPTEN_KEEPALIVE const float* ud_feature_values() { return state->feature.data(); }

/// A slice of work on the bound of one of the run's images: 1 all is there, 0 call again, -1 if the run has
/// not come to its end, or takes less than two steps.
EMSCRIPTEN_KEEPALIVE int ud_bound(int sample) {
  Session& session = state->session;
  if (!session.has_model() || sample < 0 || sample >= session.settings().images) return -1;
  const int steps = session.num_steps();
  if (session.available() < steps || steps < 2) {
    state->bound.reset();
    return -1;
  }
  if (state->bound && state->bound_sample == sample) return state->bound->work() ? 1 : 0;
  if (!session.work(steps - 1)) return 0;
  state->bound.emplace(session.model(), session.engine(), subject_of(session, sample));
  state->bound_sample = sample;
  return 0;
}
/// JSON of what is there (describe_bound()); null before the first slice.
EMSCRIPTEN_KEEPALIVE const char* ud_bound_curve() {
  return state->bound ? returned(describe_bound(state->bound->curve())) : nullptr;
}

/// Begins a picture to keep (Keepsake: 0 frame, 1 strip, 2 sheet) of the run; -1 if there is none such.
EMSCRIPTEN_KEEPALIVE int ud_save(int what, int position, int sample) {
  state->maker.reset();
  if (!state->session.has_model() || what < 0 || what > 2) return -1;
  if (position < 0 || position > state->session.num_steps()) return -1;
  if (sample < 0 || sample >= state->session.settings().images) return -1;
  state->maker.emplace(state->session, static_cast<Keepsake>(what), position, sample);
  return 0;
}

/// A slice of work on it: 0 call again; the size of the PNG, its settings and its evidence inside, that
/// ud_saved() then points to; -1 if none was begun, or the run is another since.
EMSCRIPTEN_KEEPALIVE int ud_save_on() {
  if (!state->maker) return -1;
  if (!state->maker->work(state->session)) return 0;
  state->saved = keepsake_file(state->session, state->maker->picture());
  state->maker.reset();
  return static_cast<int>(state->saved.size());
}
EMSCRIPTEN_KEEPALIVE const std::byte* ud_saved() { return state->saved.data(); }

/// The settings string in a saved PNG; null and ud_error() if there is none.
EMSCRIPTEN_KEEPALIVE const char* ud_settings_of_png(const std::uint8_t* bytes, int size) {
  const auto settings =
      settings_of_png(std::as_bytes(std::span(bytes, static_cast<size_t>(std::max(size, 0)))));
  state->error = settings ? "" : settings.error().message;
  return settings ? returned(*settings) : nullptr;
}

// ---- a given image

EMSCRIPTEN_KEEPALIVE const char* ud_evidence_table() { return returned(describe_evidence_table()); }

/// Room for `size` floats of a given image, and for which of its pixels hold (1, else 0).
EMSCRIPTEN_KEEPALIVE void ud_given_resize(int size) {
  state->given.resize(static_cast<size_t>(std::max(size, 0)));
  state->known.resize(state->given.size());
}
EMSCRIPTEN_KEEPALIVE float* ud_given_image() { return state->given.data(); }
EMSCRIPTEN_KEEPALIVE float* ud_given_known() { return state->known.data(); }
EMSCRIPTEN_KEEPALIVE int ud_given_size() { return static_cast<int>(state->given.size()); }
EMSCRIPTEN_KEEPALIVE double ud_given_amount() { return state->given_amount; }

/// The given image becomes evidence, used in this way (evidence_table.h; "" is none); with a noise_seed of at
/// least 0 it first gets noise of deviation `amount`, of that seed. -1 and ud_error() if it is refused; else
/// a new run.
EMSCRIPTEN_KEEPALIVE int ud_give(const char* way_name, double amount, double noise_seed) {
  Session& session = state->session;
  const EvidenceWay* way = evidence_way(std::string_view(way_name));
  Evidence evidence;
  if (way != nullptr && session.has_model()) {
    if (noise_seed >= 0)
      state->given = with_noise(state->given, amount, static_cast<std::uint64_t>(noise_seed));
    evidence = make_evidence(way->kind, session.model().image, state->given, state->known, amount);
  }
  const Status taken = session.set_evidence(std::move(evidence));
  if (taken) state->maker.reset();
  state->error = taken ? "" : taken.error().message;
  return taken ? 0 : -1;
}

/// A picture of any size, R, G, B, A, as an image of the model's at ud_given_image(); its number of floats,
/// -1 without a model.
EMSCRIPTEN_KEEPALIVE int ud_fit(const std::uint8_t* pixels, int width, int height) {
  if (!state->session.has_model() || width < 1 || height < 1) return -1;
  Picture picture{width, height, 3, {}};
  const auto count = static_cast<size_t>(width) * static_cast<size_t>(height);
  picture.pixels.reserve(3 * count);
  for (size_t i = 0; i < count; ++i) {
    picture.pixels.insert(picture.pixels.end(), pixels + 4 * i, pixels + 4 * i + 3);
  }
  state->given = fit_picture(picture, state->session.model().image);
  return ud_given_size();
}

/// The evidence in a saved PNG: its way's name, with the image, the known pixels and the amount at
/// ud_given_...;
/// "" if there is none, null and ud_error() if it is damaged.
EMSCRIPTEN_KEEPALIVE const char* ud_evidence_of_png(const std::uint8_t* bytes, int size) {
  const auto text = evidence_of_png(std::as_bytes(std::span(bytes, static_cast<size_t>(std::max(size, 0)))));
  const Result<Evidence> evidence = text ? parse_evidence(*text) : Result<Evidence>(text.error());
  state->error = evidence ? "" : evidence.error().message;
  if (!evidence) return nullptr;
  state->given = evidence->image;
  state->known = evidence->known;
  state->known.resize(state->given.size(), 1);
  state->given_amount = amount_of(*evidence);
  const EvidenceWay* way = evidence_way(evidence->kind);
  return returned(std::string(way != nullptr ? way->name : ""));
}

/// What a step takes, from the last slice of network work; 0 before the first.
EMSCRIPTEN_KEEPALIVE double ud_milliseconds_per_step() { return state->milliseconds; }

// ---- the Swiss roll's page

/// Opens a toy's weights file of points; -1 and ud_error() if it is none.
EMSCRIPTEN_KEEPALIVE int ud_toy_open(const std::uint8_t* bytes, int size) {
  auto model = open_toy(bytes, size, ToyKind::Plane, "This file's model is not one of points.");
  if (!model) return -1;
  toy = std::make_unique<Toy>();
  toy->model = std::move(*model);
  return 0;
}

/// A whole run, num_steps in 2..T (clamped); JSON of its times and alpha_bars.
EMSCRIPTEN_KEEPALIVE const char* ud_toy_run(int num_steps, int count, std::uint32_t seed) {
  const int all = toy->model.schedule.num_steps();
  toy->run.emplace(toy->model, std::clamp(num_steps, 2, all), std::max(count, 1), seed);
  while (toy->run->work()) {
  }
  return returned(describe_toy_run(toy->model, toy->run->times()));
}

/// Of state or step i: 0 x, 1 mu, 2 sigma, as `count` pairs that stay valid until the next run.
EMSCRIPTEN_KEEPALIVE const float* ud_toy_points(int i, int what) {
  if (what == 0) return toy->run->state(i).data();
  return (what == 1 ? toy->run->step(i).mu : toy->run->step(i).sigma).data();
}

/// q(x_t) at state i on the window of half-width `reach` about 0: side x side floats, rows from top to
/// bottom; -1 if the run has no such state.
EMSCRIPTEN_KEEPALIVE int ud_toy_density(int i, int side, float reach, float* out) {
  if (!has_step(std::max(i - 1, 0)) || i < 0) return -1;
  const int t = toy->run->times()[static_cast<size_t>(i)];
  const double alpha_bar = toy->model.schedule.alpha_bar[static_cast<size_t>(t)];
  write_density(toy->data.noisy(alpha_bar), {{0, 0}, reach}, side, {out, static_cast<size_t>(side * side)});
  return 0;
}

/// The step that leaves state i from x_t = (x, y): twelve numbers (window's centre and half-width; mu and
/// sigma of the network; mean and deviation of q(x_s | x_t); the KL between the two in bits), then side x
/// side floats of q(x_s | x_t) on that window; -1 if the run has no such step.
EMSCRIPTEN_KEEPALIVE int ud_toy_reverse(int i, float x, float y, int side, float* out) {
  if (!has_step(i)) return -1;
  const int t = toy->run->times()[static_cast<size_t>(i)], s = toy->run->times()[static_cast<size_t>(i) + 1];
  const ReverseComparison found = compare_reverse(toy->model, toy->data, t, s, {x, y});
  const double numbers[] = {
      found.window.centre[0], found.window.centre[1], found.window.reach, found.mu[0],   found.mu[1],
      found.sigma[0],         found.sigma[1],         found.mean[0],      found.mean[1], found.deviation[0],
      found.deviation[1],     found.kl_bits};
  for (const double number : numbers) *out++ = static_cast<float>(number);
  write_density(found.exact, found.window, side, {out, static_cast<size_t>(side * side)});
  return 0;
}

// ---- the heartbeat's page

/// Opens a toy's weights file of bits; -1 and ud_error() if it is none.
EMSCRIPTEN_KEEPALIVE int ud_bits_open(const std::uint8_t* bytes, int size) {
  auto model = open_toy(bytes, size, ToyKind::Sequence, "This file's model is not one of bits.");
  if (!model) return -1;
  beats = std::make_unique<Beats>();
  beats->model = std::move(*model);
  return 0;
}
EMSCRIPTEN_KEEPALIVE int ud_bits_size() { return beats->model.size; }

/// A whole run, num_steps in 2..T (clamped); JSON of its times and alpha_bars.
EMSCRIPTEN_KEEPALIVE const char* ud_bits_run(int num_steps, int count, std::uint32_t seed) {
  const int all = beats->model.schedule.num_steps();
  beats->run.emplace(beats->model, std::clamp(num_steps, 2, all), std::max(count, 1), seed);
  while (beats->run->work()) {
  }
  return returned(describe_toy_run(beats->model, beats->run->times()));
}

/// Of state or step i: 0 x, 1 the step's chances to flip (size numbers for each sequence), 2 whether each
/// sequence is valid. They stay until the next call.
EMSCRIPTEN_KEEPALIVE const float* ud_bits(int i, int what) {
  const BitRun& run = *beats->run;
  beats->shown = what == 0   ? run.state(i)
                 : what == 1 ? flip_chance(run.state(i), run.chance(i))
                             : valid_sequences(beats->data, run.state(i));
  return beats->shown.data();
}

/// JSON of the bound of a run of so many steps, and its reference lines (describe_bit_bound()). Takes a few
/// seconds where steps are many.
EMSCRIPTEN_KEEPALIVE const char* ud_bits_bound(int num_steps) {
  const ToyModel& model = beats->model;
  const int steps = std::clamp(num_steps, 2, model.schedule.num_steps());
  const ToyBound bound =
      measure_bits(beats->data, model.base_rate, model.schedule, toy_times(model.schedule.num_steps(), steps),
                   &model, affordable_draws(steps), 1);
  return returned(describe_bit_bound(bound, beats->data));
}

}  // extern "C"
