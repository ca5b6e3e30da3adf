// Any bytes give a settings string and evidence, or a sentence.
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/error.h"
#include "core/run/evidence_text.h"
#include "core/run/png.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto settings = undiffuse::settings_of_png(std::as_bytes(std::span(data, size)));
  UNDIFFUSE_ASSERT(settings ? settings->size() <= size : !settings.error().message.empty());
  const auto evidence = undiffuse::evidence_of_png(std::as_bytes(std::span(data, size)));
  UNDIFFUSE_ASSERT(evidence || !evidence.error().message.empty());
  if (evidence) {
    const auto parsed = undiffuse::parse_evidence(*evidence);
    UNDIFFUSE_ASSERT(parsed || !parsed.error().message.empty());
  }
  return 0;
}
