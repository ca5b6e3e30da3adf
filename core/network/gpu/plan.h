// A graph compiled for a GPU: a list of dispatches, as data. Whoever has a device carries it out.
//
// Every dispatch is one op of the graph. A plan stays within WebGPU's default limits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/network/graph.h"

namespace undiffuse::gpu {

/// How a plan stores the matrices of convolutions and dense layers; biases and the rest are float32.
enum class WeightType {
  Float32,
  Float16,  ///< half the memory and traffic; no difference for a network that was stored so, as ours are
};

/// An override constant of a shader: a workgroup's size, or that of its memory.
struct Constant {
  std::string_view name;
  int value = 0;
};

/// What a dispatch reads or writes: a whole buffer of Plan::buffers, or a part of Plan::weights.
struct Binding {
  static constexpr int kWeights = -1;
  int buffer = kWeights;
  size_t offset = 0;  ///< words, of weights; a multiple of kAlignment
  size_t size = 0;    ///< words, of weights
};

/// One shader run. For B images it takes ceil(B items / items_per_group) x groups_y workgroups.
///
/// Shapes are a uniform, not override constants: with those the default model takes 35 pipelines instead of
/// 9, and compiling them is nearly all of the time until the first call.
struct Dispatch {
  std::string label;                ///< the name of the buffer that it writes
  std::string_view shader;          ///< a name of shader_source()
  std::vector<Constant> constants;  ///< tell pipelines of a shader apart
  std::vector<int> shape;           ///< the shader's `struct Shape`, @binding(0)
  std::vector<Binding> bindings;    ///< @group(0) @binding(1), 2, ...; the last is written
  int items = 1;                    ///< of one image, along x
  int items_per_group = 1;
  int groups_y = 1;
  double flops = 0;    ///< of one image
  size_t traffic = 0;  ///< words read and written for one image: what an ideal cache would let through
};

/// Memory of several of the graph's buffers, one after the other.
struct PlanBuffer {
  std::string label;
  size_t floats = 0;  ///< for max_batch images
};

struct Plan {
  /// WebGPU's minStorageBufferOffsetAlignment, in words of 32 bits.
  static constexpr size_t kAlignment = 64;

  int max_batch = 1;
  std::vector<PlanBuffer> buffers;
  WeightType weight_type = WeightType::Float32;
  std::vector<std::uint32_t> weights;  ///< words: a float, or two float16 with the first in the low half
  std::vector<Dispatch> dispatches;
  int x = -1, t = -1, label = -1, output = -1;  ///< buffers: inputs as in ModelInputs (labels as floats), raw
  Shape input, result;                          ///< of one image
};

/// Fails with a sentence if the network is too large for WebGPU's default limits.
Result<Plan> compile(const Graph& graph, int max_batch, WeightType weight_type = WeightType::Float32);

/// The WGSL text of a shader with the functions that it uses; empty if there is none of this name.
std::string shader_source(std::string_view name, WeightType weight_type = WeightType::Float32);

/// The plan as JSON for an executor: shaders, buffers, dispatches and inputs, sizes in bytes; without the
/// weights.
std::string describe_plan(const Plan& plan);

}  // namespace undiffuse::gpu
