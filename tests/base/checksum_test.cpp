#include "core/base/checksum.h"

#include <gtest/gtest.h>

#include <string_view>

namespace undiffuse {
namespace {

std::uint32_t of(std::string_view text) { return crc32(std::as_bytes(std::span(text.data(), text.size()))); }

// The check value of the CRC catalogues ("CRC-32/ISO-HDLC"), and what every empty PNG ends with.
TEST(Checksum, HasThePublishedValues) {
  EXPECT_EQ(of("123456789"), 0xcbf43926u);
  EXPECT_EQ(of("IEND"), 0xae426082u);
  EXPECT_EQ(of(""), 0u);
}

}  // namespace
}  // namespace undiffuse
