// The WASM interface of the page: flat C functions, which src/engine/wasm.ts calls. Only this folder knows
// Emscripten.
//
// Strings are UTF-8 and stay valid until the next call that returns one. The worker calls all of this from
// one thread; what takes long returns after a bounded slice of work.
#pragma once

#include <emscripten/emscripten.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/network/gpu/plan.h"
#include "core/run/picture.h"
#include "core/run/run_bound.h"
#include "core/run/session.h"

namespace undiffuse {

/// What the calls of a page share.
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

extern std::unique_ptr<State> state;  // after ud_init()

/// Keeps the string for the page until the next one.
const char* returned(std::string text);

/// A file that the page has put into memory.
std::span<const std::byte> file_bytes(const std::uint8_t* bytes, int size);

/// Floats of an image of the open model.
int image_size();

}  // namespace undiffuse
