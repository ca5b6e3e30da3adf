// For a network that runs on a GPU: its plan, what it is asked, where its answers go.
#include "web/bindings/state.h"

#include <algorithm>
#include <utility>

#include "core/base/random.h"
#include "core/run/model.h"

namespace {

using namespace undiffuse;

void reserve_raw(const ModelInputs& inputs) {
  state->labels.assign(inputs.label.begin(), inputs.label.end());
  state->raw.resize(inputs.x.size() * (state->session.model().learned_variance ? 2 : 1));
}

}  // namespace

extern "C" {

/// A weights file as a plan for a GPU, JSON (describe_plan()); null and ud_error() if it cannot be one. Its
/// weights, in words of 32 bits, follow from ud_gpu_weights() until ud_gpu_release().
EMSCRIPTEN_KEEPALIVE const char* ud_gpu_plan(const std::uint8_t* bytes, int size, int max_batch,
                                             int float16) {
  const Result<Model> model = load_model(file_bytes(bytes, size));
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

}  // extern "C"
