#include "core/process/perturbation.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.h"
#include "core/base/tensor.h"

namespace undiffuse {
namespace {

// Where `known` is 1 the Gaussian is N(mean, deviation²), elsewhere it stays.
void put_known(const Evidence& evidence, float signal, float deviation, std::span<float> mu,
               std::span<float> sigma) {
  const ConstArrayMap known = array(evidence.known);
  array(mu) += known * (signal * array(evidence.image) - array(mu));
  array(sigma) += known * (deviation - array(sigma));
}

// N(mu, sigma²) N(y; x, sigma_y²): precisions add, means are weighted by them.
void multiply_gaussians(std::span<const float> y, double sigma_y, std::span<float> mu,
                        std::span<float> sigma) {
  const double var_y = sigma_y * sigma_y;
  for (size_t i = 0; i < mu.size(); ++i) {
    const double var = static_cast<double>(sigma[i]) * sigma[i];
    const double gain = var / (var + var_y);
    mu[i] = static_cast<float>(mu[i] + gain * (y[i] - mu[i]));
    sigma[i] = static_cast<float>(std::sqrt(gain * var_y));
  }
}

}  // namespace

void Evidence::start(double alpha_bar, std::span<float> x) const {
  UNDIFFUSE_ASSERT(kind == EvidenceKind::None || x.size() == image.size());
  const auto signal = static_cast<float>(std::sqrt(alpha_bar));
  const auto noise = static_cast<float>(std::sqrt(1 - alpha_bar));
  switch (kind) {
    case EvidenceKind::None:
      return;
    case EvidenceKind::KnownClean:
      array(x) += array(known) * (array(image) - array(x));
      return;
    case EvidenceKind::KnownRenoised:
      array(x) += array(known) * (signal * array(image) + (noise - 1) * array(x));
      return;
    case EvidenceKind::NoisyPerturbed:  // as the paper starts: the noisy image itself
    case EvidenceKind::NoisyStart:
      array(x) = array(image) * (kind == EvidenceKind::NoisyStart ? signal : 1.0f);
      return;
  }
}

void Evidence::perturb(double alpha_bar_prev, std::span<float> mu, std::span<float> sigma_of) const {
  switch (kind) {
    case EvidenceKind::None:
    case EvidenceKind::NoisyStart:
      return;
    case EvidenceKind::KnownClean:
      return put_known(*this, 1, 0, mu, sigma_of);
    case EvidenceKind::KnownRenoised:
      return put_known(*this, static_cast<float>(std::sqrt(alpha_bar_prev)),
                       static_cast<float>(std::sqrt(1 - alpha_bar_prev)), mu, sigma_of);
    case EvidenceKind::NoisyPerturbed:
      return multiply_gaussians(image, sigma, mu, sigma_of);
  }
}

Status check_evidence(const Evidence& evidence, int image_size) {
  if (evidence.kind == EvidenceKind::None) return Ok{};
  const bool known =
      evidence.kind == EvidenceKind::KnownClean || evidence.kind == EvidenceKind::KnownRenoised;
  const auto size = static_cast<size_t>(image_size);
  if (evidence.image.size() != size || (known && evidence.known.size() != size)) {
    return Error{"The evidence is not of the model's image: it needs " + std::to_string(image_size) +
                 " numbers."};
  }
  const auto finite = [](float value) { return std::isfinite(value); };
  if (!std::all_of(evidence.image.begin(), evidence.image.end(), finite)) {
    return Error{"The evidence has numbers that are not finite: give an image in the model's range."};
  }
  if (!known && !(evidence.sigma > 0 && std::isfinite(evidence.sigma))) {
    return Error{"The noise of a noisy image needs a deviation above 0."};
  }
  return Ok{};
}

std::vector<TrajectoryPoint> walk_with(const Evidence& evidence, std::vector<TrajectoryPoint> trajectory) {
  if (evidence.kind != EvidenceKind::NoisyStart) return trajectory;
  const double alpha_bar = 1 / (1 + evidence.sigma * evidence.sigma);
  const auto cleaner =
      std::find_if(trajectory.begin(), trajectory.end(),
                   [alpha_bar](const TrajectoryPoint& point) { return point.alpha_bar > alpha_bar; });
  if (cleaner == trajectory.begin()) return trajectory;  // y is noisier than where every walk begins
  std::vector<TrajectoryPoint> walk = {{alpha_bar, kNoTime}};
  walk.insert(walk.end(), cleaner, trajectory.end());
  return walk;
}

void perturb_by_gradient(std::span<float> mu, std::span<const float> sigma,
                         std::span<const float> grad_log_r) {
  array(mu) += array(sigma).square() * array(grad_log_r);
}

}  // namespace undiffuse
