// The CRC-32 of PNG and ZIP files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace undiffuse {

/// Polynomial 0xedb88320, reflected, inverted at both ends (ISO 3309).
std::uint32_t crc32(std::span<const std::byte> bytes);

}  // namespace undiffuse
