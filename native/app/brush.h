// Painting on an image of numbers and on its mask: a round brush with a soft edge.
#pragma once

#include <vector>

#include "core/base/tensor.h"

namespace undiffuse {

/// A given image while a person works on it.
struct PaintedImage {
  Shape shape{1, 0, 0, 0};
  std::vector<float> image;  ///< [height, width, channels] in [-1, 1]
  std::vector<float> known;  ///< the same shape: 1 where the image holds, else 0

  static PaintedImage blank(const Shape& shape);
  bool is_blank() const;
  bool hides_something() const;
};

/// What a stroke does: to the image, or to the mask of what is known.
enum class BrushTool { Draw, Erase, Hide, Show };

/// One stroke from button down to up: what it covers twice is painted once.
class Stroke {
 public:
  /// `size` is its diameter in pixels of the image.
  Stroke(const PaintedImage& image, BrushTool tool, float size);
  /// Goes on to a place, in pixels of the image from its upper left corner.
  void to(PaintedImage& image, float x, float y);

 private:
  void stamp(PaintedImage& image, float x, float y);
  void paint(PaintedImage& image, int pixel, float part);

  BrushTool tool_;
  float size_;
  std::vector<float> before_, cover_;
  float x_ = -1, y_ = -1;  // the place before; negative: none
};

}  // namespace undiffuse
