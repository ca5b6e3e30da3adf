// Writes weights files in memory, well-formed ones and, from a header's text, broken ones.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"

namespace undiffuse {

using Bytes = std::vector<std::byte>;

/// The same draws for the same seed on every machine.
inline std::vector<float> random_values(size_t size, std::uint64_t seed, float scale = 1) {
  std::vector<float> values(size);
  fill_normal(values, seed, 0, 0, Purpose::Start);
  for (float& value : values) value *= scale;
  return values;
}

struct WrittenTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  Bytes data;
  std::string dtype = "F32";
};

inline WrittenTensor f32_tensor(std::string name, std::vector<std::int64_t> shape,
                                const std::vector<float>& values) {
  Bytes data(values.size() * sizeof(float));
  std::memcpy(data.data(), values.data(), data.size());  // little-endian, as every machine here
  return {std::move(name), std::move(shape), std::move(data)};
}

struct WeightsFile {
  std::map<std::string, std::string> metadata;
  std::vector<WrittenTensor> tensors;

  WrittenTensor& tensor(const std::string& name) {
    return *std::find_if(tensors.begin(), tensors.end(),
                         [&](const WrittenTensor& tensor) { return tensor.name == name; });
  }
};

/// A file of this header text, whatever it says, and this data.
inline Bytes file_of(const std::string& header, const Bytes& data) {
  Bytes file;
  for (int i = 0; i < 8; ++i) {
    file.push_back(static_cast<std::byte>(std::uint64_t{header.size()} >> 8 * i & 255));
  }
  for (const char c : header) file.push_back(static_cast<std::byte>(c));
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

inline Bytes to_bytes(const WeightsFile& file) {
  nlohmann::json header = nlohmann::json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  Bytes data;
  for (const WrittenTensor& tensor : file.tensors) {
    const size_t begin = data.size();
    data.insert(data.end(), tensor.data.begin(), tensor.data.end());
    header[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  return file_of(header.dump(), data);
}

/// Bytes of the length field and the header that it measures.
inline size_t header_end(const Bytes& file) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof(length));
  return sizeof(length) + static_cast<size_t>(length);
}

}  // namespace undiffuse
