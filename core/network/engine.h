// What every engine of a network offers: one model call, inputs to raw output.
#pragma once

#include <span>

namespace undiffuse {

/// Inputs of one model call on a batch of B images.
struct ModelInputs {
  std::span<const float> x;    ///< [B, height, width, channels_in]
  std::span<const float> t;    ///< [B] the model's own t, fractional allowed
  std::span<const int> label;  ///< [B] 0..classes-1, or `classes` for "any class"
};

class Engine {
 public:
  virtual ~Engine() = default;

  /// The largest B that run() takes without growing its buffers.
  virtual int max_batch() const = 0;

  /// raw: [B, height, width, channels_out]. Allocates nothing. B in 1..max_batch().
  virtual void run(const ModelInputs& inputs, std::span<float> raw) = 0;
};

}  // namespace undiffuse
