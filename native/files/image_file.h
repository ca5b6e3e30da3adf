// Images from files, as a model sees them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/data_range.h"
#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/run/png.h"

namespace undiffuse {

/// PNG bytes as [height, width, channels] of `image` with the values of `range`: grey from colour by its
/// brightness, colour from grey by repeating it. A picture of a whole multiple of the size is averaged down.
/// Refuses others, and what is no PNG, with a sentence.
Result<std::vector<float>> parse_image(std::span<const std::byte> file, const Shape& image,
                                       DataRange range = {});

/// The same of a file; the sentence begins with its path.
Result<std::vector<float>> read_image(const std::string& path, const Shape& image, DataRange range = {});

/// PNG bytes of any size as R, G, B, what is transparent on white. Refuses what is no PNG with a sentence.
Result<Picture> parse_picture(std::span<const std::byte> file);

}  // namespace undiffuse
