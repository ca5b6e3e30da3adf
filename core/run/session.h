// A session: a model, settings, and one run of the sampler that can be walked both ways.
//
// All behaviour of the page, the app and the tool is here; they forward input and draw what they
// pull. A session is used by one thread at a time; work() returns after a bounded slice, so that a
// view can stay responsive whatever the model costs.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/threads.h"
#include "core/network/blocks.h"
#include "core/network/cpu_engine.h"
#include "core/run/denoiser.h"
#include "core/run/fields.h"
#include "core/run/gpu_steps.h"
#include "core/run/model.h"
#include "core/run/sampler.h"
#include "core/run/settings.h"
#include "core/run/trace.h"

namespace undiffuse {

struct SessionOptions {
  int threads = 1;
  size_t trace_bytes = kDefaultTraceBytes;
  int images_per_slice = 4;        ///< network work between two returns of work(); smaller answers sooner
  std::uint32_t first_sample = 0;  ///< the batch's images are samples first_sample, +1, ... of the seed
};

struct Applied {
  std::vector<std::string> notes;  ///< sentences for a person
  bool restarted = false;          ///< the run's records are gone
};

class Session {
 public:
  explicit Session(SessionOptions options = {});

  /// Opens a weights file and starts a run. On an error the session stays as it was.
  Status open_model(std::span<const std::byte> file);
  bool has_model() const { return model_.has_value(); }
  const ModelInfo& model() const;
  /// The model's network; feature() names its blocks by their index here.
  const BlockGraph& blocks() const;

  /// New settings, from a settings string or as values. The run starts again from the same noise if
  /// the picture depends on what changed. Settings hold without a model, too.
  Applied apply(std::string_view settings);
  Applied apply(ParsedSettings parsed);
  const Settings& settings() const { return settings_; }

  /// What is known of the image (core/process/perturbation.h), in greys from -1 to 1; the run starts again.
  /// Refuses evidence that is not of the model's shape, or a deviation that is no positive number. Another
  /// model drops it.
  Status set_evidence(Evidence evidence);
  const Evidence& evidence() const { return evidence_; }

  // The run. Needs a model. Step k = 0..num_steps()-1 goes from t = table()[k].t to t_prev.
  const std::vector<Stage>& table() const;
  int num_steps() const { return static_cast<int>(table().size()); }
  bool guided() const;          ///< each answer takes a second, unconditional network call
  int label(int sample) const;  ///< of one image: 0..classes-1, or `classes` for any class
  int nfe(int step) const;      ///< network calls that the step takes per image, guidance's included
  const Trace& trace() const;

  /// Works towards the record of `step` for one slice; true once it is there. Records that left the
  /// memory budget come again from the nearest kept state, the same to the bit.
  bool work(int step);
  void compute(int step) {
    while (!work(step)) {
    }
  }
  // work() in two halves, for a network that answers later (a GPU): the session asks, and does not wait.

  struct Question {
    int number = 0;
    int images = 0;      ///< of the batch, that it is about
    ModelInputs inputs;  ///< valid until the session's next change
  };
  /// What the network is to be asked next on the way to the record of `step`, about at most so many images
  /// (guidance doubles the call); nothing if the record is there.
  std::optional<Question> ask(int step, int max_images);
  /// The raw output to a question. False, and nothing happens, if the run has gone another way since.
  bool supply(int number, std::span<const float> raw);

  /// Several steps at once, for a GPU that takes them without asking back. From where the sampler is.
  struct RunAhead {
    int number = 0;
    std::vector<GpuStep> steps;
    std::vector<float> x;         ///< [batch, h, w, c] the state before them
    std::vector<float> previous;  ///< the x0_hat of the step before, where later steps use it; else zeros
    std::vector<float> labels;    ///< [calls, batch]
  };
  /// Towards the record of `step`, with at most so many network calls of one image (each step takes one for
  /// every image, two with guidance); nothing if one step at a time is all that goes: with evidence, or a
  /// second call at a step's end.
  std::optional<RunAhead> ask_ahead(int step, int max_calls);
  /// records: [steps, 3, batch, h, w, c] each step's x_t, x0_hat, x0_var; x: the state after them. False, and
  /// nothing happens, if the run has gone another way since.
  bool supply_ahead(int number, std::span<const float> records, std::span<const float> x);

  /// The engine that work() runs, for those who compare another with it.
  CpuEngine& engine() { return *engine_; }

  /// Records computed so far, without a gap from step 0 (some may need recomputing).
  int available() const { return available_; }

  /// Writes one image of the step's record; false if the record is not there (see work()).
  bool field(int step, int sample, Field field, std::span<float> out) const;

  /// Writes what a block of the network puts out ([height, width, channels], its output shape) in the
  /// step's first call for one image; with guidance, the call that knows the class. The same bits as in the
  /// run, from that call made again up to the block. False if the record or the block is not there.
  bool feature(int step, int sample, int block, std::span<float> out);

  // Transport, for views that keep their position here. position() is the number of steps taken,
  // 0..num_steps().
  int position() const { return position_; }
  void step();              ///< takes one step (computing it if need be); at the end, nothing
  void back();              ///< one step back; at the start, nothing
  void seek(int position);  ///< clamped to 0..num_steps()
  void run() { seek(num_steps()); }
  void restart() { seek(0); }
  void reseed(std::uint32_t seed);
  /// The state x at position(), one image.
  void state(int sample, std::span<float> out);

 private:
  /// Everything that starts again with a run.
  struct Run {
    Sampler sampler;
    Conditioning conditioning;
    Trace trace;
    std::vector<float> x0_hat, x0_var;  // [batch, h, w, c] the answer as far as it goes
    int answered = 0;                   // images of it
    int asked = 0;                      // further images that an open question is about
    int ahead = 0;                      // steps that an open RunAhead is about
  };

  Settings clamped_to_model(Settings settings, std::vector<std::string>& notes) const;
  void start_run();
  void go_towards(int step);
  void answer_slice();
  void supply_answer();
  Clip clip() const { return {settings_.clip, model_->range}; }
  NoiseSource noise() const { return {settings_.seed, options_.first_sample}; }

  SessionOptions options_;
  ThreadPool pool_;
  Settings settings_;
  Evidence evidence_;           // as it was given
  Evidence evidence_in_range_;  // the same in the model's range
  std::optional<ModelInfo> model_;
  BlockGraph blocks_;
  std::unique_ptr<CpuEngine> engine_;
  std::unique_ptr<Denoiser> denoiser_;
  std::unique_ptr<Run> run_;
  int questions_ = 0;  // the number of the last one
  int available_ = 0;
  int position_ = 0;
};

}  // namespace undiffuse
