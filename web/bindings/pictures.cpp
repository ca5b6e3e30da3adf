// Pictures that are saved and opened, and the given image.
#include "web/bindings/state.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/run/describe.h"
#include "core/run/evidence_table.h"
#include "core/run/evidence_text.h"
#include "core/run/given_image.h"

using namespace undiffuse;

extern "C" {

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
  const auto settings = settings_of_png(file_bytes(bytes, size));
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
/// ud_given_...; "" if there is none, null and ud_error() if it is damaged.
EMSCRIPTEN_KEEPALIVE const char* ud_evidence_of_png(const std::uint8_t* bytes, int size) {
  const auto text = evidence_of_png(file_bytes(bytes, size));
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

}  // extern "C"
