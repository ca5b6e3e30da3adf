// NumPy's .npz: arrays by name in one file, which np.load() reads.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace undiffuse {

struct NpyArray {
  std::string name;
  std::string type;  ///< NumPy's: "<f4", "<f8", "<i4", "<U12" (little-endian)
  std::vector<size_t> shape;
  std::vector<std::byte> values;  ///< row by row
};

/// The bytes of `values`, as NpyArray holds them.
template <class T>
std::vector<std::byte> bytes_of(std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  return {bytes.begin(), bytes.end()};
}

/// A ZIP archive without compression of a .npy file for each array, below 4 GiB. The same arrays give
/// the same bytes.
std::vector<std::byte> encode_npz(std::span<const NpyArray> arrays);

}  // namespace undiffuse
