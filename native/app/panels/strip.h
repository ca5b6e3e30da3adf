// The way so far: x_t above, x0_hat below, a timeline to scrub, and the schedules on the same axis.
#pragma once

#include <memory>

#include "native/app/picture_texture.h"
#include "native/app/schedules.h"
#include "native/app/view.h"

namespace undiffuse {

class StripPanel {
 public:
  static float height(float width);
  void draw(View& view, float width);

 private:
  struct Column {
    PictureTexture above, below;
  };

  void columns(View& view, float column);
  void timeline(View& view, float column);
  void chart(View& view, float column);
  void refresh_curves(const View& view);
  double part_of(const View& view) const;

  std::vector<std::unique_ptr<Column>> columns_;

  // The curves, and what they were made of.
  std::vector<ScheduleCurve> curves_;
  std::vector<double> rising_;  // the chosen schedule's alpha_bar
  Settings curves_of_;
  Curve curve_ = Curve::AlphaBar;
};

}  // namespace undiffuse
