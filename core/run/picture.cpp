#include "core/run/picture.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/run/evidence_text.h"

namespace undiffuse {
namespace {

constexpr int kEnlarge = 8;  // 28 pixels become 224
constexpr int kGap = 8;
constexpr int kStripColumns = 16;
constexpr std::uint8_t kWhite = 255;

void paste(const Picture& from, Picture& to, int left, int top) {
  const int row = from.width * from.channels;
  for (int y = 0; y < from.height; ++y) {
    const auto target = ((top + y) * to.width + left) * to.channels;
    std::copy_n(from.pixels.begin() + y * row, row, to.pixels.begin() + target);
  }
}

// After `position` steps.
KeepsakePart frame_part(int position, int sample) {
  return position == 0 ? KeepsakePart{0, sample, Field::XT}
                       : KeepsakePart{position - 1, sample, Field::XPrev};
}

// Column by column, so that no record is needed again once it may be gone.
std::vector<KeepsakePart> strip_parts(int num_steps, int sample) {
  const int last = num_steps - 1, columns = std::min(kStripColumns, num_steps);
  std::vector<KeepsakePart> parts;
  for (int column = 0; column < columns; ++column) {
    const int step = columns == 1 ? last : column * last / (columns - 1);
    parts.push_back({step, sample, Field::XT});
    parts.push_back({step, sample, Field::X0Hat});
  }
  return parts;
}

std::vector<KeepsakePart> sheet_parts(int position, int images) {
  std::vector<KeepsakePart> parts;
  for (int sample = 0; sample < images; ++sample) parts.push_back(frame_part(position, sample));
  return parts;
}

std::vector<KeepsakePart> parts_of(const Session& session, Keepsake what, int position, int sample) {
  if (what == Keepsake::Sheet) return sheet_parts(session.num_steps(), session.settings().images);
  if (what == Keepsake::Strip) return strip_parts(session.num_steps(), sample);
  return {frame_part(position, sample)};
}

// From column by column to x_t above, x0_hat below.
Picture strip_of(std::span<const Picture> pictures) {
  std::vector<Picture> rows;
  for (const size_t row : {size_t{0}, size_t{1}}) {
    for (size_t i = row; i < pictures.size(); i += 2) rows.push_back(enlarged(pictures[i], 2));
  }
  return tiled(rows, static_cast<int>(pictures.size() / 2), kGap / 2);
}

Picture made_at_once(KeepsakeMaker maker, Session& session) {
  while (!maker.work(session)) {
  }
  return maker.picture();
}

}  // namespace

Picture picture_of(const Shape& image, std::span<const float> values, DataRange range) {
  UNDIFFUSE_ASSERT(values.size() == static_cast<size_t>(image.image_size()));
  UNDIFFUSE_ASSERT(image.channels == 1 || image.channels == 3);
  Picture picture{image.width, image.height, image.channels, {}};
  picture.pixels.resize(values.size());
  std::transform(values.begin(), values.end(), picture.pixels.begin(), [range](float value) {
    return static_cast<std::uint8_t>(std::lround(range.level_of(value)));
  });
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

KeepsakeMaker::KeepsakeMaker(const Session& session, Keepsake what, int position, int sample)
    : KeepsakeMaker(what, parts_of(session, what, position, sample)) {}

KeepsakeMaker::KeepsakeMaker(Keepsake what, std::vector<KeepsakePart> parts)
    : what_(what), parts_(std::move(parts)) {}

bool KeepsakeMaker::work(Session& session) {
  if (done()) return true;
  if (!session.work(parts_[pictures_.size()].step)) return false;
  std::vector<float> values(static_cast<size_t>(session.model().image.image_size()));
  while (!done()) {
    const KeepsakePart& part = parts_[pictures_.size()];
    if (!session.field(part.step, part.sample, part.field, values)) break;  // a later step's
    pictures_.push_back(picture_of(session.model().image, values, session.model().range));
  }
  return done();
}

Picture KeepsakeMaker::picture() const {
  UNDIFFUSE_ASSERT(done());
  if (what_ == Keepsake::Strip) return strip_of(pictures_);
  return sheet_of(pictures_);  // a frame is a sheet of one
}

Picture sheet_at(Session& session, int position) {
  return made_at_once({Keepsake::Sheet, sheet_parts(position, session.settings().images)}, session);
}

Picture keepsake(Session& session, Keepsake what, int position, int sample) {
  return made_at_once({session, what, position, sample}, session);
}

std::vector<std::byte> keepsake_png(Session& session, Keepsake what, int position, int sample) {
  return keepsake_file(session, keepsake(session, what, position, sample));
}

std::vector<std::byte> keepsake_file(const Session& session, const Picture& picture) {
  return encode_png(picture, format_settings(session.settings()),
                    format_evidence(session.evidence(), session.model().image));
}

}  // namespace undiffuse
