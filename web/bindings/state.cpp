#include "web/bindings/state.h"

#include <algorithm>
#include <utility>

namespace undiffuse {

std::unique_ptr<State> state;

const char* returned(std::string text) {
  state->text = std::move(text);
  return state->text.c_str();
}

std::span<const std::byte> file_bytes(const std::uint8_t* bytes, int size) {
  return std::as_bytes(std::span(bytes, static_cast<size_t>(std::max(size, 0))));
}

int image_size() { return state->session.model().image.image_size(); }

}  // namespace undiffuse
