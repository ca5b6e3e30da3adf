#include "native/tool/npz.h"

#include <cstdint>
#include <string_view>

#include "core/base/checksum.h"
#include "core/base/error.h"

namespace undiffuse {
namespace {

using Bytes = std::vector<std::byte>;

// ZIP (PKWARE's APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16).
constexpr std::uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEnd = 0x06054b50;
constexpr std::uint16_t kVersion = 20, kStored = 0;
constexpr std::uint32_t kDate = 0x00210000;  // 1980-01-01 00:00: files do not depend on when they were made

void append(Bytes& to, std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  to.insert(to.end(), bytes.begin(), bytes.end());
}
template <class Unsigned>
void append_little_endian(Bytes& to, Unsigned value) {
  for (size_t i = 0; i < sizeof(Unsigned); ++i) to.push_back(static_cast<std::byte>(value >> 8 * i & 0xff));
}
void append16(Bytes& to, size_t value) { append_little_endian(to, static_cast<std::uint16_t>(value)); }
void append32(Bytes& to, size_t value) { append_little_endian(to, static_cast<std::uint32_t>(value)); }

std::string shape_text(const std::vector<size_t>& shape) {
  std::string text = "(";
  for (const size_t size : shape) text += std::to_string(size) + ", ";
  return text + ")";
}

// NumPy's format 1.0: the header is padded with spaces so that the values begin at a multiple of 64.
Bytes npy_file(const NpyArray& array) {
  constexpr size_t kPrefix = 10;
  std::string header =
      "{'descr': '" + array.type + "', 'fortran_order': False, 'shape': " + shape_text(array.shape) + "}";
  header.append(63 - (kPrefix + header.size()) % 64, ' ').push_back('\n');
  Bytes file;
  file.reserve(kPrefix + header.size() + array.values.size());
  append(file, std::string_view("\x93NUMPY\x01\0", 8));
  append16(file, header.size());
  append(file, header);
  file.insert(file.end(), array.values.begin(), array.values.end());
  return file;
}

struct Entry {
  std::string name;
  std::uint32_t checksum = 0;
  size_t size = 0;
  size_t offset = 0;
};

// What both headers of an entry say.
void append_description(Bytes& to, const Entry& entry) {
  append16(to, kVersion);
  append16(to, 0);  // flags
  append16(to, kStored);
  append32(to, kDate);
  append32(to, entry.checksum);
  append32(to, entry.size);
  append32(to, entry.size);
  append16(to, entry.name.size());
  append16(to, 0);  // extra field
}

void append_central_header(Bytes& to, const Entry& entry) {
  append32(to, kCentralHeader);
  append16(to, kVersion);
  append_description(to, entry);
  append16(to, 0);  // comment
  append16(to, 0);  // disk
  append16(to, 0);  // internal attributes
  append32(to, 0);  // external attributes
  append32(to, entry.offset);
  append(to, entry.name);
}

void append_end(Bytes& to, size_t entries, size_t directory) {
  const size_t size = to.size() - directory;
  append32(to, kEnd);
  append32(to, 0);  // disks
  append16(to, entries);
  append16(to, entries);
  append32(to, size);
  append32(to, directory);
  append16(to, 0);  // comment
}

}  // namespace

std::vector<std::byte> encode_npz(std::span<const NpyArray> arrays) {
  Bytes zip;
  std::vector<Entry> entries;
  for (const NpyArray& array : arrays) {
    const Bytes file = npy_file(array);
    entries.push_back({array.name + ".npy", crc32(file), file.size(), zip.size()});
    append32(zip, kLocalHeader);
    append_description(zip, entries.back());
    append(zip, entries.back().name);
    zip.insert(zip.end(), file.begin(), file.end());
  }
  const size_t directory = zip.size();
  for (const Entry& entry : entries) append_central_header(zip, entry);
  append_end(zip, entries.size(), directory);
  UNDIFFUSE_ASSERT(zip.size() < size_t{1} << 32);
  return zip;
}

}  // namespace undiffuse
