#include "core/run/given_image.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/error.h"
#include "core/base/random.h"

namespace undiffuse {
namespace {

constexpr std::array<ImagePart, 5> kParts = {{
    {"left", {0, 4}, {0, 2}},
    {"right", {0, 4}, {2, 4}},
    {"top", {0, 2}, {0, 4}},
    {"bottom", {2, 4}, {0, 4}},
    {"middle", {1, 3}, {1, 3}},
}};

// Where a quarter of a side begins, from the nearer end, so that parts lie evenly on any side.
constexpr int at_quarter(int quarter, int side) {
  return quarter <= 2 ? quarter * side / 4 : side - (4 - quarter) * side / 4;
}

bool lies_in(const ImagePart::Quarters& quarters, int i, int side) {
  return i >= at_quarter(quarters.from, side) && i < at_quarter(quarters.to, side);
}

// Where the picture's middle of the image's proportions lies, in the picture's pixels.
struct Cut {
  double left = 0, top = 0, scale = 1;  // scale: picture pixels for one of the image

  Cut(const Picture& picture, const Shape& image)
      : scale(std::min(static_cast<double>(picture.width) / image.width,
                       static_cast<double>(picture.height) / image.height)) {
    left = (picture.width - scale * image.width) / 2;
    top = (picture.height - scale * image.height) / 2;
  }
};

double level(const Picture& picture, int row, int column, int channel, int channels) {
  const auto at = [&](int c) {
    return static_cast<double>(
        picture.pixels[static_cast<size_t>((row * picture.width + column) * picture.channels + c)]);
  };
  if (picture.channels < 3) return at(0);
  if (channels == 3) return at(channel);
  return 0.299 * at(0) + 0.587 * at(1) + 0.114 * at(2);  // ITU-R BT.601
}

// The part of pixel i that lies in [low, high).
double overlap(int i, double low, double high) {
  return std::max(0.0, std::min(i + 1.0, high) - std::max(static_cast<double>(i), low));
}

// The mean of what a pixel covers; of the nearest pixel where that is less than a pixel at an edge.
double mean_level(const Picture& picture, const Cut& cut, int row, int column, int channel, int channels) {
  const double top = cut.top + row * cut.scale, left = cut.left + column * cut.scale;
  const double bottom = top + cut.scale, right = left + cut.scale;
  double sum = 0, area = 0;
  for (int y = static_cast<int>(top); y < std::min(picture.height, static_cast<int>(std::ceil(bottom)));
       ++y) {
    for (int x = static_cast<int>(left); x < std::min(picture.width, static_cast<int>(std::ceil(right)));
         ++x) {
      const double part = overlap(y, top, bottom) * overlap(x, left, right);
      sum += part * level(picture, y, x, channel, channels);
      area += part;
    }
  }
  return area > 0 ? sum / area : 0;
}

// Of one channel: more than half of what borders the image is brighter than mid-grey.
bool is_ink_on_paper(std::span<const float> values, const Shape& image) {
  int bright = 0, edge = 0;
  for (int row = 0; row < image.height; ++row) {
    for (int column = 0; column < image.width; ++column) {
      if (row > 0 && row + 1 < image.height && column > 0 && column + 1 < image.width) continue;
      ++edge;
      bright += values[static_cast<size_t>(row * image.width + column)] > 0;
    }
  }
  return 2 * bright > edge;
}

}  // namespace

std::vector<float> fit_picture(const Picture& picture, const Shape& image) {
  UNDIFFUSE_ASSERT(picture.width > 0 && picture.height > 0 && picture.channels > 0);
  UNDIFFUSE_ASSERT(picture.pixels.size() == static_cast<size_t>(picture.width) *
                                                static_cast<size_t>(picture.height * picture.channels));
  const Cut cut(picture, image);
  std::vector<float> values;
  values.reserve(static_cast<size_t>(image.image_size()));
  for (int i = 0; i < image.image_size(); ++i) {
    const int pixel = i / image.channels;
    const double mean = mean_level(picture, cut, pixel / image.width, pixel % image.width, i % image.channels,
                                   image.channels);
    values.push_back(static_cast<float>(mean / 127.5 - 1));
  }
  if (image.channels == 1 && is_ink_on_paper(values, image)) {
    for (float& value : values) value = -value;
  }
  return values;
}

std::vector<float> with_noise(std::span<const float> image, double sigma, std::uint64_t seed) {
  std::vector<float> noisy(image.size());
  fill_normal(noisy, seed, 0, 0, Purpose::Evidence);
  ArrayMap y = array(std::span(noisy));
  y = array(image) + static_cast<float>(sigma) * y;
  return noisy;
}

std::span<const ImagePart> image_parts() { return kParts; }

std::vector<float> known_without(const ImagePart& part, const Shape& image) {
  std::vector<float> known;
  known.reserve(static_cast<size_t>(image.image_size()));
  for (int i = 0; i < image.image_size(); ++i) {
    const int pixel = i / image.channels;
    const bool missing = lies_in(part.rows, pixel / image.width, image.height) &&
                         lies_in(part.columns, pixel % image.width, image.width);
    known.push_back(missing ? 0.0f : 1.0f);
  }
  return known;
}

}  // namespace undiffuse
