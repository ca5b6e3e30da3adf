// The app: what the panels, the keys and the runner have to do with each other.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "native/app/panels/controls.h"
#include "native/app/panels/equation.h"
#include "native/app/panels/given.h"
#include "native/app/panels/network.h"
#include "native/app/panels/strip.h"
#include "native/app/panels/toys.h"
#include "native/app/preferences.h"
#include "native/app/runner.h"
#include "native/app/view.h"
#include "native/app/window.h"

namespace undiffuse {

struct AppOptions {
  std::string settings;        ///< a settings string; it wins over what is remembered
  std::string open;            ///< a file to open at once, as if it had been dropped
  std::string save_folder;     ///< where pictures go
  std::string weights_folder;  ///< where the models are
  int threads = 1;             ///< of the network
};

class App {
 public:
  App(Window& window, const Preferences& preferences, const AppOptions& options);

  void frame();
  /// How long nothing will move by itself.
  double seconds_to_next_frame() const;
  Preferences preferences() const;

 private:
  void take_news();
  void begin_run();
  void take_keys();
  void key(const KeyPress& press);
  void network_key(const KeyPress& press);
  void toys_key(const KeyPress& press);
  bool overlay_key(const KeyPress& press);
  void open_file(const std::string& path);
  void open_picture(const std::string& name, std::span<const std::byte> file);
  bool give_picture(std::span<const std::byte> file);
  void show_given();
  void open_model(const std::string& name);
  void play();
  void look();
  bool shows(int step) const;
  void act();
  void show_card();
  void save(Keepsake what);
  void seek(int position);
  void say(const std::string& sentence);

  void draw();
  void draw_header(float width);
  void draw_toys_button();
  void draw_left(ImVec2 size);
  void draw_right(ImVec2 size);
  void draw_way_and_pixel(ImVec2 size);

  Window& window_;
  const std::string weights_folder_;
  View view_;
  Settings applied_;                // what the runner was told last
  double overlay_since_ = -1;       // when it was opened; negative: none is open
  std::optional<Picture> picture_;  // a file's, that waits for a run
  bool show_evidence_ = false;      // of a file, once the run has it
  bool plays_next_run_ = false;     // until it comes, the run on show may end and stop playing
  double due_ = 0;                  // when the next step is shown while playing
  Runner runner_;                   // after view_: it may report at once

  ControlsPanel controls_;
  EquationPanel equation_;
  NetworkPanel network_;
  GivenPanel given_;
  StripPanel strip_;
  ToysPanel toys_;  // after view_, as the runner
};

}  // namespace undiffuse
