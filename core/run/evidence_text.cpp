#include "core/run/evidence_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "core/run/evidence_table.h"

namespace undiffuse {
namespace {

constexpr int kLargestSide = 512;
constexpr int kMostNumbers = 3 * 256 * 256;

// std::bit_cast, which older WebAssembly toolchains have not.
template <class To, class From>
To bits_as(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof(To));
  return to;
}

template <class Bits>
void append_hex(std::string& to, Bits bits) {
  for (int shift = 8 * static_cast<int>(sizeof(Bits)) - 4; shift >= 0; shift -= 4) {
    to += "0123456789abcdef"[bits >> shift & 15];
  }
}

template <class Bits>
std::optional<Bits> read_hex(std::string_view text) {
  Bits bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 16);
  if (error != std::errc() || end != text.data() + text.size() || text.size() != 2 * sizeof(Bits)) return {};
  return bits;
}

/// The words of a line, one at a time.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}
  std::string_view next() {
    const size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return word;
  }
  int side() {
    const std::string_view word = next();
    int value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc() && end == word.data() + word.size() && value <= kLargestSide ? value : 0;
  }

 private:
  std::string_view rest_;
};

std::optional<std::vector<float>> read_image(std::string_view hex, int size) {
  constexpr size_t kDigits = 8;
  if (hex.size() != kDigits * static_cast<size_t>(size)) return {};
  std::vector<float> image;
  for (size_t at = 0; at < hex.size(); at += kDigits) {
    const auto bits = read_hex<std::uint32_t>(hex.substr(at, kDigits));
    if (!bits) return {};
    image.push_back(bits_as<float>(*bits));
  }
  return image;
}

std::vector<float> read_known(std::string_view text) {
  std::vector<float> known;
  if (text == "-") return known;
  for (const char c : text) known.push_back(c == '1' ? 1.0f : 0.0f);
  return known;
}

Error unreadable() {
  return {"This picture was made with a given image that cannot be read here: take another copy of it."};
}

}  // namespace

std::string format_evidence(const Evidence& evidence, const Shape& image) {
  const EvidenceWay* way = evidence_way(evidence.kind);
  if (way == nullptr) return "";
  std::string text(way->name);
  for (const int side : {image.height, image.width, image.channels}) text += " " + std::to_string(side);
  append_hex(text += " ", bits_as<std::uint64_t>(amount_of(evidence)));
  text += " ";
  for (const float value : evidence.image) append_hex(text, bits_as<std::uint32_t>(value));
  text += " ";
  for (const float known : evidence.known) text += known > 0.5f ? '1' : '0';
  return evidence.known.empty() ? text + "-" : text;
}

Result<Evidence> parse_evidence(std::string_view text) {
  if (text.empty()) return Evidence{};
  Words words(text);
  const EvidenceWay* way = evidence_way(words.next());
  const int height = words.side(), width = words.side(), channels = words.side();
  if (way == nullptr || height < 1 || width < 1 || (channels != 1 && channels != 3)) return unreadable();
  const Shape shape{1, height, width, channels};
  const auto amount = read_hex<std::uint64_t>(words.next());
  if (shape.image_size() > kMostNumbers || !amount) return unreadable();
  auto image = read_image(words.next(), shape.image_size());
  if (!image) return unreadable();
  Evidence evidence =
      make_evidence(way->kind, shape, std::move(*image), read_known(words.next()), bits_as<double>(*amount));
  if (const Status checked = check_evidence(evidence, shape.image_size()); !checked) return unreadable();
  return evidence;
}

}  // namespace undiffuse
