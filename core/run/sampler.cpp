#include "core/run/sampler.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/process/respacing.h"

namespace undiffuse {
namespace {

std::vector<Stage> ancestral_table(const Schedule& schedule, int num_steps, Variance variance) {
  const std::vector<int> times = respaced_times(schedule.num_steps(), num_steps);
  std::vector<Stage> table(static_cast<size_t>(num_steps));
  for (size_t i = 0; i < table.size(); ++i) {
    Stage& stage = table[i];
    stage.t = times[i];
    stage.t_prev = times[i + 1];
    stage.alpha_bar = schedule.alpha_bar[static_cast<size_t>(stage.t)];
    stage.alpha_bar_prev = schedule.alpha_bar[static_cast<size_t>(stage.t_prev)];
    stage.transition = reverse_transition(stage.alpha_bar, stage.alpha_bar_prev, variance);
    stage.draws = stage.t_prev > 0;
  }
  return table;
}

template <class Fill>
void for_each_image(std::span<float> batch, int image_size, Fill fill) {
  const auto size = static_cast<size_t>(image_size);
  for (size_t i = 0; i * size < batch.size(); ++i) {
    fill(static_cast<std::uint32_t>(i), batch.subspan(i * size, size));
  }
}

}  // namespace

std::vector<Stage> make_sampler_table(SamplerKind kind, const Schedule& schedule, int num_steps,
                                      Variance variance) {
  switch (kind) {
    case SamplerKind::Ancestral:
      return ancestral_table(schedule, num_steps, variance);
  }
  UNDIFFUSE_ASSERT(!"a sampler kind without a table");
}

void NoiseSource::start(std::span<float> x, int image_size) const {
  for_each_image(x, image_size, [&](std::uint32_t i, std::span<float> image) {
    fill_normal(image, seed, 0, first_sample + i, Purpose::Start);
  });
}

void NoiseSource::step(const Stage& stage, std::span<float> z, int image_size) const {
  if (!stage.draws) {
    std::fill(z.begin(), z.end(), 0.0f);
    return;
  }
  for_each_image(z, image_size, [&](std::uint32_t i, std::span<float> image) {
    fill_normal(image, seed, static_cast<std::uint32_t>(stage.t), first_sample + i, Purpose::Step);
  });
}

void stage_mean_and_sigma(const Stage& stage, bool clip, const StepInputs& inputs, std::span<float> mu,
                          std::span<float> sigma) {
  std::span<const float> x0_hat = inputs.x0_hat;
  if (clip) {  // mu has its own memory, so it can hold the clipped image for a moment
    array(mu) = array(x0_hat).max(-1.0f).min(1.0f);
    x0_hat = mu;
  }
  mean_and_sigma(stage.transition, inputs.x_t, x0_hat, inputs.x0_var, mu, sigma);
}

void draw(std::span<const float> mu, std::span<const float> sigma, std::span<const float> z,
          std::span<float> x_prev) {
  array(x_prev) = array(mu) + array(sigma) * array(z);
}

Sampler::Sampler(std::vector<Stage> table, Shape shape, NoiseSource noise, bool clip)
    : table_(std::move(table)), shape_(shape), noise_(noise), clip_(clip) {
  UNDIFFUSE_ASSERT(!table_.empty() && shape.size() > 0);
  const auto size = static_cast<size_t>(shape.size());
  for (std::vector<float>* buffer : {&x_, &mu_, &sigma_, &z_}) buffer->resize(size);
  restart();
}

void Sampler::restart() {
  step_ = 0;
  noise_.start(x_, shape_.image_size());
}

void Sampler::restore(int step, std::span<const float> x) {
  UNDIFFUSE_ASSERT(step >= 0 && step <= num_steps() && x.size() == x_.size());
  step_ = step;
  std::copy(x.begin(), x.end(), x_.begin());
}

ModelCall Sampler::pending() const {
  UNDIFFUSE_ASSERT(!done());
  return {x_, table_[static_cast<size_t>(step_)].alpha_bar};
}

void Sampler::supply(std::span<const float> x0_hat, std::span<const float> x0_var) {
  UNDIFFUSE_ASSERT(!done() && x0_hat.size() == x_.size() && x0_var.size() == x_.size());
  const Stage& stage = table_[static_cast<size_t>(step_)];
  stage_mean_and_sigma(stage, clip_, {x_, x0_hat, x0_var}, mu_, sigma_);
  noise_.step(stage, z_, shape_.image_size());
  draw(mu_, sigma_, z_, x_);
  ++step_;
}

}  // namespace undiffuse
