#include "core/run/bound_estimate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/process/bound.h"
#include "core/process/forward_kernel.h"
#include "core/run/bound_step.h"

namespace undiffuse {
namespace {

constexpr Variance kVariances[] = {Variance::Learned, Variance::FixedSmall, Variance::FixedLarge};

std::vector<TrajectoryPoint> own_trajectory(const Schedule& trained, int num_steps) {
  std::vector<TrajectoryPoint> points;
  for (const int t : respaced_times(trained.num_steps(), num_steps)) {
    points.push_back({trained.alpha_bar[static_cast<size_t>(t)], t});
  }
  return points;
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_error_of(std::span<const double> values) {
  const double mean = mean_of(values), n = static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (n - 1) / n);
}

}  // namespace

BoundEstimate::BoundEstimate(const ModelInfo& info, Engine& engine, std::span<const float> x0,
                             std::vector<int> labels, int num_steps, std::uint32_t seed)
    : info_(info),
      denoiser_(info, engine),
      x0_(x0),
      labels_(std::move(labels)),
      seed_(seed),
      image_size_(static_cast<size_t>(info.image.image_size())),
      batch_(std::min(static_cast<size_t>(engine.max_batch()), labels_.size())),
      trajectory_(own_trajectory(info.trained, num_steps)) {
  UNDIFFUSE_ASSERT(!labels_.empty() && x0.size() == labels_.size() * image_size_ && num_steps >= 2);
  eps_.resize(image_size_);
  for (auto* buffer : {&x_t_, &x0_hat_, &x0_var_}) buffer->resize(batch_ * image_size_);
  for (Sums& sums : sums_) {
    sums.images.resize(labels_.size());
    sums.terms.resize(static_cast<size_t>(num_steps));
  }
}

void BoundEstimate::add_step(int step) {
  UNDIFFUSE_ASSERT(step >= 0 && step < num_steps());
  for (size_t first = 0; first < labels_.size(); first += batch_) {
    add_images(step, first, std::min(batch_, labels_.size() - first));
  }
}

void BoundEstimate::add_images(int step, size_t first, size_t count) {
  const std::span<const int> labels = std::span<const int>(labels_).subspan(first, count);
  const TrajectoryPoint& point = trajectory_[static_cast<size_t>(step)];
  noise_images(point, first, count);
  denoiser_.answer({std::span(x_t_).first(count * image_size_), point.alpha_bar},
                   {{labels.begin(), labels.end()}, 1}, 0, static_cast<int>(count), x0_hat_, x0_var_);
  for (const Variance variance : kVariances) {
    const BoundStep cost(trajectory_, step, variance, info_.range);
    Sums& sums = sums_[static_cast<size_t>(variance)];
    for (size_t i = 0; i < count; ++i) {
      double nats = 0;
      for (size_t e = i * image_size_; e < (i + 1) * image_size_; ++e) {
        nats += cost.cost_nats(x0_[first * image_size_ + e], x0_hat_[e], x0_var_[e]);
      }
      const double bits = to_bits(nats / static_cast<double>(image_size_));
      sums.images[first + i] += bits;
      sums.terms[static_cast<size_t>(step)] += bits / static_cast<double>(labels_.size());
    }
  }
}

void BoundEstimate::noise_images(const TrajectoryPoint& point, size_t first, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    fill_normal(eps_, seed_, static_cast<std::uint32_t>(point.t), static_cast<std::uint32_t>(first + i),
                Purpose::Bound);
    q_sample(x0_.subspan((first + i) * image_size_, image_size_), eps_, point.alpha_bar,
             std::span(x_t_).subspan(i * image_size_, image_size_));
  }
}

double BoundEstimate::prior_bits(size_t image) const {
  double nats = 0;
  for (const float x0 : x0_.subspan(image * image_size_, image_size_)) {
    nats += prior_kl_nats(x0, trajectory_.front().alpha_bar);
  }
  return to_bits(nats / static_cast<double>(image_size_));
}

BoundSummary BoundEstimate::summary(Variance variance) const {
  UNDIFFUSE_ASSERT(variance != Variance::Learned || info_.learned_variance);
  const Sums& sums = sums_[static_cast<size_t>(variance)];
  std::vector<double> priors(sums.images.size()), totals(sums.images.size());
  for (size_t i = 0; i < totals.size(); ++i) {
    priors[i] = prior_bits(i);
    totals[i] = priors[i] + sums.images[i];
  }
  return {mean_of(totals), standard_error_of(totals), mean_of(priors), sums.terms};
}

}  // namespace undiffuse
