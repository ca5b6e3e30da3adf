#include "core/run/denoiser.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/tensor.h"
#include "core/process/prediction.h"
#include "core/process/respacing.h"

namespace undiffuse {

Denoiser::Denoiser(const ModelInfo& info, Engine& engine) : info_(info), engine_(engine) {
  reserve(static_cast<size_t>(engine.max_batch()));
}

void Denoiser::reserve(size_t batch) {
  if (batch <= t_.size()) return;
  const size_t floats = batch * static_cast<size_t>(info_.image.image_size());
  t_.resize(batch);
  labels_.resize(batch);
  raw_.resize(floats * (info_.learned_variance ? 2 : 1));
  for (std::vector<float>* buffer : {&x_, &x0_hat_uncond_, &x0_var_uncond_}) buffer->resize(floats);
}

int Denoiser::calls_per_image(const ModelInfo& info, const Conditioning& conditioning) {
  const bool any_class_only = std::all_of(conditioning.labels.begin(), conditioning.labels.end(),
                                          [&](int label) { return label == info.num_classes(); });
  return conditioning.guidance == 1 || any_class_only ? 1 : 2;
}

// The conditional images, then (with a second call) the same images as "any class".
ModelInputs Denoiser::prepare(std::span<const float> x, double alpha_bar, std::span<const int> labels,
                              int calls) {
  const auto on_input = static_cast<float>(to_x0(info_.parameterization(), alpha_bar).on_input);
  const size_t count = labels.size();
  const size_t batch = count * static_cast<size_t>(calls);
  for (size_t call = 0; call < static_cast<size_t>(calls); ++call) {
    array(std::span(x_).subspan(call * x.size(), x.size())) = on_input * array(x);
  }
  std::copy(labels.begin(), labels.end(), labels_.begin());
  std::fill(labels_.begin() + static_cast<std::ptrdiff_t>(count), labels_.end(), info_.num_classes());
  std::fill(t_.begin(), t_.end(), static_cast<float>(model_time(info_.trained, alpha_bar)));
  return {std::span(x_).first(x.size() * static_cast<size_t>(calls)), std::span(t_).first(batch),
          std::span(labels_).first(batch)};
}

ModelInputs Denoiser::conditional_call(std::span<const float> x, double alpha_bar, int label) {
  return prepare(x, alpha_bar, std::span(&label, 1), 1);
}

ModelInputs Denoiser::ask(const ModelCall& call, const Conditioning& conditioning, int first, int count) {
  const auto image = static_cast<size_t>(info_.image.image_size());
  const size_t begin = static_cast<size_t>(first) * image, size = static_cast<size_t>(count) * image;
  const int calls = calls_per_image(info_, conditioning);
  UNDIFFUSE_ASSERT(count >= 1 && begin + size <= call.x.size());
  reserve(static_cast<size_t>(count * calls));
  return prepare(
      call.x.subspan(begin, size), call.alpha_bar,
      std::span(conditioning.labels).subspan(static_cast<size_t>(first), static_cast<size_t>(count)), calls);
}

void Denoiser::answer(const ModelCall& call, const Conditioning& conditioning, int first, int count,
                      std::span<float> x0_hat, std::span<float> x0_var) {
  UNDIFFUSE_ASSERT(count * calls_per_image(info_, conditioning) <= engine_.max_batch());
  const ModelInputs inputs = ask(call, conditioning, first, count);
  const std::span<float> raw = std::span(raw_).first(inputs.x.size() * (info_.learned_variance ? 2 : 1));
  engine_.run(inputs, raw);
  understand(call, conditioning, first, count, raw, x0_hat, x0_var);
}

void Denoiser::understand(const ModelCall& call, const Conditioning& conditioning, int first, int count,
                          std::span<const float> raw, std::span<float> x0_hat, std::span<float> x0_var) {
  const auto image = static_cast<size_t>(info_.image.image_size());
  const size_t begin = static_cast<size_t>(first) * image, size = static_cast<size_t>(count) * image;
  const int calls = calls_per_image(info_, conditioning);
  const std::span<const float> x = call.x.subspan(begin, size);
  const size_t raw_size = size * (info_.learned_variance ? 2 : 1);
  UNDIFFUSE_ASSERT(raw.size() == raw_size * static_cast<size_t>(calls));
  const auto to_answer_of = [&](size_t which, std::span<float> mean, std::span<float> var) {
    to_answer(info_.parameterization(), info_.learned_variance, info_.image.channels, call.alpha_bar,
              raw.subspan(which * raw_size, raw_size), x, mean, var);
  };
  to_answer_of(0, x0_hat.subspan(begin, size), x0_var.subspan(begin, size));
  if (calls == 1) return;
  const std::span<float> uncond = std::span(x0_hat_uncond_).first(size);
  to_answer_of(1, uncond, std::span(x0_var_uncond_).first(size));
  guide(x0_hat.subspan(begin, size), uncond, conditioning.guidance);
}

}  // namespace undiffuse
