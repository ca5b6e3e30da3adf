#include "native/app/brush.h"

#include <algorithm>
#include <cmath>

namespace undiffuse {
namespace {

constexpr float kInk = 1, kBackground = -1;

}  // namespace

PaintedImage PaintedImage::blank(const Shape& shape) {
  const auto size = static_cast<size_t>(shape.image_size());
  return {shape, std::vector<float>(size, kBackground), std::vector<float>(size, 1)};
}

bool PaintedImage::is_blank() const {
  return std::all_of(image.begin(), image.end(), [](float value) { return value == kBackground; });
}

bool PaintedImage::hides_something() const { return std::find(known.begin(), known.end(), 0) != known.end(); }

Stroke::Stroke(const PaintedImage& image, BrushTool tool, float size)
    : tool_(tool), size_(size), before_(image.image), cover_(static_cast<size_t>(image.shape.pixels())) {}

void Stroke::to(PaintedImage& image, float x, float y) {
  if (x_ < 0) {
    x_ = x;
    y_ = y;
  }
  const float from_x = x_, from_y = y_;
  const int stamps = std::max(1, static_cast<int>(std::ceil(2 * std::hypot(x - from_x, y - from_y))));
  for (int i = 1; i <= stamps; ++i) {
    const float part = static_cast<float>(i) / static_cast<float>(stamps);
    stamp(image, from_x + (x - from_x) * part, from_y + (y - from_y) * part);
  }
  x_ = x;
  y_ = y;
}

void Stroke::stamp(PaintedImage& image, float x, float y) {
  for (int row = 0; row < image.shape.height; ++row) {
    for (int column = 0; column < image.shape.width; ++column) {
      const float distance =
          std::hypot(static_cast<float>(column) + 0.5f - x, static_cast<float>(row) + 0.5f - y);
      paint(image, row * image.shape.width + column, std::clamp(size_ / 2 + 0.5f - distance, 0.0f, 1.0f));
    }
  }
}

void Stroke::paint(PaintedImage& image, int pixel, float part) {
  float& cover = cover_[static_cast<size_t>(pixel)];
  if (part <= cover) return;
  cover = part;
  for (int channel = 0; channel < image.shape.channels; ++channel) {
    const auto i = static_cast<size_t>(pixel * image.shape.channels + channel);
    if (tool_ == BrushTool::Hide || tool_ == BrushTool::Show) {
      if (part >= 0.5f) image.known[i] = tool_ == BrushTool::Show ? 1.0f : 0.0f;
    } else {
      const float paint = tool_ == BrushTool::Draw ? kInk : kBackground;
      image.image[i] = before_[i] + (paint - before_[i]) * part;
    }
  }
}

}  // namespace undiffuse
