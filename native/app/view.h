// What the window shows and how a person changed it; the panels read and write this.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "native/app/runner.h"
#include "native/app/schedules.h"
#include "native/app/widgets.h"
#include "native/files/zoo.h"

namespace undiffuse {

struct View {
  // The run, as the runner last showed it.
  Snapshot snapshot;

  // Where we are. `position` is the number of steps taken, 0..num_steps.
  int position = 0;
  int sample = 0;
  Inspected inspected;
  bool playing = true;

  // What a person asks of the app; it acts after the frame and clears them.
  Settings settings;                ///< as chosen; differing from the run's, they are applied
  std::optional<Settings> dragged;  ///< while a slider moves: for the chart alone
  std::optional<int> seek;          ///< to this position
  std::optional<Keepsake> save;
  bool toggle_play = false;
  std::optional<Evidence> give;  ///< evidence for the run; of kind None: none any more
  bool show_network = false;
  bool show_given = false;  ///< the panel of a given image
  bool show_bound = false;
  bool show_toys = false;  ///< in place of the images
  int block = 0;           ///< of the network, whose features are shown
  bool show_help = false;
  bool show_save = false;
  bool show_card = false;  ///< of the model whose settings hold
  bool dark = false;

  // For the panels.
  std::vector<ZooModel> models;  ///< that can be chosen
  Settings before_own;           ///< what the chosen model's own settings stand in for
  std::string card;              ///< its text, while it is shown
  std::string save_folder;
  std::string message;  ///< the last sentence, at the foot of the window
  Curve curve = Curve::AlphaBar;
  int threads = 1;

  bool has_run() const { return snapshot.run && snapshot.now; }
  int num_steps() const { return snapshot.run ? snapshot.run->num_steps() : 1; }
  const RunInfo& run() const { return *snapshot.run; }
  const StepImages& now() const { return *snapshot.now; }
  const Values& field(Field field) const { return now().fields[static_cast<size_t>(field)]; }
  /// The inspected pixel's value, in its plane.
  double pixel(Field field) const;
  /// What is known of the chosen model; null for one that came as a file.
  const ZooModel* model() const;
  /// From the list: with the settings that it was made for (own_settings.h).
  void choose_model(const std::string& name);
  bool has_overlay() const { return show_help || show_save || show_card; }
  void close_overlays() { show_help = show_save = show_card = false; }
  // The panels in the place of the way and the pixel: one of them, or neither.
  void toggle_network() {
    show_network = !show_network;
    show_given = false;
  }
  void toggle_given() {
    show_given = !show_given;
    show_network = false;
  }
  void toggle_bound() {
    show_bound = !show_bound;
    show_network = show_given = false;
  }
  bool finished() const { return position >= num_steps(); }
};

/// "Step 27 of 50 · t = 480 → 460"
std::string step_title(const View& view);

}  // namespace undiffuse
