// Reader of the safetensors format: an 8-byte length, a JSON header, raw little-endian tensors.
//
// Takes bytes that a stranger may have made: whatever does not fit is refused with a sentence that
// names the tensor or key. No tensor data is copied before it is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace undiffuse {

enum class DType { F32, F16 };

/// One tensor in the file; `data` points into the bytes that were parsed.
struct StoredTensor {
  DType dtype = DType::F32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;
};

struct SafeTensors {
  std::map<std::string, std::string> metadata;  ///< the header's __metadata__
  std::map<std::string, StoredTensor> tensors;

  /// The tensor's values in float32, if it is there, has this shape, and holds finite numbers only.
  Result<std::vector<float>> read(const std::string& name, const std::vector<std::int64_t>& shape) const;
};

/// `file` must outlive the result. Refuses overlapping or out-of-range tensors, sizes that do not
/// fit shape and type, unknown types, duplicate or oversized headers (more than 1 MiB).
Result<SafeTensors> parse_safetensors(std::span<const std::byte> file);

}  // namespace undiffuse
