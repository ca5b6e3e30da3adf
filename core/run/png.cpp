#include "core/run/png.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/checksum.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

namespace undiffuse {
namespace {

// PNG specification (ISO/IEC 15948): a signature, then chunks of [length, type, data, CRC].
constexpr std::array<std::uint8_t, 8> kSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr size_t kChunkFrame = 12;  // length, type and CRC, four bytes each
constexpr size_t kHeaderEnd = kSignature.size() + kChunkFrame + 13;
// What a text is. The zero ends a keyword.
struct TextKind {
  std::string_view keyword;
  size_t most;  ///< characters
};
constexpr TextKind kSettings = {std::string_view("undiffuse\0", 10), 4096};
constexpr TextKind kEvidence = {std::string_view("undiffuse evidence\0", 19), size_t{2} << 20};

void append_big_endian(std::vector<std::byte>& to, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::byte>(value >> shift & 0xff));
}

std::uint32_t read_big_endian(std::span<const std::byte> from) {
  std::uint32_t value = 0;
  for (const std::byte byte : from.first(4)) value = value << 8 | static_cast<std::uint32_t>(byte);
  return value;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void append(std::vector<std::byte>& to, std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void insert_text(std::vector<std::byte>& file, const TextKind& kind, std::string_view text) {
  UNDIFFUSE_ASSERT(text.size() <= kind.most);
  std::vector<std::byte> chunk;
  append_big_endian(chunk, static_cast<std::uint32_t>(kind.keyword.size() + text.size()));
  append(chunk, "tEXt");
  append(chunk, kind.keyword);
  append(chunk, text);
  append_big_endian(chunk, crc32(std::span(chunk).subspan(4)));
  file.insert(file.begin() + kHeaderEnd, chunk.begin(), chunk.end());
}

Error damaged() {
  return {"This PNG is damaged: a chunk is cut off or does not match its checksum. Take another copy of it."};
}

// Nothing if the file has no such text.
Result<std::optional<std::string>> text_of_png(std::span<const std::byte> file, const TextKind& kind) {
  const auto signature = std::as_bytes(std::span(kSignature));
  if (file.size() < kSignature.size() || !std::equal(signature.begin(), signature.end(), file.begin())) {
    return Error{"This is not a PNG file: open one that Undiffuse saved."};
  }
  auto rest = file.subspan(kSignature.size());
  while (!rest.empty()) {
    if (rest.size() < kChunkFrame) return damaged();
    const size_t length = read_big_endian(rest);
    if (length > rest.size() - kChunkFrame) return damaged();
    const std::string_view content = as_text(rest.subspan(4, 4 + length));
    if (content.starts_with("tEXt") && content.substr(4).starts_with(kind.keyword)) {
      if (crc32(rest.subspan(4, 4 + length)) != read_big_endian(rest.subspan(8 + length))) return damaged();
      if (length - kind.keyword.size() > kind.most) return damaged();
      return std::optional(std::string(content.substr(4 + kind.keyword.size())));
    }
    rest = rest.subspan(kChunkFrame + length);
  }
  return std::optional<std::string>();
}

}  // namespace

std::vector<std::byte> encode_png(const Picture& picture) {
  const int stride = picture.width * picture.channels;
  UNDIFFUSE_ASSERT(picture.width > 0 && picture.height > 0);
  UNDIFFUSE_ASSERT(picture.pixels.size() ==
                   static_cast<size_t>(stride) * static_cast<size_t>(picture.height));
  int size = 0;
  const std::unique_ptr<unsigned char, decltype(&std::free)> encoded(
      stbi_write_png_to_mem(picture.pixels.data(), stride, picture.width, picture.height, picture.channels,
                            &size),
      &std::free);
  UNDIFFUSE_ASSERT(encoded != nullptr);  // it fails for want of memory alone
  const auto bytes = std::as_bytes(std::span(encoded.get(), static_cast<size_t>(size)));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> encode_png(const Picture& picture, std::string_view settings,
                                  std::string_view evidence) {
  std::vector<std::byte> file = encode_png(picture);
  if (!evidence.empty()) insert_text(file, kEvidence, evidence);
  insert_text(file, kSettings, settings);
  return file;
}

Result<std::string> settings_of_png(std::span<const std::byte> file) {
  auto text = text_of_png(file, kSettings);
  if (!text) return text.error();
  if (!*text) return Error{"This PNG holds no settings: open one that Undiffuse saved."};
  return std::move(**text);
}

Result<std::string> evidence_of_png(std::span<const std::byte> file) {
  auto text = text_of_png(file, kEvidence);
  if (!text) return text.error();
  return std::move(*text).value_or("");
}

}  // namespace undiffuse
