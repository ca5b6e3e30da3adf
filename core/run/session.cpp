#include "core/run/session.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/process/prediction.h"

namespace undiffuse {
namespace {

constexpr int kMaxCallsPerImage = 2;  // with guidance
constexpr int kMaxStepsAhead = 32;    // their records are held and read back together

std::vector<int> labels_of(const Settings& settings, std::uint32_t first_sample, int num_classes) {
  std::vector<int> labels(static_cast<size_t>(settings.images));
  if (num_classes == 0) return labels;  // 0 is "any class", all that there is
  for (size_t i = 0; i < labels.size(); ++i) {
    const int each = static_cast<int>((first_sample + i) % static_cast<size_t>(num_classes));
    labels[i] = settings.label == kAnyClass    ? num_classes
                : settings.label == kEachClass ? each
                                               : settings.label;
  }
  return labels;
}

TraceLayout layout_of(const Sampler& sampler, size_t batch_size) {
  const auto& table = sampler.table();
  const bool second = std::any_of(table.begin(), table.end(),
                                  [](const Stage& stage) { return stage.second != SecondAnswer::None; });
  return {batch_size, sampler.state().size() / batch_size, second ? size_t{4} : size_t{3}};
}

}  // namespace

Session::Session(SessionOptions options) : options_(options), pool_(std::max(options.threads, 1)) {
  options_.images_per_slice = std::max(options.images_per_slice, 1);
}

Status Session::open_model(std::span<const std::byte> file) {
  Result<Model> model = load_model(file);
  if (!model) return model.error();
  run_.reset();  // before what it points into
  denoiser_.reset();
  model_ = std::move(model->info);
  blocks_ = blocks_of(model->graph);
  engine_ = std::make_unique<CpuEngine>(model->graph, kMaxCallsPerImage * options_.images_per_slice, pool_);
  denoiser_ = std::make_unique<Denoiser>(*model_, *engine_);
  std::vector<std::string> notes;
  settings_ = clamped_to_model(settings_, notes);
  evidence_ = evidence_in_range_ = {};
  start_run();
  return Ok{};
}

const ModelInfo& Session::model() const {
  UNDIFFUSE_ASSERT(model_.has_value());
  return *model_;
}

const BlockGraph& Session::blocks() const {
  UNDIFFUSE_ASSERT(model_.has_value());
  return blocks_;
}

Settings Session::clamped_to_model(Settings settings, std::vector<std::string>& notes) const {
  const int last_class = model_->num_classes() - 1, num_train_steps = model_->trained.num_steps();
  // Without classes the setting stays as it is, for the next model; nothing reads it.
  if (last_class >= 0 && settings.label > last_class) {
    notes.push_back("This model's classes are 0 to " + std::to_string(last_class) + "; class " +
                    std::to_string(settings.label) + " became " + std::to_string(last_class) + ".");
    settings.label = last_class;
  }
  if (settings.steps > num_train_steps) {
    notes.push_back("This model takes at most " + std::to_string(num_train_steps) + " steps.");
    settings.steps = num_train_steps;
  }
  return settings;
}

Status Session::set_evidence(Evidence evidence) {
  if (!has_model()) return Error{"There is no model yet: evidence is about its images."};
  const Status checked = check_evidence(evidence, model_->image.image_size());
  if (!checked) return checked;
  evidence_ = std::move(evidence);
  evidence_in_range_ = in_range(evidence_, model_->range);
  start_run();
  return Ok{};
}

Applied Session::apply(std::string_view settings) { return apply(parse_settings(settings)); }

Applied Session::apply(ParsedSettings parsed) {
  Applied applied{std::move(parsed.notes), false};
  if (has_model()) parsed.settings = clamped_to_model(std::move(parsed.settings), applied.notes);
  const bool same = settings_.same_picture(parsed.settings);
  settings_ = std::move(parsed.settings);
  if (has_model() && !same) {
    start_run();
    applied.restarted = true;
  }
  return applied;
}

void Session::start_run() {
  Shape shape = model_->image;
  shape.batch = settings_.images;
  const auto size = static_cast<size_t>(shape.size());
  const auto trajectory =
      walk_with(evidence_in_range_, make_trajectory(settings_.schedule, model_->trained, settings_.steps));
  Sampler sampler(make_sampler_table(settings_.sampler, trajectory), shape, noise(), clip(),
                  evidence_in_range_);
  Trace trace(sampler.num_steps(), layout_of(sampler, size), options_.trace_bytes);
  trace.put_state(0, sampler.state());
  run_ = std::make_unique<Run>(
      Run{std::move(sampler),
          {labels_of(settings_, options_.first_sample, model_->num_classes()), settings_.guidance},
          std::move(trace),
          std::vector<float>(size),
          std::vector<float>(size)});
  available_ = position_ = 0;
}

const std::vector<Stage>& Session::table() const {
  UNDIFFUSE_ASSERT(run_ != nullptr);
  return run_->sampler.table();
}

bool Session::guided() const { return Denoiser::calls_per_image(model(), run_->conditioning) > 1; }

int Session::nfe(int step) const { return table()[static_cast<size_t>(step)].calls() * (guided() ? 2 : 1); }

int Session::label(int sample) const {
  UNDIFFUSE_ASSERT(run_ != nullptr);
  return run_->conditioning.labels[static_cast<size_t>(sample)];
}

const Trace& Session::trace() const {
  UNDIFFUSE_ASSERT(run_ != nullptr);
  return run_->trace;
}

bool Session::work(int step) {
  UNDIFFUSE_ASSERT(step >= 0 && step < num_steps());
  if (run_->trace.has(step)) return true;
  go_towards(step);
  answer_slice();
  if (run_->answered == settings_.images) supply_answer();
  return run_->trace.has(step);
}

std::optional<Session::Question> Session::ask(int step, int max_images) {
  UNDIFFUSE_ASSERT(step >= 0 && step < num_steps() && max_images >= 1);
  if (run_->trace.has(step)) return std::nullopt;
  go_towards(step);
  run_->asked = std::min(max_images, settings_.images - run_->answered);
  return Question{++questions_, run_->asked,
                  denoiser_->ask(run_->sampler.pending(), run_->conditioning, run_->answered, run_->asked)};
}

bool Session::supply(int number, std::span<const float> raw) {
  if (!run_ || number != questions_ || run_->asked == 0) return false;
  denoiser_->understand(run_->sampler.pending(), run_->conditioning, run_->answered, run_->asked, raw,
                        run_->x0_hat, run_->x0_var);
  run_->answered += std::exchange(run_->asked, 0);
  if (run_->answered == settings_.images) supply_answer();
  return true;
}

std::optional<Session::RunAhead> Session::ask_ahead(int step, int max_calls) {
  UNDIFFUSE_ASSERT(step >= 0 && step < num_steps());
  if (run_->trace.has(step) || evidence_.kind != EvidenceKind::None) return std::nullopt;
  go_towards(step);
  const Sampler& sampler = run_->sampler;
  const int max_steps = std::min(max_calls / (settings_.images * (guided() ? 2 : 1)), kMaxStepsAhead);
  const int count = std::min(step + 1 - sampler.step(), max_steps);
  if (count < 2 || run_->answered > 0) return std::nullopt;
  const auto stages =
      std::span(table()).subspan(static_cast<size_t>(sampler.step()), static_cast<size_t>(count));
  if (!takes_one_call(stages)) return std::nullopt;
  run_->ahead = count;
  RunAhead ahead{++questions_, gpu_steps(stages, *model_, run_->conditioning, noise(), clip()), {}, {}, {}};
  ahead.x.assign(sampler.x().begin(), sampler.x().end());
  ahead.previous.assign(sampler.state().begin() + static_cast<std::ptrdiff_t>(ahead.x.size()),
                        sampler.state().end());
  ahead.previous.resize(ahead.x.size());
  ahead.labels.assign(run_->conditioning.labels.begin(), run_->conditioning.labels.end());
  if (guided()) ahead.labels.resize(2 * ahead.labels.size(), static_cast<float>(model_->num_classes()));
  return ahead;
}

bool Session::supply_ahead(int number, std::span<const float> records, std::span<const float> x) {
  if (!run_ || number != questions_ || run_->ahead == 0) return false;
  Sampler& sampler = run_->sampler;
  const size_t size = x.size(), count = static_cast<size_t>(std::exchange(run_->ahead, 0));
  UNDIFFUSE_ASSERT(size == sampler.x().size() && records.size() == 3 * count * size);
  std::vector<float> state(sampler.state().begin(),
                           sampler.state().end());  // x, and perhaps a previous x0_hat
  for (size_t i = 0; i < count; ++i) {
    const auto part = [&](size_t which) { return records.subspan((3 * i + which) * size, size); };
    const int step = sampler.step();
    run_->trace.put_record(step, {part(0), part(1), part(2), std::span<const float>(state).subspan(size)});
    const std::span<const float> x_prev = i + 1 < count ? records.subspan(3 * (i + 1) * size, size) : x;
    std::copy(x_prev.begin(), x_prev.end(), state.begin());
    if (state.size() > size)
      std::copy(part(1).begin(), part(1).end(), state.begin() + static_cast<std::ptrdiff_t>(size));
    sampler.restore(step + 1, state);
    run_->trace.put_state(step + 1, state);
  }
  available_ = std::max(available_, sampler.step());
  return true;
}

// The sampler goes on from where it is, unless a kept state is nearer to the step.
void Session::go_towards(int step) {
  run_->asked = run_->ahead = 0;  // whoever asked before has lost its turn
  Sampler& sampler = run_->sampler;
  const Trace::State kept = run_->trace.nearest_state(step);
  if (sampler.step() <= step && sampler.step() >= kept.step) return;
  sampler.restore(kept.step, kept.values);
  run_->answered = 0;
}

void Session::answer_slice() {
  const int count = std::min(options_.images_per_slice, settings_.images - run_->answered);
  denoiser_->answer(run_->sampler.pending(), run_->conditioning, run_->answered, count, run_->x0_hat,
                    run_->x0_var);
  run_->answered += count;
}

void Session::supply_answer() {
  Sampler& sampler = run_->sampler;
  run_->answered = 0;
  if (!sampler.supply(run_->x0_hat, run_->x0_var)) return;  // it asks again before it moves
  const StepInputs& taken = sampler.taken();
  run_->trace.put_record(sampler.step() - 1, {taken.x_t, taken.x0_hat, taken.x0_var, taken.x0_hat_2});
  run_->trace.put_state(sampler.step(), sampler.state());
  available_ = std::max(available_, sampler.step());
}

bool Session::field(int step, int sample, Field field, std::span<float> out) const {
  if (step < 0 || step >= num_steps() || sample < 0 || sample >= settings_.images) return false;
  if (!run_->trace.has(step)) return false;
  const auto size = static_cast<size_t>(model_->image.image_size());
  UNDIFFUSE_ASSERT(out.size() == size);
  const TraceRecord batch = run_->trace.record(step);
  const auto image = [&](std::span<const float> of) {
    return of.empty() ? of : of.subspan(static_cast<size_t>(sample) * size, size);
  };
  const StepInputs inputs{image(batch.x_t), image(batch.x0_hat), image(batch.x0_var), image(batch.x0_hat_2)};
  derive_field(field,
               {table()[static_cast<size_t>(step)],
                clip(),
                model_->parameterization(),
                {settings_.seed, options_.first_sample + static_cast<std::uint32_t>(sample)},
                &evidence_in_range_},
               inputs, out);
  return true;
}

bool Session::feature(int step, int sample, int block, std::span<float> out) {
  if (block < 0 || static_cast<size_t>(block) >= blocks_.blocks.size()) return false;
  std::vector<float> x_hat(static_cast<size_t>(model_->image.image_size()));
  if (!field(step, sample, Field::XHat, x_hat)) return false;
  const double alpha_bar = table()[static_cast<size_t>(step)].churn.alpha_bar;
  engine_->run_to(blocks_.blocks[static_cast<size_t>(block)].output_buffer,
                  denoiser_->conditional_call(x_hat, alpha_bar, label(sample)), out);
  return true;
}

void Session::step() { seek(position_ + 1); }
void Session::back() { seek(position_ - 1); }

void Session::seek(int position) {
  position_ = std::clamp(position, 0, num_steps());
  if (position_ > 0) compute(position_ - 1);
}

void Session::reseed(std::uint32_t seed) {
  settings_.seed = seed;
  if (has_model()) start_run();
}

void Session::state(int sample, std::span<float> out) {
  const bool at_end = position_ == num_steps();
  const int step = at_end ? position_ - 1 : position_;
  compute(step);
  UNDIFFUSE_ASSERT(field(step, sample, at_end ? Field::XPrev : Field::XT, out));
}

}  // namespace undiffuse
