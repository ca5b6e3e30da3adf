#include "native/tool/idx.h"

namespace undiffuse {
namespace {

// Two zeros, the type (8: unsigned bytes), the number of sizes; sizes as big-endian 32-bit numbers.
constexpr size_t kPrefix = 4, kSize = 4;
constexpr std::byte kBytes{8};
constexpr size_t kMaxRank = 4;

std::uint32_t big_endian(std::span<const std::byte> four) {
  std::uint32_t value = 0;
  for (const std::byte byte : four) value = value << 8 | static_cast<std::uint32_t>(byte);
  return value;
}

Error unfit() {
  return {"This is not an IDX file of bytes, or it is cut off: take MNIST's files or make yours like them."};
}

}  // namespace

Result<IdxArray> parse_idx(std::span<const std::byte> file) {
  if (file.size() >= 2 && file[0] == std::byte{0x1f} && file[1] == std::byte{0x8b}) {
    return Error{"This file is compressed: unpack it first, with gunzip."};
  }
  if (file.size() < kPrefix || big_endian(file.first(2)) != 0 || file[2] != kBytes) return unfit();
  const auto rank = static_cast<size_t>(file[3]);
  if (rank < 1 || rank > kMaxRank || file.size() < kPrefix + rank * kSize) return unfit();
  IdxArray array;
  std::span<const std::byte> sizes = file.subspan(kPrefix, rank * kSize);
  array.values = file.subspan(kPrefix + rank * kSize);
  std::uint64_t left = array.values.size();  // elements that each size divides, so that no product overflows
  for (; !sizes.empty(); sizes = sizes.subspan(kSize)) {
    const std::uint32_t size = big_endian(sizes.first(kSize));
    if (size == 0 || size > INT32_MAX || left % size != 0) return unfit();
    left /= size;
    array.shape.push_back(static_cast<int>(size));
  }
  if (left != 1) return unfit();
  return array;
}

}  // namespace undiffuse
