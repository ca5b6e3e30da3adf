// Which shader runs an op, and with what: a row and a function each.
#pragma once

#include <functional>
#include <vector>

#include "core/network/gpu/plan.h"

namespace undiffuse::gpu {

/// An op with what its row needs to know.
struct OpContext {
  const Op& op;
  std::vector<Shape> in;  ///< of one image
  Shape out;
  int max_batch;
  std::function<Binding(BufferId)> buffer;
  std::function<Binding(const std::vector<float>&)> weights;  ///< adds a tensor to the plan's weights
  std::function<Binding(const std::vector<float>&)> matrix;   ///< likewise, in the plan's type of weights
};

/// Invocations of a workgroup where nothing speaks for another number; the shaders' WORKERS.
inline constexpr int kWorkers = 64;

/// Shader, constants, bindings and workgroups of the op; the label is the caller's.
Dispatch make_dispatch(const OpContext& context);

}  // namespace undiffuse::gpu
