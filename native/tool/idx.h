// IDX files of bytes, LeCun's format of MNIST and its kin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"

namespace undiffuse {

struct IdxArray {
  std::vector<int> shape;             ///< e.g. [images, height, width], or [labels]
  std::span<const std::byte> values;  ///< in the bytes that were parsed
};

/// Refuses, with a sentence, other formats and sizes that do not fit.
Result<IdxArray> parse_idx(std::span<const std::byte> file);

}  // namespace undiffuse
