// Any bytes as a toy's weights file: refused with a sentence, or a model that steps. As weights_fuzz.cpp: the
// file itself, the text of a header over zeros, or edits (place, place, byte) of a well-formed file's header.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/base/error.h"
#include "core/run/toys/toy_model.h"
#include "support/tiny_toy.h"

namespace {

using namespace undiffuse;

Bytes edited(std::span<const std::uint8_t> edits, const Bytes& tiny) {
  Bytes file = tiny;
  for (; edits.size() >= 3; edits = edits.subspan(3)) {
    const size_t at = (static_cast<size_t>(edits[0]) << 8 | edits[1]) % header_end(tiny);
    file[at] = static_cast<std::byte>(edits[2]);
  }
  return file;
}

Bytes file_from(std::span<const std::uint8_t> input) {
  static const Bytes kPoints = to_bytes(tiny_toy()), kBits = to_bytes(tiny_toy({.bits = true, .size = 4}));
  static const Bytes kRadialBasis = to_bytes(tiny_toy({.radial_basis = true}));
  const std::span<const std::uint8_t> rest = input.subspan(1);
  switch (input.front() % 5) {
    case 0:
      return file_of(std::string(rest.begin(), rest.end()), Bytes(4096));
    case 1:
      return edited(rest, kPoints);
    case 2:
      return edited(rest, kBits);
    case 3:
      return edited(rest, kRadialBasis);
    default:
      const auto* begin = reinterpret_cast<const std::byte*>(rest.data());
      return Bytes(begin, begin + rest.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Result<ToyModel> model = load_toy(file_from({data, size}));
  if (!model) {
    UNDIFFUSE_ASSERT(!model.error().message.empty());
    return 0;
  }
  const int T = model->schedule.num_steps();
  if (model->kind == ToyKind::Plane) {
    UNDIFFUSE_ASSERT(point_step(*model, T, T - 1, Points::Zero(2, 1)).mu.cols() == 1);
  } else {
    UNDIFFUSE_ASSERT(bit_step(*model, T, T - 1, Bits::Zero(model->size, 1)).rows() == model->size);
  }
  return 0;
}
