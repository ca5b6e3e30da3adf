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
  for (const Op& op : ops) {
    const Shape& out = buffers[static_cast<size_t>(op.output)].shape;
    if (op.kind == OpKind::Convolution) {
      const Shape& in = buffers[static_cast<size_t>(op.inputs[0])].shape;
      sum += 2.0 * out.image_size() * in.channels * op.kernel * op.kernel;
    } else if (op.kind == OpKind::Attention) {
      sum += 4.0 * out.pixels() * out.image_size();
    }
  }
  return sum;
}

}  // namespace undiffuse
