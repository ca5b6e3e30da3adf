// An engine that knows its data: every pixel of x_0 is N(0, kDataVar), apart from the others.
#pragma once

#include <cmath>

#include "core/network/engine.h"
#include "core/process/schedule.h"
#include "core/run/model.h"

namespace undiffuse {

inline constexpr double kDataVar = 0.25;
inline constexpr int kGaussianPixels = 64;

/// Its answers are the mean and the variance of x_0 given x_t, exact for every t of the schedule.
class GaussianEngine final : public Engine {
 public:
  explicit GaussianEngine(const Schedule& schedule, int max_batch)
      : schedule_(schedule), max_batch_(max_batch) {}
  int max_batch() const override { return max_batch_; }
  void run(const ModelInputs& inputs, std::span<float> raw) override {
    for (size_t i = 0; i < inputs.x.size(); ++i) {
      const auto t = static_cast<size_t>(std::lround(inputs.t[i / kGaussianPixels]));
      const double alpha_bar = schedule_.alpha_bar[t];
      const double x_var = alpha_bar * kDataVar + 1 - alpha_bar;
      raw[2 * i] = static_cast<float>(std::sqrt(alpha_bar) * kDataVar / x_var * inputs.x[i]);
      raw[2 * i + 1] = static_cast<float>(std::log(kDataVar / x_var));  // x0_var over 1 - alpha_bar
    }
  }

 private:
  const Schedule& schedule_;
  int max_batch_;
};

inline ModelInfo gaussian_model(int num_steps) {
  ModelInfo info;
  info.image = {1, 8, 8, 1};
  info.prediction = Prediction::X0;
  info.learned_variance = true;
  info.trained = make_schedule({.family = ScheduleFamily::Cosine}, num_steps);
  info.class_names = {"all"};
  return info;
}

}  // namespace undiffuse
