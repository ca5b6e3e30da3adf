// The network opened: its blocks as a graph, and what the chosen one puts out in the step on show.
#pragma once

#include <memory>
#include <vector>

#include "native/app/picture_texture.h"
#include "native/app/view.h"

namespace undiffuse {

class NetworkPanel {
 public:
  /// The block to begin with: the last that takes a skip, whose maps look most like the image.
  static int first_block(const BlockGraph& network);

  void draw(View& view, ImVec2 size);

 private:
  void draw_features(const View& view, ImVec2 size);
  void update(const BlockFeatures& features, const Shape& output);
  void draw_maps(const Block& block, ImVec2 size);
  void draw_basis(const View& view, ImVec2 size) const;
  void draw_words(const View& view, const Block& block);
  void draw_large(const View& view, float side);

  /// A channel of the features shown.
  struct Map {
    std::unique_ptr<PictureTexture> texture = std::make_unique<PictureTexture>();
    std::vector<float> values;
    MapRange scale;
  };

  std::shared_ptr<const BlockFeatures> shown_;
  std::vector<Map> maps_;
  int channel_ = 0;
};

}  // namespace undiffuse
