#include "native/files/image_file.h"

#include <cstdint>
#include <memory>

#include "native/files/files.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS 16384
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include <stb/stb_image.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace undiffuse {
namespace {

constexpr size_t kLargestFile = size_t{64} << 20;

struct Levels {
  int width = 0, height = 0, channels = 1;
  std::unique_ptr<std::uint8_t, decltype(&stbi_image_free)> values{nullptr, &stbi_image_free};

  int at(int row, int column, int channel) const {
    return values
        .get()[(static_cast<size_t>(row) * static_cast<size_t>(width) + static_cast<size_t>(column)) *
                   static_cast<size_t>(channels) +
               static_cast<size_t>(channel)];
  }
};

Levels decode(std::span<const std::byte> file, int channels) {
  Levels levels;
  levels.channels = channels;
  int in_file = 0;
  levels.values.reset(stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(file.data()),
                                            static_cast<int>(file.size()), &levels.width, &levels.height,
                                            &in_file, channels));
  return levels;
}

// The mean level of a square of `factor` pixels each way.
double mean_level(const Levels& levels, int row, int column, int channel, int factor) {
  double sum = 0;
  for (int y = 0; y < factor; ++y) {
    for (int x = 0; x < factor; ++x) sum += levels.at(row * factor + y, column * factor + x, channel);
  }
  return sum / (factor * factor);
}

std::string size_text(int width, int height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

Result<Levels> decode_file(std::span<const std::byte> file, int channels) {
  if (file.size() > kLargestFile) return Error{"This picture is larger than 64 MiB: make it smaller."};
  Levels levels = decode(file, channels);
  if (!levels.values) return Error{"This is no PNG that can be read: save the picture as PNG again."};
  return levels;
}

}  // namespace

Result<std::vector<float>> parse_image(std::span<const std::byte> file, const Shape& image, DataRange range) {
  const Result<Levels> decoded = decode_file(file, image.channels);
  if (!decoded) return decoded.error();
  const Levels& levels = *decoded;
  const int factor = levels.width / image.width;
  if (factor < 1 || levels.width != factor * image.width || levels.height != factor * image.height) {
    return Error{"This picture has " + size_text(levels.width, levels.height) + " pixels, the model's have " +
                 size_text(image.width, image.height) + ": resize it to that, or to a whole multiple."};
  }
  std::vector<float> values;
  values.reserve(static_cast<size_t>(image.image_size()));
  for (int row = 0; row < image.height; ++row) {
    for (int column = 0; column < image.width; ++column) {
      for (int channel = 0; channel < image.channels; ++channel) {
        values.push_back(range.value_of(mean_level(levels, row, column, channel, factor)));
      }
    }
  }
  return values;
}

Result<Picture> parse_picture(std::span<const std::byte> file) {
  constexpr int kColors = 3, kAlpha = 3, kOpaque = 255;
  const Result<Levels> levels = decode_file(file, kColors + 1);
  if (!levels) return levels.error();
  Picture picture{levels->width, levels->height, kColors, {}};
  for (int row = 0; row < picture.height; ++row) {
    for (int column = 0; column < picture.width; ++column) {
      const int alpha = levels->at(row, column, kAlpha);
      for (int color = 0; color < kColors; ++color) {
        const int mixed = (levels->at(row, column, color) * alpha + kOpaque * (kOpaque - alpha)) / kOpaque;
        picture.pixels.push_back(static_cast<std::uint8_t>(mixed));
      }
    }
  }
  return picture;
}

Result<std::vector<float>> read_image(const std::string& path, const Shape& image, DataRange range) {
  const auto file = read_file(path);
  if (!file) return file.error();
  auto values = parse_image(*file, image, range);
  if (!values) return Error{path + ": " + values.error().message};
  return values;
}

}  // namespace undiffuse
