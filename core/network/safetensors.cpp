#include "core/network/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/half.h"

namespace undiffuse {
namespace {

using nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = std::uint64_t{1} << 20;
constexpr size_t kMaxRank = 8;
constexpr char kMetadata[] = "__metadata__";

Error broken(const std::string& what) {
  return {"The weights file is broken: " + what + ". Fetch or export it again."};
}

Error broken_tensor(const std::string& name, const std::string& what) {
  return broken("tensor '" + name.substr(0, 80) + "' " + what);
}

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

size_t size_of(DType dtype) { return dtype == DType::F32 ? 4 : 2; }

float value_at(const StoredTensor& tensor, size_t i) {
  const std::span<const std::byte> bytes =
      tensor.data.subspan(i * size_of(tensor.dtype), size_of(tensor.dtype));
  const auto bits = static_cast<std::uint32_t>(little_endian(bytes));
  if (tensor.dtype == DType::F16) return half_to_float(static_cast<std::uint16_t>(bits));
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

std::string text_of(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t size : shape) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text.empty() ? "scalar" : text;
}

std::optional<std::uint64_t> as_size(const json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<std::uint64_t>();
}

// Not a copy: copying recurses, and a stranger's header may nest half a million deep.
const json& member(const json& object, const char* name) {
  static const json kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

std::optional<std::vector<std::int64_t>> read_shape(const json& list) {
  if (!list.is_array() || list.size() > kMaxRank) return std::nullopt;
  std::vector<std::int64_t> shape;
  std::uint64_t elements = 1;
  for (const json& item : list) {
    const std::optional<std::uint64_t> size = as_size(item);
    // Small enough that the product below never overflows, and larger than any real tensor.
    constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 31;
    if (!size || *size == 0 || *size > kMaxElements || (elements *= *size) > kMaxElements)
      return std::nullopt;
    shape.push_back(static_cast<std::int64_t>(*size));
  }
  return shape;
}

// 64 bits on 32-bit machines too (WASM): the bytes of 2^30 floats would be none there.
std::uint64_t elements_of(const std::vector<std::int64_t>& shape) {
  std::uint64_t elements = 1;
  for (const std::int64_t size : shape) elements *= static_cast<std::uint64_t>(size);
  return elements;
}

Result<StoredTensor> read_tensor(const std::string& name, const json& entry,
                                 std::span<const std::byte> data) {
  if (!entry.is_object()) return broken_tensor(name, "has no description");
  StoredTensor tensor;
  const json& dtype = member(entry, "dtype");
  if (dtype != "F32" && dtype != "F16") return broken_tensor(name, "is neither F32 nor F16");
  tensor.dtype = dtype == "F32" ? DType::F32 : DType::F16;

  const std::optional<std::vector<std::int64_t>> shape = read_shape(member(entry, "shape"));
  if (!shape) return broken_tensor(name, "has no usable shape");
  tensor.shape = *shape;

  const json& offsets = member(entry, "data_offsets");
  const bool pair = offsets.is_array() && offsets.size() == 2 && as_size(offsets[0]) && as_size(offsets[1]);
  if (!pair) return broken_tensor(name, "has no data_offsets");
  const std::uint64_t begin = *as_size(offsets[0]), end = *as_size(offsets[1]);
  if (begin > end || end > data.size()) return broken_tensor(name, "lies outside the file");
  if (end - begin != elements_of(tensor.shape) * size_of(tensor.dtype)) {
    return broken_tensor(name, "does not have the size of its shape, " + text_of(tensor.shape));
  }
  tensor.data = data.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  return tensor;
}

std::optional<Error> read_metadata(const json& entries, std::map<std::string, std::string>& metadata) {
  if (!entries.is_object()) return broken("__metadata__ is not a set of strings");
  for (const auto& [key, value] : entries.items()) {
    if (!value.is_string()) return broken("metadata key '" + key.substr(0, 80) + "' is not a string");
    metadata[key] = value.get<std::string>();
  }
  return std::nullopt;
}

std::optional<Error> find_overlap(const std::map<std::string, StoredTensor>& tensors) {
  std::vector<std::pair<const std::byte*, const std::string*>> begins;
  for (const auto& [name, tensor] : tensors) begins.emplace_back(tensor.data.data(), &name);
  std::sort(begins.begin(), begins.end());
  for (size_t i = 1; i < begins.size(); ++i) {
    const StoredTensor& before = tensors.find(*begins[i - 1].second)->second;
    if (begins[i].first < before.data.data() + before.data.size()) {
      return broken_tensor(*begins[i].second, "overlaps '" + begins[i - 1].second->substr(0, 80) + "'");
    }
  }
  return std::nullopt;
}

// JSON objects take the last of two equal keys; a file that relies on that is refused instead.
json parse_refusing_duplicates(std::string_view text, bool& duplicate) {
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.empty() && value.is_string()) {
      duplicate |= !keys.back().insert(value.get<std::string>()).second;
    }
    return true;
  };
  return json::parse(text, watch, false);
}

Result<json> read_header(std::span<const std::byte> file, size_t& header_bytes) {
  if (file.size() < kLengthBytes) return broken("it ends before its header");
  const std::uint64_t length = little_endian(file.first(kLengthBytes));
  if (length > kMaxHeaderBytes) return broken("its header claims more than 1 MiB");
  if (length > file.size() - kLengthBytes) return broken("it ends within its header");
  header_bytes = static_cast<size_t>(length);
  const auto* text = reinterpret_cast<const char*>(file.data()) + kLengthBytes;
  bool duplicate = false;
  json header = parse_refusing_duplicates({text, header_bytes}, duplicate);
  // The parser takes a zero byte for the end and would not look at what follows.
  const bool whole = std::string_view(text, header_bytes).find('\0') == std::string_view::npos;
  if (!whole || !header.is_object()) return broken("its header is not JSON");
  if (duplicate) return broken("its header names something twice");
  return header;
}

}  // namespace

Result<std::vector<float>> SafeTensors::read(const std::string& name,
                                             const std::vector<std::int64_t>& shape) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) return broken_tensor(name, "is missing");
  const StoredTensor& tensor = found->second;
  if (tensor.shape != shape) {
    return broken_tensor(name, "is " + text_of(tensor.shape) + " where the network has " + text_of(shape));
  }
  std::vector<float> values(static_cast<size_t>(elements_of(shape)));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = value_at(tensor, i);
    if (!std::isfinite(values[i])) return broken_tensor(name, "holds a value that is not a number");
  }
  return values;
}

Result<SafeTensors> parse_safetensors(std::span<const std::byte> file) {
  size_t header_bytes = 0;
  const Result<json> header = read_header(file, header_bytes);
  if (!header) return header.error();
  SafeTensors parsed;
  for (const auto& [name, entry] : header->items()) {
    if (name == kMetadata) {
      if (std::optional<Error> error = read_metadata(entry, parsed.metadata)) return *error;
      continue;
    }
    Result<StoredTensor> tensor = read_tensor(name, entry, file.subspan(kLengthBytes + header_bytes));
    if (!tensor) return tensor.error();
    parsed.tensors.emplace(name, std::move(*tensor));
  }
  if (std::optional<Error> error = find_overlap(parsed.tensors)) return *error;
  return parsed;
}

}  // namespace undiffuse
