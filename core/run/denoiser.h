// Between the sampler's question and the network's numbers: input, model time, guidance, answer.
#pragma once

#include <span>
#include <vector>

#include "core/network/engine.h"
#include "core/run/model.h"
#include "core/run/sampler.h"

namespace undiffuse {

/// Which class each image is of, and how strongly that steers.
struct Conditioning {
  std::vector<int> labels;  ///< [batch] 0..classes-1, or `classes` for "any class"
  double guidance = 1;      ///< w of guide(); 1 makes no second call
};

/// Asks a network about a few images of a ModelCall at a time. Splitting a batch never changes an
/// image's answer, since engines compute each image alone.
class Denoiser {
 public:
  /// Both must outlive the denoiser.
  Denoiser(const ModelInfo& info, Engine& engine);

  /// Network calls that one image's answer takes: 2 with guidance, else 1.
  static int calls_per_image(const ModelInfo& info, const Conditioning& conditioning);

  /// Answers images [first, first + count) of the call into the same images of x0_hat and x0_var
  /// (both of the whole batch). x0_hat is the guided mix, x0_var the conditional call's.
  /// count x calls_per_image() <= engine.max_batch().
  void answer(const ModelCall& call, const Conditioning& conditioning, int first, int count,
              std::span<float> x0_hat, std::span<float> x0_var);

  // answer() in two halves, for a network that is somewhere else (a GPU) and answers later.

  /// What the network is shown of images [first, first + count), guidance's calls behind the others. Valid
  /// until the next call of any of these; takes any count.
  ModelInputs ask(const ModelCall& call, const Conditioning& conditioning, int first, int count);
  /// The answer from the network's raw output to ask().
  void understand(const ModelCall& call, const Conditioning& conditioning, int first, int count,
                  std::span<const float> raw, std::span<float> x0_hat, std::span<float> x0_var);

  /// What answer() shows the network of one image, without guidance's second call. Valid until the next
  /// call of either.
  ModelInputs conditional_call(std::span<const float> x, double alpha_bar, int label);

 private:
  ModelInputs prepare(std::span<const float> x, double alpha_bar, std::span<const int> labels, int calls);
  void reserve(size_t batch);

  const ModelInfo& info_;
  Engine& engine_;
  std::vector<float> x_, t_, raw_, x0_hat_uncond_, x0_var_uncond_;  // for as many images as were asked
  std::vector<int> labels_;
};

}  // namespace undiffuse
