#include "native/app/picture_texture.h"

#include <GLFW/glfw3.h>

#include <cmath>
#include <cstdint>

namespace undiffuse {
namespace {

std::vector<ImU32> colors_of(const Shape& image, const std::vector<float>& values, Colormap map,
                             MapRange range) {
  const float scale = 1 / std::max(range.max - range.min, 1e-12f);
  const auto part = [&](size_t i) { return (values[i] - range.min) * scale; };
  const auto level = [&](size_t i) {
    return static_cast<int>(std::lround(std::clamp(part(i), 0.0f, 1.0f) * 255));
  };
  std::vector<ImU32> colors(static_cast<size_t>(image.pixels()));
  for (size_t pixel = 0; pixel < colors.size(); ++pixel) {
    const size_t first = pixel * static_cast<size_t>(image.channels);
    colors[pixel] = image.channels == 3 ? IM_COL32(level(first), level(first + 1), level(first + 2), 255)
                                        : color_at(map, part(first));
  }
  return colors;
}

}  // namespace

PictureTexture::~PictureTexture() {
  if (name_ != 0 && glfwGetCurrentContext()) glDeleteTextures(1, &name_);
}

void PictureTexture::show(const Shape& image, const std::vector<float>& values, Colormap map,
                          MapRange range) {
  if (values.empty() || (values == shown_ && range.min == range_.min && range.max == range_.max)) return;
  shown_ = values;
  range_ = range;
  if (name_ == 0) glGenTextures(1, &name_);
  glBindTexture(GL_TEXTURE_2D, name_);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, image.width, image.height, 0, GL_RGBA, GL_UNSIGNED_BYTE,
               colors_of(image, values, map, range).data());
}

ImTextureID PictureTexture::id() const {
  return (ImTextureID)(static_cast<std::uintptr_t>(name_));  // NOLINT: a pointer or an integer, by version
}

}  // namespace undiffuse
