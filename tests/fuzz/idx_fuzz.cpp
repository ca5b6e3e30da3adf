// Any bytes as an IDX file: refused, or as many values as its shape says.
#include <cstdint>

#include "native/tool/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const auto array = undiffuse::parse_idx(std::as_bytes(std::span(data, size)));
  if (!array) return 0;
  size_t count = 1;
  for (const int length : array->shape) count *= static_cast<size_t>(length);
  UNDIFFUSE_ASSERT(count == array->values.size());
  return 0;
}
