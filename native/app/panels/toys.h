// The toys of the 2015 paper in place of the images: Swiss roll and binary heartbeat, walked both ways.
#pragma once

#include <functional>
#include <string>

#include "native/app/panels/heartbeat.h"
#include "native/app/panels/swiss_roll.h"
#include "native/app/toy_runner.h"
#include "native/app/window.h"

namespace undiffuse {

class ToysPanel {
 public:
  /// The folder with the toys' weights; `news` as the runner's.
  ToysPanel(const std::string& folder, std::function<void()> news);

  /// Takes what the runner has, and the next step if one is due.
  void update();
  void draw(ImVec2 size, bool dark);
  void key(const KeyPress& press);
  double seconds_to_next_frame() const;
  std::string title() const;  ///< "Swiss roll: step 3 of 40 · t = 38 → 37"

 private:
  /// Swiss roll or heartbeat, as a person left it.
  struct Toy {
    ToyChoice choice;
    int position = 0;
    bool playing = true;
  };

  bool on_roll() const { return roll_shown_; }
  Toy& toy() { return roll_shown_ ? roll_ : beat_; }
  const Toy& toy() const { return roll_shown_ ? roll_ : beat_; }
  const ToyScene* scene() const;  ///< of the toy's choice; null until it is there
  int num_steps() const;
  void seek(int position);
  void toggle_play();
  void draw_controls(float width);
  void draw_tabs(float width);
  void draw_model();
  void draw_steps();

  ToyRunner runner_;
  ToySnapshot snapshot_;
  bool roll_shown_ = true;
  Toy roll_{{"swiss-roll-perceptron", 40, 1}, 0, true};
  Toy beat_{{"heartbeat", 2000, 1}, 0, true};
  int steps_draft_ = 0;  // while a hand is on the slider; else 0
  double due_ = 0;       // when the next step is shown while playing
  SwissRollPanel swiss_roll_;
  HeartbeatPanel heartbeat_;
};

}  // namespace undiffuse
