// Any bytes give a settings string or a sentence.
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/error.h"
#include "core/run/png.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto settings = undiffuse::settings_of_png(std::as_bytes(std::span(data, size)));
  UNDIFFUSE_ASSERT(settings ? settings->size() <= size : !settings.error().message.empty());
  return 0;
}
