// One image of numbers as a texture, a texel for each pixel, enlarged without smoothing.
#pragma once

#include <imgui.h>

#include <vector>

#include "core/base/tensor.h"
#include "native/app/colormap.h"

namespace undiffuse {

class PictureTexture {
 public:
  PictureTexture() = default;
  ~PictureTexture();
  PictureTexture(const PictureTexture&) = delete;
  PictureTexture& operator=(const PictureTexture&) = delete;

  /// Uploads when the values differ from those shown. Three channels are R, G, B, whatever the map.
  void show(const Shape& image, const std::vector<float>& values, Colormap map, MapRange range);
  bool empty() const { return shown_.empty(); }
  void clear() { shown_.clear(); }
  ImTextureID id() const;

 private:
  unsigned name_ = 0;  // OpenGL's
  std::vector<float> shown_;
  MapRange range_;
};

}  // namespace undiffuse
