#include "core/run/evidence_table.h"

#include <algorithm>
#include <array>
#include <utility>

namespace undiffuse {
namespace {

constexpr std::array<EvidenceTask, 3> kTasks = {{
    {"inpaint", "Fill in what is missing",
     "Paint over what is not known: the run draws it anew, so that it fits what is known."},
    {"denoise",
     "Take noise away",
     "The image gets noise of this deviation, and the run draws clean images that it may have been.",
     {"Noise", "Deviation of the noise; black to white is 2.", 0.05, 3, 0.05, 0.5, true}},
    {"coarse",
     "Follow its coarse picture",
     "Only the means of 4 × 4 cells are told to the run: it draws images that look like this from afar.",
     {"Strength", "How strongly each step is drawn towards those means.", 0.05, 1, 0.05, 0.5}},
}};

constexpr std::array<EvidenceWay, 5> kWays = {{
    {EvidenceKind::KnownRenoised, "known-renoised", "inpaint", "with the step's noise",
     "Known pixels are put in as noisy as the step is: the network was trained on evenly noisy images."},
    {EvidenceKind::KnownClean, "known-clean", "inpaint", "clean, as in the 2015 paper",
     "Known pixels are put in as they are at every step; the network meets them cleaner than all else."},
    {EvidenceKind::NoisyStart, "noisy-start", "denoise", "start at its noise",
     "The noisy image, scaled, is the x_t of the step that has this much noise: the walk starts there."},
    {EvidenceKind::NoisyPerturbed, "noisy-perturbed", "denoise", "multiply every step, as in the 2015 paper",
     "Each step's Gaussian is multiplied by N(y; x, σ²). The same y counts at every step, so the images stay "
     "nearer to it than its noise allows."},
    {EvidenceKind::Coarse, "coarse", "coarse", "by the gradient of log r(x)",
     "Each step's mean moves by σ² times the gradient of log r, taken at the mean (the paper's table "
     "App.1)."},
}};

}  // namespace

std::span<const EvidenceTask> evidence_tasks() { return kTasks; }
std::span<const EvidenceWay> evidence_ways() { return kWays; }

const EvidenceWay* evidence_way(EvidenceKind kind) {
  const auto* way =
      std::find_if(kWays.begin(), kWays.end(), [kind](const EvidenceWay& each) { return each.kind == kind; });
  return way == kWays.end() ? nullptr : way;
}

const EvidenceWay* evidence_way(std::string_view name) {
  const auto* way =
      std::find_if(kWays.begin(), kWays.end(), [name](const EvidenceWay& each) { return each.name == name; });
  return way == kWays.end() ? nullptr : way;
}

const EvidenceTask& evidence_task(const EvidenceWay& way) {
  return *std::find_if(kTasks.begin(), kTasks.end(),
                       [&](const EvidenceTask& task) { return task.name == way.task; });
}

Evidence make_evidence(EvidenceKind kind, const Shape& shape, std::vector<float> image,
                       std::vector<float> known, double amount) {
  Evidence evidence{kind, std::move(image)};
  switch (kind) {
    case EvidenceKind::None:
      return {};
    case EvidenceKind::KnownClean:
    case EvidenceKind::KnownRenoised:
      evidence.known = std::move(known);
      break;
    case EvidenceKind::NoisyPerturbed:
    case EvidenceKind::NoisyStart:
      evidence.sigma = amount;
      break;
    case EvidenceKind::Coarse:
      evidence.cells = coarse_cells(shape);
      evidence.strength = amount;
      break;
  }
  return evidence;
}

double amount_of(const Evidence& evidence) {
  return evidence.kind == EvidenceKind::Coarse ? evidence.strength : evidence.sigma;
}

std::vector<float> shown_evidence(const Evidence& evidence) {
  if (evidence.kind == EvidenceKind::None) return {};
  if (evidence.kind == EvidenceKind::Coarse) return coarse_picture(evidence.image, evidence.cells);
  std::vector<float> shown = evidence.image;
  for (size_t i = 0; i < evidence.known.size(); ++i) shown[i] *= evidence.known[i];
  return shown;
}

std::string_view evidence_note(const Evidence& evidence, bool draws) {
  const bool multiplies =
      evidence.kind == EvidenceKind::NoisyPerturbed || evidence.kind == EvidenceKind::Coarse;
  if (draws || !multiplies) return "";
  return "This sampler draws nothing (σ = 0), so the evidence has nothing to choose from: take Ancestral.";
}

}  // namespace undiffuse
