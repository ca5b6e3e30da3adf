#include "native/app/view.h"

#include <algorithm>
#include <utility>

#include "core/run/explain.h"
#include "core/run/own_settings.h"

namespace undiffuse {

double View::pixel(Field of) const {
  const Shape& image = run().model.image;
  const int index = (inspected.row * image.width + inspected.column) * image.channels + inspected.plane;
  return static_cast<double>(field(of)[static_cast<size_t>(index)]);
}

const ZooModel* View::model() const {
  const auto found = std::find_if(models.begin(), models.end(),
                                  [this](const ZooModel& each) { return each.name == settings.model; });
  return found == models.end() ? nullptr : &*found;
}

void View::choose_model(const std::string& name) {
  const auto own = [&] {
    const ZooModel* chosen = model();
    return chosen && chosen->info ? own_settings(*chosen->info) : std::string();
  };
  const std::string left = own();
  settings.model = name;
  settings = exchange_own_settings(std::move(settings), left, own(), before_own);
}

std::string step_title(const View& view) {
  if (!view.has_run()) return "Loading";
  const std::string of = " of " + std::to_string(view.num_steps());
  if (view.finished()) {
    return "Done: " + std::to_string(view.num_steps()) + of + " steps · " + std::to_string(view.run().calls) +
           " network calls";
  }
  const Stage& stage = view.run().table[static_cast<size_t>(view.now().step)];
  const std::string title = "Step " + std::to_string(view.now().step + 1) + of;
  if (stage.t == kNoTime) {
    return title + " · noise level " + format_value(noise_level(stage.alpha_bar)) + " → " +
           format_value(noise_level(stage.alpha_bar_prev));
  }
  return title + " · t = " + std::to_string(stage.t) + " → " + std::to_string(stage.t_prev);
}

}  // namespace undiffuse
