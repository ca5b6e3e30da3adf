// Rows of a sampler's table as the GPU's update kernels read them: many steps in one go, without asking back.
//
// The kernels (core/network/shaders/sampler_input.wgsl, sampler_step.wgsl) do what Denoiser and Sampler do
// around a network call, for every sampler whose steps take one call.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/run/denoiser.h"
#include "core/run/sampler.h"

namespace undiffuse {

/// `struct Step` of the shaders, at the stride that a uniform binding needs.
struct alignas(256) GpuStep {
  float keep, churn, on_input, t;
  float answer_on_x, answer_on_output, noise_var, guidance;
  float on_x0, on_x, var_const, var_on_x0_var, on_second;
  float clip_low, clip_high;
  float r_scale, r_gain, r_beta;  // ToX0Var
  std::uint32_t counter, draws, clip, learned, transition, calls;
  std::uint32_t seed_low, seed_high, first_sample, images, image_size, channels, record;
};
static_assert(sizeof(GpuStep) == 256);

/// Steps that follow each other here take one network call each, and no answer at their end.
bool takes_one_call(std::span<const Stage> stages);

/// What a run of stages needs on the GPU; record of the i-th at 3 i batches.
std::vector<GpuStep> gpu_steps(std::span<const Stage> stages, const ModelInfo& model,
                               const Conditioning& conditioning, const NoiseSource& noise, const Clip& clip);

}  // namespace undiffuse
