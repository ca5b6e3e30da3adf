#include "native/app/view.h"

namespace undiffuse {

double View::pixel(Field of) const {
  const Shape& image = run().model.image;
  const auto index = static_cast<size_t>((row * image.width + column) * image.channels);
  return static_cast<double>(field(of)[index]);
}

std::string step_title(const View& view) {
  if (!view.has_run()) return "Loading";
  const std::string of = " of " + std::to_string(view.num_steps());
  if (view.finished()) return "Done: " + std::to_string(view.num_steps()) + of + " steps";
  const Stage& stage = view.run().table[static_cast<size_t>(view.now().step)];
  return "Step " + std::to_string(view.now().step + 1) + of + " · t = " + std::to_string(stage.t) + " → " +
         std::to_string(stage.t_prev);
}

}  // namespace undiffuse
