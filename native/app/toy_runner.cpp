#include "native/app/toy_runner.h"

#include <algorithm>
#include <utility>

#include "native/files/files.h"

namespace undiffuse {

ToyRunner::ToyRunner(std::string folder, std::function<void()> news)
    : folder_(std::move(folder)), news_(std::move(news)), thread_([this] { loop(); }) {}

ToyRunner::~ToyRunner() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void ToyRunner::look_at(const ToyChoice& choice, const ToyPlace& place) {
  {
    const std::lock_guard lock(mutex_);
    if (asked_ == Wish{choice, place}) return;
    wish_ = asked_ = {choice, place};
  }
  wake_.notify_one();
}

ToySnapshot ToyRunner::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

void ToyRunner::loop() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stop_ || wish_; });
    if (stop_) return;
    const Wish wish = *std::exchange(wish_, std::nullopt);
    lock.unlock();
    fulfil(wish);
  }
}

void ToyRunner::fulfil(const Wish& wish) {
  const auto shown = snapshot().scene;
  if (!shown || shown->choice != wish.choice) make_scene(wish);
  const ToySnapshot now = snapshot();
  if (!now.scene || now.scene->choice != wish.choice) return;
  if (now.scene->points) {
    if (!now.look || now.look->place != wish.place) look(*now.scene, wish.place);
  } else if (!now.bound || now.bound->steps != now.scene->num_steps()) {
    measure(*now.scene);
  }
}

bool ToyRunner::outdated(const Wish& wish) const {
  const std::lock_guard lock(mutex_);
  return stop_ || (wish_ && wish_->choice != wish.choice);
}

void ToyRunner::make_scene(const Wish& wish) {
  const auto file = read_file(folder_ + "/" + wish.choice.model + ".safetensors");
  Result<ToyModel> model = file ? load_toy(*file) : Result<ToyModel>(file.error());
  if (!model) return publish([&](ToySnapshot& snapshot) { snapshot.complaint = model.error().message; });
  constexpr int kPoints = 2000, kSequences = 64;
  const auto scene = std::make_shared<ToyScene>(ToyScene{wish.choice, std::move(*model), {}, {}});
  const int steps = std::clamp(wish.choice.steps, 2, scene->model.schedule.num_steps());
  const auto finish = [&](auto& run) {
    while (run.work()) {
      if (outdated(wish)) return false;
    }
    return true;
  };
  const bool points = scene->model.kind == ToyKind::Plane;
  const bool done = points ? finish(scene->points.emplace(scene->model, steps, kPoints, wish.choice.seed))
                           : finish(scene->bits.emplace(scene->model, steps, kSequences, wish.choice.seed));
  if (!done) return;
  publish([&](ToySnapshot& snapshot) {
    snapshot.scene = scene;
    snapshot.look = nullptr;
    snapshot.complaint.clear();
  });
}

void ToyRunner::look(const ToyScene& scene, const ToyPlace& place) {
  const auto& times = scene.times();
  const auto position = static_cast<size_t>(std::clamp(place.position, 0, scene.num_steps()));
  const size_t step = std::min(position, times.size() - 2);
  const double alpha_bar = scene.model.schedule.alpha_bar[static_cast<size_t>(times[position])];
  const auto look = std::make_shared<ToyLook>(ToyLook{
      place, std::vector<float>(ToyLook::kDensitySide * ToyLook::kDensitySide),
      compare_reverse(scene.model, roll_, times[step], times[step + 1], {place.point[0], place.point[1]}),
      std::vector<float>(ToyLook::kReverseSide * ToyLook::kReverseSide)});
  const PlaneWindow window{{0, 0}, static_cast<double>(ToyLook::kReach)};
  write_density(roll_.noisy(alpha_bar), window, ToyLook::kDensitySide, look->density);
  write_density(look->reverse.exact, look->reverse.window, ToyLook::kReverseSide, look->reverse_density);
  publish([&](ToySnapshot& snapshot) { snapshot.look = look; });
}

void ToyRunner::measure(const ToyScene& scene) {
  const ToyModel& model = scene.model;
  const int steps = scene.num_steps();
  const auto bound = std::make_shared<ToyBoundOf>(
      ToyBoundOf{steps, measure_bits(beats_, model.base_rate, model.schedule, scene.times(), &model,
                                     affordable_draws(steps), 1)});
  publish([&](ToySnapshot& snapshot) { snapshot.bound = bound; });
}

void ToyRunner::publish(const std::function<void(ToySnapshot&)>& change) {
  {
    const std::lock_guard lock(mutex_);
    change(snapshot_);
  }
  news_();
}

}  // namespace undiffuse
