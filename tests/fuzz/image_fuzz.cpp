// Any bytes as a picture: refused, or an image of the model's shape with values in [-1, 1].
#include <algorithm>
#include <cstdint>

#include "native/files/image_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  for (const undiffuse::Shape& shape : {undiffuse::Shape{1, 28, 28, 1}, undiffuse::Shape{1, 4, 4, 3}}) {
    const auto values = undiffuse::parse_image(std::as_bytes(std::span(data, size)), shape);
    if (!values) continue;
    UNDIFFUSE_ASSERT(values->size() == static_cast<size_t>(shape.image_size()));
    UNDIFFUSE_ASSERT(std::all_of(values->begin(), values->end(), [](float x) { return x >= -1 && x <= 1; }));
  }
  return 0;
}
