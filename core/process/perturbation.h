// Multiplying the model's distribution with a function r(x) of the image (Sohl-Dickstein et al. 2015,
// section 2.5 and appendix C): inpainting, denoising, and any smooth r by its gradient.
//
// p~(x_s | x_t) is about p(x_s | x_t) r(x_s): again a Gaussian for every pixel, so a run with evidence is the
// same walk with another mu and sigma. With the same r at every step, as in the paper's experiments, this
// counts the evidence more than once (tests/run/evidence_test.cpp has the exact end for Gaussian data);
// NoisyStart does not.
#pragma once

#include <span>
#include <vector>

#include "core/base/data_range.h"
#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/process/respacing.h"

namespace undiffuse {

enum class EvidenceKind {
  None,
  KnownClean,      ///< pixels that are known, put in as they are at every step (the paper's inpainting)
  KnownRenoised,   ///< known pixels with the step's own noise, N(sqrt(alpha_bar) y, 1 - alpha_bar): what a
                   ///< network that was trained on evenly noisy images expects
  NoisyPerturbed,  ///< y = x_0 + sigma n: every step's Gaussian times r(x) = N(y; x, sigma²) (the paper's
                   ///< denoising)
  NoisyStart,  ///< y = x_0 + sigma n: sqrt(alpha_bar) y *is* an x_t where the noise level is sigma, so the
               ///< walk starts there: exact samples of p(x_0 | y) for an exact model
  Coarse,  ///< only a coarse picture of y is known, the means of its cells: coarse_log_r() by its gradient
};

/// Cells each way of a coarse picture.
inline constexpr int kCoarseCells = 4;

/// What is known of the image. One for all images of a batch. Views and files hold it in greys from -1
/// (black) to 1 (white), whatever the model's range is; in_range() is for the walk.
struct Evidence {
  EvidenceKind kind = EvidenceKind::None;
  std::vector<float> image;       ///< y, [height, width, channels]
  std::vector<float> known = {};  ///< the Known kinds: [height, width, channels], 1 where y holds, else 0
  double sigma = 0;               ///< the Noisy kinds: the deviation of y's noise, in units of the data, > 0
  std::vector<int> cells = {};    ///< Coarse: the cell of each number of the image (coarse_cells())
  double strength = 0;            ///< Coarse: in (0, 1]

  /// x at the start of one image's walk; holds N(0, 1) draws before.
  void start(double alpha_bar, std::span<float> x) const;
  /// mu and sigma of one image's step to `alpha_bar_prev`, given those without the evidence. A step that
  /// draws nothing (sigma = 0) is left as it is by the Noisy kinds and by Coarse.
  void perturb(double alpha_bar_prev, std::span<float> mu, std::span<float> sigma) const;
};

/// The cell of each number, 0.. : kCoarseCells rows and columns of cells, for each channel.
std::vector<int> coarse_cells(const Shape& image);

/// Each number's cell's mean: the coarse picture, at the image's size.
std::vector<float> coarse_picture(std::span<const float> image, std::span<const int> cells);

/// log r(x_s) = -strength / (2 (1 - alpha_bar)) sum over cells of n (mean(x_s) - sqrt(alpha_bar) mean(y))², n
/// being the cell's numbers: at strength 1 the Gaussian that the forward kernel gives a cell's mean. So r
/// narrows as the noise falls, and strength sigma² / (1 - alpha_bar), by which it curves within a step, stays
/// near strength or below it. alpha_bar < 1.
double coarse_log_r(const Evidence& evidence, double alpha_bar, std::span<const float> x);
/// Its gradient by x: strength / (1 - alpha_bar) (sqrt(alpha_bar) mean(y) - mean(x_s)), the same in all of a
/// cell.
std::vector<float> coarse_grad_log_r(const Evidence& evidence, double alpha_bar, std::span<const float> x);

/// Evidence in greys from -1 to 1 as it is about images of this range.
Evidence in_range(Evidence evidence, DataRange range);

/// Whether the evidence is of an image of so many numbers, all finite, with a deviation or a strength where
/// one is needed.
Status check_evidence(const Evidence& evidence, int image_size);

/// The points of a walk with this evidence: NoisyStart leaves out those that are noisier than y.
std::vector<TrajectoryPoint> walk_with(const Evidence& evidence, std::vector<TrajectoryPoint> trajectory);

/// A smooth r by its gradient: mu += sigma² grad log r(mu), sigma stays (Table App.1). Good where log r
/// hardly curves within sigma.
void perturb_by_gradient(std::span<float> mu, std::span<const float> sigma,
                         std::span<const float> grad_log_r);

}  // namespace undiffuse
