// A network as data: ops on named buffers with shapes. Two engines read it, none is known here.
//
// Shapes are per image ([height, width, channels], NHWC); the batch is an engine's business. Buffers
// are written once, in the order of the ops. A new architecture is one builder of a Graph; a new op
// is one entry here, one scalar reference, one fast kernel and (with a GPU) one shader.
#pragma once

#include <string>
#include <vector>

#include "core/base/tensor.h"

namespace undiffuse {

enum class OpKind {
  TimestepEmbedding,  ///< t -> [1,1,E]: cos, then sin, of t / 10000^(i / (E/2))
  LabelEmbedding,     ///< label -> [1,1,E]: row of `weight` [classes + 1, E]
  Convolution,        ///< kernel x kernel, zero-padded to "same", stride and upsample folded in;
                      ///< 1x1 and dense layers are the case kernel = 1. weight [out, k, k, in]
  GroupNorm,          ///< then (1 + scale) x + shift from input 1 if there is one, then activation
  Attention,          ///< qkv [h,w,3C] -> [h,w,C], softmax over positions, per head
  Concat,             ///< of two inputs, along channels
  PixelUnshuffle,     ///< [h,w,c] -> [h/f,w/f,c f²], channel order c, dy, dx (as PyTorch)
  PixelShuffle,       ///< the inverse
  TemporalReadout,    ///< coefficients [h,w,K J] and t -> [h,w,K]: sum over j of y[k J + j] g_j(t), J bumps
                      ///< over 1..num_steps (temporal_basis.h)
};

enum class Activation {
  None,
  Silu,
  Tanh,
  LeakyRelu,  ///< x, or kLeak x below 0
};
inline constexpr float kLeak = 0.05f;  ///< as the 2015 paper's reference code has it

using BufferId = int;

/// A part of the network that people name and draw as one box; ops say which they belong to.
struct BlockName {
  std::string name;       ///< "down.0.0", as the weights' tensors are called
  std::string title;      ///< "residual block"
  std::string note = {};  ///< a sentence for people on what it is there for; may be empty
};

struct Buffer {
  std::string name;  ///< "x", "t", "label" are inputs, "output" is the result
  Shape shape;       ///< batch = 1
};

/// One op. Fields that its kind does not use keep their defaults.
struct Op {
  OpKind kind = OpKind::Concat;
  std::vector<BufferId> inputs = {};
  BufferId output = -1;
  BufferId residual = -1;  ///< Convolution: added to the result; -1 for none
  Activation activation = Activation::None;
  int kernel = 1;     ///< Convolution: odd
  int stride = 1;     ///< Convolution
  int upsample = 1;   ///< Convolution: nearest-neighbour enlargement of its input before the kernel
  int groups = 1;     ///< GroupNorm
  int heads = 1;      ///< Attention
  int factor = 1;     ///< PixelShuffle and PixelUnshuffle
  int bumps = 1;      ///< TemporalReadout: J
  int num_steps = 1;  ///< TemporalReadout: T
  int block = -1;     ///< in Graph::blocks; -1 for a block of its own (see blocks.h)
  std::vector<float> weight = {};  ///< Convolution [out,k,k,in], LabelEmbedding, GroupNorm gamma
  std::vector<float> bias = {};    ///< Convolution [out], GroupNorm beta
};

struct Graph {
  std::vector<Buffer> buffers;
  std::vector<Op> ops;
  std::vector<BlockName> blocks;
  int num_classes = 0;  ///< label num_classes means "any class"
  Shape input;          ///< of "x", batch = 1
  Shape output;         ///< of "output", batch = 1

  /// The buffer of this name, or -1.
  BufferId find(const std::string& name) const;
  /// Multiply-adds of one image, times two; of all ops or of one.
  double flops() const;
  double flops(const Op& op) const;
};

}  // namespace undiffuse
