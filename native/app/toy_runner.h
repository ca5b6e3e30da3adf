// The toys' thread: makes the run that the window wishes for, and what is looked at of it.
//
// As with the images' Runner the window never waits: the newest wish wins, even in the middle of a run, and
// what it draws is the latest snapshot, whose parts never change.
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

#include "core/run/toys/bit_view.h"
#include "core/run/toys/toy_data.h"
#include "core/run/toys/toy_run.h"
#include "core/run/toys/toy_view.h"

namespace undiffuse {

/// What decides a run.
struct ToyChoice {
  std::string model;  ///< a file of the toys' folder, without its ending
  int steps = 2;
  std::uint32_t seed = 1;
  bool operator==(const ToyChoice&) const = default;
};

/// A place of a run of points that is looked at closely.
struct ToyPlace {
  int position = 0;                  ///< the state whose density lies behind
  std::array<float, 2> point{0, 0};  ///< the x_t of the step that leaves it (at the end, of the last)
  bool operator==(const ToyPlace&) const = default;
};

/// A whole run, of points or of bits.
struct ToyScene {
  ToyChoice choice;
  ToyModel model;
  std::optional<PointRun> points;
  std::optional<BitRun> bits;

  const std::vector<int>& times() const { return points ? points->times() : bits->times(); }
  int num_steps() const { return static_cast<int>(times().size()) - 1; }
};

struct ToyLook {
  static constexpr int kDensitySide = 80, kReverseSide = 128;
  static constexpr float kReach = 3.2f;  ///< the density's window spans this much each way

  ToyPlace place;
  std::vector<float> density;  ///< [kDensitySide²] q(x_t), rows from the top
  ReverseComparison reverse;
  std::vector<float> reverse_density;  ///< [kReverseSide²] q(x_s | x_t) on reverse.window
};

struct ToyBoundOf {
  int steps = 0;
  ToyBound bound;
};

struct ToySnapshot {
  std::shared_ptr<const ToyScene> scene;    ///< null before the first run
  std::shared_ptr<const ToyLook> look;      ///< of the scene, which is of points; null until it is there
  std::shared_ptr<const ToyBoundOf> bound;  ///< of bits in so many steps; the last one measured
  std::string complaint;                    ///< why the choice has no run; else empty
};

class ToyRunner {
 public:
  /// `news` is called on the runner's thread after each change of the snapshot.
  ToyRunner(std::string folder, std::function<void()> news);
  ~ToyRunner();  ///< waits for what is at hand
  ToyRunner(const ToyRunner&) = delete;
  ToyRunner& operator=(const ToyRunner&) = delete;

  /// Returns at once.
  void look_at(const ToyChoice& choice, const ToyPlace& place);
  ToySnapshot snapshot() const;

 private:
  struct Wish {
    ToyChoice choice;
    ToyPlace place;
    bool operator==(const Wish&) const = default;
  };

  void loop();
  void fulfil(const Wish& wish);
  bool outdated(const Wish& wish) const;  // another run is wished for, or none any more
  void make_scene(const Wish& wish);
  void look(const ToyScene& scene, const ToyPlace& place);
  void measure(const ToyScene& scene);
  void publish(const std::function<void(ToySnapshot&)>& change);

  const std::string folder_;
  const std::function<void()> news_;
  const PointMixture roll_ = swiss_roll();
  const BitPatterns beats_ = heartbeats();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Wish asked_;                // the newest
  std::optional<Wish> wish_;  // the same until it is taken up
  bool stop_ = false;
  ToySnapshot snapshot_;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace undiffuse
