// The bits of 64 sequences as a raster, their chances to flip, one sequence through all steps, and K.
#pragma once

#include <optional>
#include <string>

#include <imgui.h>

#include "native/app/toy_runner.h"

namespace undiffuse {

class HeartbeatPanel {
 public:
  /// The position that a person asked for, if one did.
  std::optional<int> draw(const ToyScene& scene, int position, const std::string& title, ImVec2 size);
  /// K and its reference lines, for the controls' column.
  void draw_bound(const ToyBoundOf* bound, int num_steps) const;

 private:
  void raster(const Bits& shades, const Bits& valid, ImU32 color, ImVec2 size);
  std::optional<int> history(const BitRun& run, int position, ImVec2 size) const;

  const BitPatterns data_ = heartbeats();
  int chosen_ = 0;  // the sequence that is followed
};

}  // namespace undiffuse
