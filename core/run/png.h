// PNG files that remember how they were made: pixels, and in tEXt chunks the settings string and the
// evidence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace undiffuse {

/// 8-bit pixels, row by row from the top; one channel is grey, three are R, G, B.
struct Picture {
  int width = 0;
  int height = 0;
  int channels = 1;
  std::vector<std::uint8_t> pixels;  ///< [height, width, channels]
};

/// The file's bytes. `settings` is a settings string (printable ASCII; all defaults are the empty one),
/// `evidence` what format_evidence() gives, empty if there was none.
std::vector<std::byte> encode_png(const Picture& picture, std::string_view settings,
                                  std::string_view evidence = "");

/// The same without settings, for pictures that they would not bring back.
std::vector<std::byte> encode_png(const Picture& picture);

/// The settings string in a file made by encode_png(), whatever else has been done to its pixels
/// since. Refuses other files, and damaged chunks, with a sentence.
Result<std::string> settings_of_png(std::span<const std::byte> file);

/// The evidence in such a file, for parse_evidence(); empty if it was made without.
Result<std::string> evidence_of_png(std::span<const std::byte> file);

}  // namespace undiffuse
