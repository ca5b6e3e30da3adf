#include "core/run/sampler.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/random.h"

namespace undiffuse {
namespace {

template <class Fill>
void for_each_image(std::span<float> batch, int image_size, Fill fill) {
  const auto size = static_cast<size_t>(image_size);
  for (size_t i = 0; i * size < batch.size(); ++i) {
    fill(static_cast<std::uint32_t>(i), batch.subspan(i * size, size));
  }
}

// Anything that later steps remember besides x.
bool remembers(const std::vector<Stage>& table) {
  return std::any_of(table.begin(), table.end(),
                     [](const Stage& stage) { return stage.second == SecondAnswer::Previous; });
}

void combine(const ReverseTransition& transition, const Clip& clip, const StepInputs& inputs,
             std::span<float> mu, std::span<float> sigma) {
  std::span<const float> x0_hat = inputs.x0_hat;
  if (clip.on) {  // mu has its own memory, so it can hold the clipped image for a moment
    array(mu) = array(x0_hat).max(clip.range.black).min(clip.range.white);
    x0_hat = mu;
  }
  mean_and_sigma(transition, inputs.x_t, x0_hat, inputs.x0_var, mu, sigma);
}

}  // namespace

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
    fill_normal(image, seed, stage.counter, first_sample + i, Purpose::Step);
  });
}

void NoiseSource::churn(const Stage& stage, std::span<float> z, int image_size) const {
  for_each_image(z, image_size, [&](std::uint32_t i, std::span<float> image) {
    fill_normal(image, seed, stage.counter, first_sample + i, Purpose::Churn);
  });
}

void stage_x_hat(const Stage& stage, const NoiseSource& noise, std::span<const float> x_t,
                 std::span<float> x_hat, int image_size) {
  if (stage.churn.sigma == 0) {
    std::copy(x_t.begin(), x_t.end(), x_hat.begin());
    return;
  }
  noise.churn(stage, x_hat, image_size);
  array(x_hat) = static_cast<float>(stage.churn.keep) * array(x_t) +
                 static_cast<float>(stage.churn.sigma) * array(x_hat);
}

void stage_mean_and_sigma(const Stage& stage, const Clip& clip, const StepInputs& inputs, std::span<float> mu,
                          std::span<float> sigma) {
  combine(stage.transition, clip, inputs, mu, sigma);
  if (stage.on_second == 0) return;
  const auto on_second = static_cast<float>(stage.on_second);
  const ConstArrayMap second = array(inputs.x0_hat_2);
  if (clip.on) {
    array(mu) += on_second * second.max(clip.range.black).min(clip.range.white);
  } else {
    array(mu) += on_second * second;
  }
}

void draw(std::span<const float> mu, std::span<const float> sigma, std::span<const float> z,
          std::span<float> x_prev) {
  array(x_prev) = array(mu) + array(sigma) * array(z);
}

Sampler::Sampler(std::vector<Stage> table, Shape shape, NoiseSource noise, Clip clip, Evidence evidence)
    : table_(std::move(table)),
      size_(static_cast<size_t>(shape.size())),
      image_size_(shape.image_size()),
      noise_(noise),
      clip_(clip),
      evidence_(std::move(evidence)) {
  UNDIFFUSE_ASSERT(!table_.empty() && shape.size() > 0);
  for (std::vector<float>* buffer : {&state_, &before_})
    buffer->resize(remembers(table_) ? 2 * size_ : size_);
  for (std::vector<float>* buffer : {&mu_, &sigma_, &z_}) buffer->resize(size_);
  restart();
}

void Sampler::restart() {
  step_ = 0;
  std::fill(state_.begin(), state_.end(), 0.0f);
  const std::span<float> x = std::span(state_).first(size_);
  noise_.start(x, image_size_);
  for_each_image(x, image_size_, [this](std::uint32_t, std::span<float> image) {
    evidence_.start(table_.front().alpha_bar, image);
  });
  begin_step();
}

void Sampler::restore(int step, std::span<const float> state) {
  UNDIFFUSE_ASSERT(step >= 0 && step <= num_steps() && state.size() == state_.size());
  step_ = step;
  std::copy(state.begin(), state.end(), state_.begin());
  begin_step();
}

void Sampler::begin_step() {
  at_end_ = false;
  if (done() || stage().churn.sigma == 0) return;
  x_hat_.resize(size_);
  stage_x_hat(stage(), noise_, x(), x_hat_, image_size_);
}

std::span<const float> Sampler::x_hat() const { return stage().churn.sigma == 0 ? x() : x_hat_; }

ModelCall Sampler::pending() const {
  UNDIFFUSE_ASSERT(!done());
  if (at_end_) return {mu_, stage().alpha_bar_prev};
  return {x_hat(), stage().churn.alpha_bar};
}

bool Sampler::supply(std::span<const float> x0_hat, std::span<const float> x0_var) {
  UNDIFFUSE_ASSERT(!done() && x0_hat.size() == size_ && x0_var.size() == size_);
  if (stage().second == SecondAnswer::AtEnd && !at_end_) {
    probe(x0_hat, x0_var);
    return false;
  }
  taken_ = at_end_ ? StepInputs{x(), x0_hat_, x0_var_, x0_hat}
                   : StepInputs{x(), x0_hat, x0_var, state().subspan(size_)};
  take_step();
  return true;
}

void Sampler::probe(std::span<const float> x0_hat, std::span<const float> x0_var) {
  x0_hat_.assign(x0_hat.begin(), x0_hat.end());
  x0_var_.assign(x0_var.begin(), x0_var.end());
  const ReverseTransition to_end{stage().probe_on_x0, stage().probe_on_x, 0, 0};
  combine(to_end, clip_, {x_hat(), x0_hat_, x0_var_}, mu_, sigma_);
  at_end_ = true;
}

void Sampler::take_step() {
  StepInputs inputs = taken_;
  inputs.x_t = x_hat();
  stage_mean_and_sigma(stage(), clip_, inputs, mu_, sigma_);
  for_each_image(mu_, image_size_, [this](std::uint32_t i, std::span<float> mu) {
    evidence_.perturb(stage().alpha_bar_prev, mu, std::span(sigma_).subspan(i * mu.size(), mu.size()));
  });
  noise_.step(stage(), z_, image_size_);
  std::swap(state_, before_);  // what taken_ points at stays where it is
  draw(mu_, sigma_, z_, std::span(state_).first(size_));
  if (state_.size() > size_) {
    std::copy(taken_.x0_hat.begin(), taken_.x0_hat.end(),
              state_.begin() + static_cast<std::ptrdiff_t>(size_));
  }
  ++step_;
  begin_step();
}

}  // namespace undiffuse
