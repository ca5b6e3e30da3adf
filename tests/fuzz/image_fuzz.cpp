// Any bytes as a picture: refused, or an image of the model's shape with values in [-1, 1].
#include <algorithm>
#include <cstdint>

#include "core/run/given_image.h"
#include "native/files/image_file.h"

namespace {

void check(const std::vector<float>& values, const undiffuse::Shape& shape) {
  UNDIFFUSE_ASSERT(values.size() == static_cast<size_t>(shape.image_size()));
  UNDIFFUSE_ASSERT(std::all_of(values.begin(), values.end(), [](float x) { return x >= -1 && x <= 1; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  for (const undiffuse::Shape& shape : {undiffuse::Shape{1, 28, 28, 1}, undiffuse::Shape{1, 4, 4, 3}}) {
    const auto file = std::as_bytes(std::span(data, size));
    if (const auto values = undiffuse::parse_image(file, shape)) check(*values, shape);
    if (const auto picture = undiffuse::parse_picture(file)) {
      check(undiffuse::fit_picture(*picture, shape), shape);
    }
  }
  return 0;
}
