#include "core/network/graph.h"

namespace undiffuse {

BufferId Graph::find(const std::string& name) const {
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].name == name) return static_cast<BufferId>(i);
  }
  return -1;
}

double Graph::flops() const {
  double sum = 0;
  for (const Op& op : ops) sum += flops(op);
  return sum;
}

double Graph::flops(const Op& op) const {
  const Shape& out = buffers[static_cast<size_t>(op.output)].shape;
  if (op.kind == OpKind::Convolution) {
    const Shape& in = buffers[static_cast<size_t>(op.inputs[0])].shape;
    return 2.0 * out.image_size() * in.channels * op.kernel * op.kernel;
  }
  return op.kind == OpKind::Attention ? 4.0 * out.pixels() * out.image_size() : 0;
}

}  // namespace undiffuse
