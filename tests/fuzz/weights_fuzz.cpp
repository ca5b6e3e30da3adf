// Any bytes as a weights file: refused with a sentence, or a model that keeps its promises.
//
// An input's first byte says what the rest is: the file itself, the text of a header over zeros, or
// edits (place, place, byte) of a well-formed file's header, which get past the JSON: of a U-Net's, or of the
// 2015 paper's network's.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/base/error.h"
#include "core/run/block_places.h"
#include "core/run/model.h"
#include "support/tiny_paper_network.h"
#include "support/tiny_unet.h"

namespace {

using namespace undiffuse;

Bytes edited(Bytes file, std::span<const std::uint8_t> edits) {
  const size_t header = header_end(file);
  for (; edits.size() >= 3; edits = edits.subspan(3)) {
    const size_t at = (static_cast<size_t>(edits[0]) << 8 | edits[1]) % header;
    file[at] = static_cast<std::byte>(edits[2]);
  }
  return file;
}

Bytes file_from(std::span<const std::uint8_t> input) {
  static const Bytes kUNet = to_bytes(tiny_unet()), kPaperNetwork = to_bytes(tiny_paper_network());
  const std::uint8_t kind = input.front() % 4;
  const std::span<const std::uint8_t> rest = input.subspan(1);
  if (kind == 1) return file_of(std::string(rest.begin(), rest.end()), Bytes(4096));
  if (kind == 2) return edited(kUNet, rest);
  if (kind == 3) return edited(kPaperNetwork, rest);
  const auto* begin = reinterpret_cast<const std::byte*>(rest.data());
  return Bytes(begin, begin + rest.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Result<Model> model = load_model(file_from({data, size}));
  if (!model) {
    UNDIFFUSE_ASSERT(!model.error().message.empty());
    return 0;
  }
  UNDIFFUSE_ASSERT(model->graph.find("x") >= 0 && model->graph.find("output") >= 0);
  UNDIFFUSE_ASSERT(model->info.image == model->graph.input);
  UNDIFFUSE_ASSERT(model->info.num_classes() == model->graph.num_classes);
  const BlockGraph blocks = blocks_of(model->graph);
  const BlockPlaces drawn = place_blocks(blocks);
  UNDIFFUSE_ASSERT(drawn.places.size() == blocks.blocks.size());
  for (const BlockPlace& place : drawn.places) {
    UNDIFFUSE_ASSERT(place.row < drawn.rows && place.column < drawn.columns);
  }
  return 0;
}
