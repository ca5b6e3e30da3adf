#include "core/run/gpu_steps.h"

#include <algorithm>

#include "core/process/prediction.h"
#include "core/process/respacing.h"

namespace undiffuse {
namespace {

GpuStep gpu_step(const Stage& stage, const ModelInfo& model, const Clip& clip) {
  const double alpha_bar = stage.churn.alpha_bar;
  const ToX0 map = to_x0(model.parameterization(), alpha_bar);
  const ToX0Var to_var = to_x0_var(model.parameterization(), alpha_bar);
  GpuStep step{};
  step.keep = static_cast<float>(stage.churn.keep);
  step.churn = static_cast<float>(stage.churn.sigma);
  step.on_input = static_cast<float>(map.on_input);
  step.t = static_cast<float>(model_time(model.trained, alpha_bar));
  step.answer_on_x = static_cast<float>(map.on_x);
  step.answer_on_output = static_cast<float>(map.on_output);
  step.noise_var = static_cast<float>(to_var.noise_var);
  step.on_x0 = static_cast<float>(stage.transition.on_x0);
  step.on_x = static_cast<float>(stage.transition.on_x);
  step.var_const = static_cast<float>(stage.transition.var_const);
  step.var_on_x0_var = static_cast<float>(stage.transition.var_on_x0_var);
  step.on_second = static_cast<float>(stage.on_second);
  step.clip_low = clip.range.black;
  step.clip_high = clip.range.white;
  step.r_scale = static_cast<float>(to_var.scale);
  step.r_gain = static_cast<float>(to_var.gain);
  step.r_beta = static_cast<float>(to_var.beta);
  step.counter = stage.counter;
  step.draws = stage.draws;
  step.clip = clip.on;
  step.learned = model.learned_variance;
  step.transition = model.prediction == Prediction::Transition;
  return step;
}

}  // namespace

bool takes_one_call(std::span<const Stage> stages) {
  return std::all_of(stages.begin(), stages.end(),
                     [](const Stage& stage) { return stage.second != SecondAnswer::AtEnd; });
}

std::vector<GpuStep> gpu_steps(std::span<const Stage> stages, const ModelInfo& model,
                               const Conditioning& conditioning, const NoiseSource& noise, const Clip& clip) {
  const auto images = static_cast<std::uint32_t>(conditioning.labels.size());
  const auto image_size = static_cast<std::uint32_t>(model.image.image_size());
  std::vector<GpuStep> steps;
  for (const Stage& stage : stages) {
    GpuStep step = gpu_step(stage, model, clip);
    step.guidance = static_cast<float>(conditioning.guidance);
    step.calls = static_cast<std::uint32_t>(Denoiser::calls_per_image(model, conditioning));
    step.seed_low = static_cast<std::uint32_t>(noise.seed);
    step.seed_high = static_cast<std::uint32_t>(noise.seed >> 32);
    step.first_sample = noise.first_sample;
    step.images = images;
    step.image_size = image_size;
    step.channels = static_cast<std::uint32_t>(model.image.channels);
    step.record = static_cast<std::uint32_t>(steps.size()) * 3 * images * image_size;
    steps.push_back(step);
  }
  return steps;
}

}  // namespace undiffuse
