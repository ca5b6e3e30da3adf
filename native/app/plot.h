// Line plots on ImGui's draw list: a rectangle of the window with a scale of its own.
#pragma once

#include <imgui.h>

#include <span>

namespace undiffuse {

struct Interval {
  double min = 0;
  double max = 1;
};

class Plot {
 public:
  /// Takes the room at the cursor, as a widget does.
  Plot(ImVec2 size, Interval x, Interval y);

  ImVec2 at(double x, double y) const;  ///< in the window
  double x_of(float screen_x) const;
  ImVec2 min() const { return min_; }
  ImVec2 max() const { return max_; }

  void line(std::span<const ImVec2> points, ImU32 color, float width = 2) const;
  /// Filled down to the lower end of y.
  void area(std::span<const ImVec2> points, ImU32 color) const;
  void vertical(double x, ImU32 color, float width = 1.5f) const;
  void dashed_vertical(double x, ImU32 color) const;
  void floor(ImU32 color) const;  ///< the line at the lower end of y
  void dot(double x, double y, ImU32 color, float radius = 5) const;
  /// `align` 0: begins at the point, 0.5: centred, 1: ends there. Kept inside the plot.
  void label(ImVec2 at, const char* text, ImU32 color, float align = 0.5f, ImFont* font = nullptr) const;

 private:
  ImVec2 min_, max_;
  Interval x_, y_;
  ImDrawList& list_;
};

}  // namespace undiffuse
