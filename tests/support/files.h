// Reading what the tests read: files of the repository, by their path in it.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace undiffuse {

inline std::string repository_path(const std::string& path) {
  return std::string(UNDIFFUSE_SOURCE_DIR) + "/" + path;
}

/// The file's bytes; a test failure and nothing if it is not there.
inline std::vector<std::byte> read_repository_file(const std::string& path) {
  std::ifstream file(repository_path(path), std::ios::binary);
  EXPECT_TRUE(file) << "missing: " << path;
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

inline std::vector<std::byte> default_weights() {
  return read_repository_file("weights/mnist-mean-variance.safetensors");
}

}  // namespace undiffuse
