// A GLFW window with an OpenGL 3 context and Dear ImGui in it; draws only when something happened.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"

struct GLFWwindow;

namespace undiffuse {

/// A key press that no widget takes: a GLFW key, or a character ('?') that layouts place differently.
struct KeyPress {
  int key = 0;             ///< GLFW_KEY_*, 0 for a character
  unsigned character = 0;  ///< Unicode, 0 for a key
};

class Window {
 public:
  /// One sentence if there is no display or no OpenGL 3.
  static Status create(Window& window, int width, int height);
  Window() = default;
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  bool should_close() const;
  void set_title(const std::string& title);
  /// Sleeps until there is an event or `seconds` have passed; returns at once while ImGui settles.
  void wait(double seconds);
  void begin_frame();
  void end_frame();

  /// From any thread: ends a wait().
  static void wake();

  float scale() const { return scale_; }  ///< of the display, 1 on an ordinary one
  std::vector<KeyPress> take_keys();
  std::vector<std::string> take_dropped_files();

 private:
  static Window& of(GLFWwindow* handle);
  void listen();

  GLFWwindow* handle_ = nullptr;
  float scale_ = 1;
  int frames_to_settle_ = 3;
  std::string title_;
  std::vector<KeyPress> keys_;
  std::vector<std::string> dropped_files_;
};

}  // namespace undiffuse
