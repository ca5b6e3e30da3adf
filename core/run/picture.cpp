#include "core/run/picture.h"

#include <algorithm>
#include <cmath>

namespace undiffuse {
namespace {

constexpr int kEnlarge = 8;  // 28 pixels become 224
constexpr int kGap = 8;
constexpr int kStripColumns = 16;
constexpr std::uint8_t kWhite = 255;

std::uint8_t level(float value) {
  return static_cast<std::uint8_t>(std::lround((std::clamp(value, -1.0f, 1.0f) + 1) * 127.5f));
}

void paste(const Picture& from, Picture& to, int left, int top) {
  const int row = from.width * from.channels;
  for (int y = 0; y < from.height; ++y) {
    const auto target = ((top + y) * to.width + left) * to.channels;
    std::copy_n(from.pixels.begin() + y * row, row, to.pixels.begin() + target);
  }
}

Picture field_picture(Session& session, int step, int sample, Field field) {
  session.compute(step);
  std::vector<float> values(static_cast<size_t>(session.model().image.image_size()));
  UNDIFFUSE_ASSERT(session.field(step, sample, field, values));
  return picture_of(session.model().image, values);
}

Picture frame(Session& session, int position, int sample) {
  return position == 0 ? field_picture(session, 0, sample, Field::XT)
                       : field_picture(session, position - 1, sample, Field::XPrev);
}

Picture strip(Session& session, int sample) {
  const int last = session.num_steps() - 1, columns = std::min(kStripColumns, session.num_steps());
  std::vector<Picture> x_t, x0_hat;
  for (int column = 0; column < columns; ++column) {
    const int step = columns == 1 ? last : column * last / (columns - 1);
    x_t.push_back(field_picture(session, step, sample, Field::XT));
    x0_hat.push_back(field_picture(session, step, sample, Field::X0Hat));
  }
  x_t.insert(x_t.end(), x0_hat.begin(), x0_hat.end());
  for (Picture& picture : x_t) picture = enlarged(picture, 2);
  return tiled(x_t, columns, kGap / 2);
}

}  // namespace

Picture picture_of(const Shape& image, std::span<const float> values) {
  UNDIFFUSE_ASSERT(values.size() == static_cast<size_t>(image.image_size()));
  UNDIFFUSE_ASSERT(image.channels == 1 || image.channels == 3);
  Picture picture{image.width, image.height, image.channels, {}};
  picture.pixels.resize(values.size());
  std::transform(values.begin(), values.end(), picture.pixels.begin(), level);
  return picture;
}

Picture enlarged(const Picture& picture, int factor) {
  Picture large{picture.width * factor, picture.height * factor, picture.channels, {}};
  large.pixels.reserve(picture.pixels.size() * static_cast<size_t>(factor * factor));
  for (int y = 0; y < large.height; ++y) {
    for (int x = 0; x < large.width; ++x) {
      const int pixel = (y / factor * picture.width + x / factor) * picture.channels;
      const auto from = picture.pixels.begin() + pixel;
      large.pixels.insert(large.pixels.end(), from, from + picture.channels);
    }
  }
  return large;
}

Picture tiled(std::span<const Picture> pictures, int columns, int gap) {
  UNDIFFUSE_ASSERT(!pictures.empty() && columns > 0);
  const Picture& first = pictures.front();
  const int rows = (static_cast<int>(pictures.size()) + columns - 1) / columns;
  Picture sheet{columns * (first.width + gap) - gap, rows * (first.height + gap) - gap, first.channels, {}};
  sheet.pixels.assign(static_cast<size_t>(sheet.width) * static_cast<size_t>(sheet.height * sheet.channels),
                      kWhite);
  for (int i = 0; i < static_cast<int>(pictures.size()); ++i) {
    const Picture& picture = pictures[static_cast<size_t>(i)];
    UNDIFFUSE_ASSERT(picture.width == first.width && picture.height == first.height &&
                     picture.channels == first.channels);
    paste(picture, sheet, i % columns * (first.width + gap), i / columns * (first.height + gap));
  }
  return sheet;
}

Picture sheet_of(std::span<const Picture> pictures) {
  std::vector<Picture> large;
  for (const Picture& picture : pictures) large.push_back(enlarged(picture, kEnlarge));
  const int columns = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(pictures.size()))));
  return tiled(large, columns, kGap);
}

Picture sheet_at(Session& session, int position) {
  std::vector<Picture> images;
  for (int sample = 0; sample < session.settings().images; ++sample) {
    images.push_back(frame(session, position, sample));
  }
  return sheet_of(images);
}

Picture keepsake(Session& session, Keepsake what, int position, int sample) {
  if (what == Keepsake::Sheet) return sheet_at(session, session.num_steps());
  if (what == Keepsake::Strip) return strip(session, sample);
  return enlarged(frame(session, position, sample), kEnlarge);
}

std::vector<std::byte> keepsake_png(Session& session, Keepsake what, int position, int sample) {
  return encode_png(keepsake(session, what, position, sample), format_settings(session.settings()));
}

}  // namespace undiffuse
