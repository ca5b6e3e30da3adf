// The settings: a control for each row of the core's table.
#pragma once

#include <optional>
#include <string_view>

#include "native/app/view.h"

namespace undiffuse {

class ControlsPanel {
 public:
  void draw(View& view);

 private:
  void control(View& view, const Setting& row);
  void model(View& view, const Setting& row);
  void choice(View& view, const Setting& row);
  void number(View& view, const Setting& row);
  void slider(View& view, const Setting& row);

  /// A slider being dragged: applied when it is let go.
  struct Draft {
    std::string_view name;
    float value;
  };
  std::optional<Draft> draft_;
};

}  // namespace undiffuse
