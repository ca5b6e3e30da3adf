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
  for (size_t i = 0; i < mu.size(); ++i) {
    if (evidence.known[i] <= 0.5f) continue;
    mu[i] = signal * evidence.image[i];
    sigma[i] = deviation;
  }
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

// A mean for each cell.
std::vector<double> cell_means(std::span<const float> image, std::span<const int> cells) {
  const auto count = static_cast<size_t>(*std::max_element(cells.begin(), cells.end())) + 1;
  std::vector<double> sums(count), numbers(count);
  for (size_t i = 0; i < image.size(); ++i) {
    sums[static_cast<size_t>(cells[i])] += image[i];
    numbers[static_cast<size_t>(cells[i])] += 1;
  }
  for (size_t cell = 0; cell < count; ++cell) sums[cell] /= std::max(numbers[cell], 1.0);
  return sums;
}

void follow_coarse_picture(const Evidence& evidence, double alpha_bar, std::span<float> mu,
                           std::span<const float> sigma) {
  if (alpha_bar >= 1) return;  // the step to the data draws nothing
  perturb_by_gradient(mu, sigma, coarse_grad_log_r(evidence, alpha_bar, mu));
}

Status check_known(const Evidence& evidence, size_t size) {
  if (evidence.known.size() == size) return Ok{};
  return Error{"The evidence does not say what is known of each pixel: it needs " + std::to_string(size) +
               " numbers, 0 or 1."};
}

Status check_noisy(const Evidence& evidence) {
  if (evidence.sigma > 0 && std::isfinite(evidence.sigma)) return Ok{};
  return Error{"The noise of a noisy image needs a deviation above 0."};
}

Status check_coarse(const Evidence& evidence, size_t size) {
  if (!(evidence.strength > 0 && evidence.strength <= 1)) {
    return Error{"The strength of a coarse picture goes from above 0 to 1."};
  }
  const auto is_cell = [size](int cell) { return cell >= 0 && static_cast<size_t>(cell) < size; };
  if (evidence.cells.size() == size && std::all_of(evidence.cells.begin(), evidence.cells.end(), is_cell)) {
    return Ok{};
  }
  return Error{"A coarse picture needs a cell for each of the image's " + std::to_string(size) + " numbers."};
}

}  // namespace

Evidence in_range(Evidence evidence, DataRange range) {
  const DataRange greys;
  for (float& value : evidence.image) value = greys.in(range, value);
  evidence.sigma *= (range.white - range.black) / (greys.white - greys.black);
  return evidence;
}

std::vector<int> coarse_cells(const Shape& image) {
  std::vector<int> cells;
  cells.reserve(static_cast<size_t>(image.image_size()));
  for (int i = 0; i < image.image_size(); ++i) {
    const int channel = i % image.channels, pixel = i / image.channels;
    const int row = pixel / image.width * kCoarseCells / image.height;
    const int column = pixel % image.width * kCoarseCells / image.width;
    cells.push_back((row * kCoarseCells + column) * image.channels + channel);
  }
  return cells;
}

std::vector<float> coarse_picture(std::span<const float> image, std::span<const int> cells) {
  UNDIFFUSE_ASSERT(image.size() == cells.size() && !image.empty());
  const std::vector<double> means = cell_means(image, cells);
  std::vector<float> coarse(image.size());
  for (size_t i = 0; i < image.size(); ++i) {
    coarse[i] = static_cast<float>(means[static_cast<size_t>(cells[i])]);
  }
  return coarse;
}

double coarse_log_r(const Evidence& evidence, double alpha_bar, std::span<const float> x) {
  const std::vector<double> of_x = cell_means(x, evidence.cells),
                            of_y = cell_means(evidence.image, evidence.cells);
  double squares = 0;  // each number counts its cell's, which makes them n
  for (const int cell : evidence.cells) {
    const auto i = static_cast<size_t>(cell);
    squares += std::pow(of_x[i] - std::sqrt(alpha_bar) * of_y[i], 2);
  }
  return -evidence.strength / (2 * (1 - alpha_bar)) * squares;
}

std::vector<float> coarse_grad_log_r(const Evidence& evidence, double alpha_bar, std::span<const float> x) {
  const std::vector<double> of_x = cell_means(x, evidence.cells),
                            of_y = cell_means(evidence.image, evidence.cells);
  std::vector<float> gradient;
  gradient.reserve(x.size());
  for (const int cell : evidence.cells) {
    const auto i = static_cast<size_t>(cell);
    gradient.push_back(
        static_cast<float>(evidence.strength / (1 - alpha_bar) * (std::sqrt(alpha_bar) * of_y[i] - of_x[i])));
  }
  return gradient;
}

void Evidence::start(double alpha_bar, std::span<float> x) const {
  UNDIFFUSE_ASSERT(kind == EvidenceKind::None || x.size() == image.size());
  const auto signal = static_cast<float>(std::sqrt(alpha_bar));
  const auto noise = static_cast<float>(std::sqrt(1 - alpha_bar));
  switch (kind) {
    case EvidenceKind::None:
    case EvidenceKind::Coarse:
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
    case EvidenceKind::Coarse:
      return follow_coarse_picture(*this, alpha_bar_prev, mu, sigma_of);
  }
}

Status check_evidence(const Evidence& evidence, int image_size) {
  if (evidence.kind == EvidenceKind::None) return Ok{};
  const auto size = static_cast<size_t>(image_size);
  if (evidence.image.size() != size) {
    return Error{"The evidence is not of the model's image: it needs " + std::to_string(image_size) +
                 " numbers."};
  }
  const auto finite = [](float value) { return std::isfinite(value); };
  if (!std::all_of(evidence.image.begin(), evidence.image.end(), finite)) {
    return Error{"The evidence has numbers that are not finite: give an image in the model's range."};
  }
  switch (evidence.kind) {
    case EvidenceKind::None:
      break;
    case EvidenceKind::KnownClean:
    case EvidenceKind::KnownRenoised:
      return check_known(evidence, size);
    case EvidenceKind::NoisyPerturbed:
    case EvidenceKind::NoisyStart:
      return check_noisy(evidence);
    case EvidenceKind::Coarse:
      return check_coarse(evidence, size);
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
