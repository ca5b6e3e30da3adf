#include "native/app/runner.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "native/files/files.h"

namespace undiffuse {
namespace {

constexpr int kStripColumns = 16;

Values field_of(const Session& session, int step, int sample, Field field) {
  Values values(static_cast<size_t>(session.model().image.image_size()));
  return session.field(step, sample, field, values) ? values : Values();
}

std::vector<std::shared_ptr<const StripColumn>> empty_strip(int num_steps) {
  std::vector<std::shared_ptr<const StripColumn>> strip;
  for (const int position : strip_positions(num_steps)) {
    strip.push_back(std::make_shared<StripColumn>(StripColumn{position, {}, {}}));
  }
  return strip;
}

}  // namespace

std::vector<int> strip_positions(int num_steps) {
  const int columns = std::min(kStripColumns, num_steps + 1);
  std::vector<int> positions;
  for (int i = 0; i < columns; ++i) {
    positions.push_back(static_cast<int>(std::lround(static_cast<double>(i) * num_steps / (columns - 1))));
  }
  return positions;
}

Runner::Runner(int threads, std::function<void()> news)
    : threads_(threads),
      news_(std::move(news)),
      session_({.threads = threads}),
      thread_([this] { loop(); }) {}

Runner::~Runner() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Runner::open(std::vector<std::byte> weights, std::string name) {
  post([this, weights = std::move(weights), name = std::move(name)] {
    bound_.reset();                           // it points into the model
    Evidence evidence = session_.evidence();  // which another model drops
    const Status opened = session_.open_model(weights);
    if (!opened) return note(name + ": " + opened.error().message);
    set_evidence(std::move(evidence));
    begin_run();
  });
}

void Runner::give(Evidence evidence) {
  post([this, evidence = std::move(evidence)] {
    if (!session_.has_model()) return;
    set_evidence(evidence);
    begin_run();
  });
}

void Runner::set_evidence(Evidence evidence) {
  const Status taken = session_.set_evidence(std::move(evidence));
  if (!taken) note(taken.error().message);
}

void Runner::apply(const Settings& settings) {
  post([this, settings] {
    const Applied applied = session_.apply(ParsedSettings{settings, {}});
    for (const std::string& sentence : applied.notes) note(sentence);
    if (session_.has_model()) begin_run();
  });
}

void Runner::look_at(int step, int sample, std::optional<int> block, bool bound) {
  {
    const std::lock_guard lock(mutex_);
    const Wish wish{step, sample, block, bound};
    if (wish_ == wish) return;
    wish_ = wish;
    idle_ = false;
  }
  wake_.notify_one();
}

void Runner::save(Keepsake what, int position, int sample, std::string path) {
  post([=, this, path = std::move(path)] {
    if (!session_.has_model()) return;
    const Status written = write_file(path, keepsake_png(session_, what, position, sample));
    note(written ? "Saved " + path : written.error().message);
  });
}

Snapshot Runner::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

std::vector<std::string> Runner::take_notes() {
  const std::lock_guard lock(mutex_);
  return std::exchange(snapshot_.notes, {});
}

void Runner::post(std::function<void()> command) {
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
    idle_ = false;
  }
  wake_.notify_one();
}

void Runner::loop() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stop_ || !idle_; });
    if (stop_) return;
    const auto commands = std::exchange(commands_, {});
    const Wish wish = wish_;
    lock.unlock();
    for (const auto& command : commands) command();
    const bool more = advance(wish);
    lock.lock();
    idle_ = !more && commands_.empty() && wish_ == wish;
  }
}

bool Runner::advance(Wish wish) {
  if (!session_.has_model()) return false;
  wish.step = std::clamp(wish.step, 0, session_.num_steps() - 1);
  wish.sample = std::clamp(wish.sample, 0, session_.settings().images - 1);
  if (is_shown(wish) && !features_shown(wish)) {
    show_features(wish);
    return true;
  }
  if (is_shown(wish)) return fill_strip(wish.sample) || (wish.bound && extend_bound(wish.sample));
  const auto began = std::chrono::steady_clock::now();
  const int before = session_.available();
  const bool there = session_.work(wish.step);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  if (session_.available() > before) {
    publish([&](Snapshot& snapshot) { snapshot.milliseconds_per_step = took.count(); });
  }
  if (there) show_step(wish);
  return true;
}

void Runner::begin_run() {
  bound_.reset();
  const auto& table = session_.table();
  const bool draws = std::any_of(table.begin(), table.end(), [](const Stage& stage) { return stage.draws; });
  auto run = std::make_shared<RunInfo>(RunInfo{session_.model(), session_.settings(), table,
                                               session_.guided(), 0, session_.blocks(),
                                               place_blocks(session_.blocks()), session_.evidence(),
                                               std::string(evidence_note(session_.evidence(), draws))});
  for (int step = 0; step < run->num_steps(); ++step) run->calls += session_.nfe(step);
  publish([&](Snapshot& snapshot) {
    snapshot.run = run;
    snapshot.now = nullptr;
    snapshot.features = nullptr;
    snapshot.bound = nullptr;
    snapshot.strip = empty_strip(run->num_steps());
  });
}

void Runner::show_step(Wish wish) {
  auto images = std::make_shared<StepImages>();
  images->step = wish.step;
  images->sample = wish.sample;
  for (int field = 0; field < kNumFields; ++field) {
    images->fields[static_cast<size_t>(field)] =
        field_of(session_, wish.step, wish.sample, static_cast<Field>(field));
  }
  for (int sample = 0; sample < session_.settings().images; ++sample) {
    images->batch.push_back(field_of(session_, wish.step, sample, Field::XPrev));
  }
  const Snapshot before = snapshot();
  const bool other_sample = before.now && before.now->sample != wish.sample;
  publish([&](Snapshot& snapshot) {
    snapshot.now = images;
    if (other_sample) snapshot.strip = empty_strip(session_.num_steps());
  });
}

bool Runner::is_shown(Wish wish) const {
  const auto shown = snapshot().now;
  return shown && shown->step == wish.step && shown->sample == wish.sample;
}

bool Runner::features_shown(Wish wish) const {
  const auto blocks = static_cast<int>(session_.blocks().blocks.size());
  if (!wish.block || *wish.block < 0 || *wish.block >= blocks) return true;  // of the model before
  const auto shown = snapshot().features;
  return shown && shown->step == wish.step && shown->sample == wish.sample && shown->block == *wish.block;
}

// Up to one network call; the record, if it has left the memory budget, first.
void Runner::show_features(Wish wish) {
  if (!session_.work(wish.step)) return;
  const Shape& output = session_.blocks().blocks[static_cast<size_t>(*wish.block)].output;
  auto features = std::make_shared<BlockFeatures>(
      BlockFeatures{wish.step, wish.sample, *wish.block, Values(static_cast<size_t>(output.image_size()))});
  if (!session_.feature(wish.step, wish.sample, *wish.block, features->values)) return;
  publish([&](Snapshot& snapshot) { snapshot.features = features; });
}

// One column, of a step that has been computed; false if there is none to fill.
bool Runner::fill_strip(int sample) {
  const Snapshot before = snapshot();
  for (size_t i = 0; i < before.strip.size(); ++i) {
    const int position = before.strip[i]->position;
    const int step = std::min(position, session_.num_steps() - 1);
    if (!before.strip[i]->above.empty() || step >= session_.available()) continue;
    if (!session_.work(step)) return true;
    const auto column = std::make_shared<const StripColumn>(make_column(position, sample));
    publish([&](Snapshot& snapshot) { snapshot.strip[i] = column; });
    return true;
  }
  return false;
}

// One step's network call, once the run has come to its end; false if there is nothing to do.
bool Runner::extend_bound(int sample) {
  const int steps = session_.num_steps();
  if (session_.available() < steps || steps < 2) return false;
  const auto shown = snapshot().bound;
  if (!bound_ || !shown || shown->sample != sample) {
    if (!session_.work(steps - 1)) return true;
    bound_.emplace(session_.model(), session_.engine(), subject_of(session_, sample));
  } else if (bound_->curve().done()) {
    return false;
  } else {
    bound_->work();
  }
  const auto bound = std::make_shared<ImageBound>(ImageBound{sample, bound_->curve()});
  publish([&](Snapshot& snapshot) { snapshot.bound = bound; });
  return true;
}

StripColumn Runner::make_column(int position, int sample) const {
  const bool finished = position == session_.num_steps();
  const int step = finished ? position - 1 : position;
  return {position, field_of(session_, step, sample, finished ? Field::XPrev : Field::XT),
          field_of(session_, step, sample, finished ? Field::XPrev : Field::X0Hat)};
}

void Runner::note(std::string sentence) {
  publish([&](Snapshot& snapshot) { snapshot.notes.push_back(std::move(sentence)); });
}

void Runner::publish(const std::function<void(Snapshot&)>& change) {
  {
    const std::lock_guard lock(mutex_);
    change(snapshot_);
  }
  news_();
}

}  // namespace undiffuse
