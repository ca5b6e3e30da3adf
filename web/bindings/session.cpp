// The model, its settings, the run and what is seen of it.
#include "web/bindings/state.h"

#include <algorithm>
#include <chrono>

#include "core/run/describe.h"
#include "core/run/model.h"

namespace {

using namespace undiffuse;

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
  const Status opened = state->session.open_model(file_bytes(bytes, size));
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

/// What a step takes, from the last slice of network work; 0 before the first.
EMSCRIPTEN_KEEPALIVE double ud_milliseconds_per_step() { return state->milliseconds; }

}  // extern "C"
