// The toys' pages: a model of points or of bits, and its run.
#include "web/bindings/state.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "core/run/describe.h"
#include "core/run/toys/bit_view.h"
#include "core/run/toys/toy_data.h"
#include "core/run/toys/toy_run.h"
#include "core/run/toys/toy_view.h"

namespace {

using namespace undiffuse;

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

/// Opens a toy's weights file for its page (Toy or Beats); -1 and ud_error() if it is not of this kind, and
/// what was open stays open.
template <class Page>
int open_page(std::unique_ptr<Page>& page, std::span<const std::byte> file, ToyKind kind, const char* other) {
  Result<ToyModel> model = load_toy(file);
  const bool right = model && model->kind == kind;
  state->error = !model ? model.error().message : right ? "" : other;
  if (!right) return -1;
  page = std::make_unique<Page>();
  page->model = std::move(*model);
  return 0;
}

/// A whole run, num_steps in 2..T (clamped); JSON of its times and alpha_bars.
template <class Page>
const char* run_page(Page& page, int num_steps, int count, std::uint32_t seed) {
  const int all = page.model.schedule.num_steps();
  page.run.emplace(page.model, std::clamp(num_steps, 2, all), std::max(count, 1), seed);
  while (page.run->work()) {
  }
  return returned(describe_toy_run(page.model, page.run->times()));
}

/// Whether there is a run with this step; a question may be of a run that is gone.
bool has_step(int step) { return toy && toy->run && step >= 0 && step < toy->run->num_steps(); }

}  // namespace

extern "C" {

// ---- the Swiss roll's page

/// Opens a toy's weights file of points; -1 and ud_error() if it is none.
EMSCRIPTEN_KEEPALIVE int ud_toy_open(const std::uint8_t* bytes, int size) {
  return open_page(toy, file_bytes(bytes, size), ToyKind::Plane, "This file's model is not one of points.");
}

/// run_page().
EMSCRIPTEN_KEEPALIVE const char* ud_toy_run(int num_steps, int count, std::uint32_t seed) {
  return run_page(*toy, num_steps, count, seed);
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
  return open_page(beats, file_bytes(bytes, size), ToyKind::Sequence,
                   "This file's model is not one of bits.");
}
EMSCRIPTEN_KEEPALIVE int ud_bits_size() { return beats->model.size; }

/// run_page().
EMSCRIPTEN_KEEPALIVE const char* ud_bits_run(int num_steps, int count, std::uint32_t seed) {
  return run_page(*beats, num_steps, count, seed);
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
