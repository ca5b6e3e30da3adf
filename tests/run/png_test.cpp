#include "core/run/png.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/run/settings.h"

namespace undiffuse {
namespace {

Picture gradient() {
  Picture picture{5, 3, 3, {}};
  for (int i = 0; i < 5 * 3 * 3; ++i) picture.pixels.push_back(static_cast<std::uint8_t>(i * 5));
  return picture;
}

std::string message_of(const std::vector<std::byte>& file) {
  const Result<std::string> settings = settings_of_png(file);
  return settings ? "" : settings.error().message;
}

TEST(Png, GivesBackItsSettings) {
  const std::string settings = "class=7&steps=20&schedule=linear&seed=4294967295";
  const auto read = settings_of_png(encode_png(gradient(), settings));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, settings);
}

TEST(Png, AllDefaultsAreSettingsToo) {
  const auto read = settings_of_png(encode_png(gradient(), ""));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, "");
}

TEST(Png, WithoutSettingsSaysSo) {
  auto file = encode_png(gradient(), "");
  file.erase(file.begin() + 33, file.begin() + 33 + 12 + 10);  // the text's chunk
  EXPECT_NE(message_of(file).find("no settings"), std::string::npos);
}

TEST(Png, OtherFilesAreRefused) {
  EXPECT_NE(message_of({}).find("not a PNG"), std::string::npos);
  EXPECT_NE(message_of(std::vector<std::byte>(100)).find("not a PNG"), std::string::npos);
}

// Its chunks sit where the specification wants them: IHDR first, IEND last, the text between.
TEST(Png, TextFollowsTheHeader) {
  const auto file = encode_png(gradient(), "steps=9");
  const std::string text(reinterpret_cast<const char*>(file.data()), file.size());
  EXPECT_EQ(text.substr(12, 4), "IHDR");
  EXPECT_EQ(text.substr(37, 4), "tEXt");
  EXPECT_EQ(text.substr(text.size() - 8, 4), "IEND");
}

TEST(Png, EveryTruncationBeforeTheTextEndsIsRefused) {
  const auto file = encode_png(gradient(), "steps=9");
  const size_t end_of_text = 33 + 12 + 10 + 7;
  for (size_t size = 0; size < end_of_text; ++size) {
    EXPECT_FALSE(message_of({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)}).empty())
        << size;
  }
}

TEST(Png, AFlippedBitInTheTextIsRefused) {
  const auto file = encode_png(gradient(), "steps=9");
  for (size_t byte = 41 + 10; byte < 41 + 17; ++byte) {
    auto flipped = file;
    flipped[byte] ^= std::byte{4};
    EXPECT_NE(message_of(flipped).find("damaged"), std::string::npos) << byte;
  }
}

}  // namespace
}  // namespace undiffuse
