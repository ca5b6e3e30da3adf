// Restart, back, play or pause, one step.
#pragma once

#include <optional>

namespace undiffuse {

/// What a person pressed.
struct TransportPress {
  std::optional<int> seek;  ///< to this position
  bool toggle_play = false;
};

TransportPress draw_transport(bool playing, int position, float width);

}  // namespace undiffuse
