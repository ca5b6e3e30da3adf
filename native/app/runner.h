// The network's thread: owns the session, does what it is told, shows what the window looks at.
//
// The window never waits for it: it asks (the newest wish wins) and draws the latest snapshot.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/run/block_places.h"
#include "core/run/evidence_table.h"
#include "core/run/picture.h"
#include "core/run/run_bound.h"
#include "core/run/session.h"

namespace undiffuse {

using Values = std::vector<float>;  ///< one image, [height, width, channels]

/// What does not change within a run.
struct RunInfo {
  ModelInfo model;
  Settings settings;
  std::vector<Stage> table;
  bool guided = false;  ///< two calls make one answer
  int calls = 0;        ///< of the network for one image of the whole run (NFE)
  BlockGraph network;
  BlockPlaces places;         ///< of its blocks in a drawing
  Evidence evidence;          ///< what is known of the image
  std::string evidence_note;  ///< a sentence if it has no say here

  int num_steps() const { return static_cast<int>(table.size()); }
};

/// All fields of one step of one sample, and x_prev of every sample.
struct StepImages {
  int step = -1;
  int sample = 0;
  std::array<Values, kNumFields> fields;
  std::vector<Values> batch;
};

/// A column of the film strip: the state after `position` steps, and where it was heading.
struct StripColumn {
  int position = 0;
  Values above, below;  ///< empty while not there
};

/// What a block of the network put out in a step, [height, width, channels] of its output.
struct BlockFeatures {
  int step = 0;
  int sample = 0;
  int block = 0;
  Values values;
};

/// The bound of one of the finished images, as far as it is computed.
struct ImageBound {
  int sample = 0;
  BoundCurve curve;
};

/// What the thread has to show; parts are shared and never change.
struct Snapshot {
  std::shared_ptr<const RunInfo> run;             ///< null until a model is open
  std::shared_ptr<const StepImages> now;          ///< null until the run's first step is there
  std::shared_ptr<const BlockFeatures> features;  ///< null until asked for
  std::shared_ptr<const ImageBound> bound;        ///< null until asked for, and the run is at its end
  std::vector<std::shared_ptr<const StripColumn>> strip;
  double milliseconds_per_step = 0;  ///< of the last step computed
  std::vector<std::string> notes;    ///< sentences not taken yet
};

class Runner {
 public:
  /// `news` is called on the runner's thread after each change of the snapshot.
  Runner(int threads, std::function<void()> news);
  ~Runner();  ///< waits for the slice at hand
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // All of these return at once.
  void open(std::vector<std::byte> weights, std::string name);
  void apply(const Settings& settings);
  /// Evidence for the run, or of kind None; a sentence if it is refused. It stays when another model of the
  /// same shape opens.
  void give(Evidence evidence);
  /// With a block, its features are wanted, too; with `bound`, the sample's bound once its image is there.
  void look_at(int step, int sample, std::optional<int> block = std::nullopt, bool bound = false);
  void save(Keepsake what, int position, int sample, std::string path);

  Snapshot snapshot() const;
  std::vector<std::string> take_notes();
  int threads() const { return threads_; }

 private:
  struct Wish {
    int step = 0;
    int sample = 0;
    std::optional<int> block = std::nullopt;
    bool bound = false;
    bool operator==(const Wish&) const = default;
  };

  void post(std::function<void()> command);
  void loop();
  bool advance(Wish wish);  // a slice of work; false if there is nothing left to do
  void set_evidence(Evidence evidence);
  void begin_run();
  void show_step(Wish wish);
  bool is_shown(Wish wish) const;
  bool features_shown(Wish wish) const;
  void show_features(Wish wish);
  bool fill_strip(int sample);
  bool extend_bound(int sample);
  StripColumn make_column(int position, int sample) const;
  void note(std::string sentence);
  void publish(const std::function<void(Snapshot&)>& change);

  const int threads_;
  const std::function<void()> news_;
  Session session_;                // the thread's alone
  std::optional<RunBound> bound_;  // so is this, of the image in the snapshot

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::function<void()>> commands_;
  Wish wish_;
  bool idle_ = true;
  bool stop_ = false;
  Snapshot snapshot_;

  std::thread thread_;  // last: it uses all of the above
};

/// Positions of the strip's columns, evenly over 0..num_steps with both ends.
std::vector<int> strip_positions(int num_steps);

}  // namespace undiffuse
