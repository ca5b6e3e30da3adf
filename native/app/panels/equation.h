// One reverse step as an equation of pictures: x_t → network → mu + sigma × z = x_{t-1}.
#pragma once

#include "native/app/picture_texture.h"
#include "native/app/view.h"

namespace undiffuse {

class EquationPanel {
 public:
  /// Height that the panel takes at this width.
  static float height(const View& view, float width);
  void draw(View& view, float width);

 private:
  struct Term {
    Field field;
    Colormap map;
    const char* symbol;
    const char* caption;
    int digits;
    PictureTexture texture;
    MapRange range;
  };

  void update(const View& view);
  void choose_said();
  void term(View& view, Term& term, float side, float height);
  void open_network(View& view);
  void network(View& view, float side, float height);
  void grid(View& view, float side);
  void evidence(View& view);

  Term x_t_{Field::XT, Colormap::Grey, "x_t", "now", 1, {}, {}};
  Term said_{Field::MeanOutput, Colormap::Diverging, "", "", 1, {}, {}};  // beside the network: see kSaid
  Term mu_{Field::Mu, Colormap::Grey, "μ", "predicted mean", 1, {}, {}};
  Term sigma_{Field::Sigma, Colormap::Viridis, "σ", "predicted deviation", 3, {}, {}};
  Term z_{Field::Z, Colormap::Diverging, "z", "fresh noise", 1, {}, kNoiseRange};
  Term next_{Field::XPrev, Colormap::Grey, "x_{t−1}", "next", 1, {}, {}};
  PictureTexture evidence_;
  std::vector<std::unique_ptr<PictureTexture>> batch_;
};

}  // namespace undiffuse
