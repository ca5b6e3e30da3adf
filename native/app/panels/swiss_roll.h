// 2,000 points between noise and Swiss roll, and one reverse step from the chosen point, beside the truth.
#pragma once

#include <array>
#include <string>

#include "native/app/picture_texture.h"
#include "native/app/toy_runner.h"

namespace undiffuse {

class SwissRollPanel {
 public:
  std::array<float, 2> chosen() const { return chosen_; }  ///< x_t that the step is looked at from
  void draw(const ToyScene& scene, const ToyLook* look, int position, const std::string& title, bool dark,
            ImVec2 size);

 private:
  void draw_cloud(const PointRun& run, const ToyLook* look, int position, bool dark, float side);
  void draw_reverse(const ToyLook& look, bool dark, float side);

  std::array<float, 2> chosen_{0.3f, 0.2f};
  PictureTexture density_, reverse_;
};

}  // namespace undiffuse
