// Any settings string gives legal settings, and its canonical form is a fixed point.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/error.h"
#include "core/run/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace undiffuse;
  const ParsedSettings parsed = parse_settings({reinterpret_cast<const char*>(data), size});
  const ParsedSettings again = parse_settings(format_settings(parsed.settings));
  UNDIFFUSE_ASSERT(again.settings == parsed.settings && again.notes.empty());
  return 0;
}
