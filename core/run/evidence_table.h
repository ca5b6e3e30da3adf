// Evidence as a person chooses it: what for, in which way, how much of it, in words that all views share.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/base/tensor.h"
#include "core/process/perturbation.h"

namespace undiffuse {

/// A number that a task takes: Evidence::sigma or Evidence::strength.
struct EvidenceAmount {
  std::string_view label, help;
  double min = 0, max = 0, step = 0, usual = 0;  ///< no amount if max is 0
  bool log_scale = false;                        ///< a slider gives each factor the same room
};

/// What a person wants of a given image.
struct EvidenceTask {
  std::string_view name, label, help;
  EvidenceAmount amount = {};
};

/// A way to do a task. The first of a task is the usual one.
struct EvidenceWay {
  EvidenceKind kind = EvidenceKind::None;
  std::string_view name;  ///< "known-clean"
  std::string_view task;  ///< its name
  std::string_view label, help;
};

std::span<const EvidenceTask> evidence_tasks();
std::span<const EvidenceWay> evidence_ways();

/// Null for None, and for a name that is none.
const EvidenceWay* evidence_way(EvidenceKind kind);
const EvidenceWay* evidence_way(std::string_view name);
const EvidenceTask& evidence_task(const EvidenceWay& way);

/// Evidence of a kind with its amount where it belongs; `known` is for the Known kinds.
Evidence make_evidence(EvidenceKind kind, const Shape& shape, std::vector<float> image,
                       std::vector<float> known, double amount);

/// Its deviation or its strength; 0 where there is none.
double amount_of(const Evidence& evidence);

/// The evidence as an image: what is not known is mid-grey, and of a coarse picture there are only the cells.
/// Empty without evidence.
std::vector<float> shown_evidence(const Evidence& evidence);

/// A sentence where this table of stages leaves the evidence without a say: it multiplies what is drawn, and
/// nothing is drawn. Else empty.
std::string_view evidence_note(const Evidence& evidence, bool draws);

}  // namespace undiffuse
