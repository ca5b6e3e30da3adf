#include "core/run/toys/toy_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/process/bernoulli.h"
#include "core/process/prediction.h"
#include "core/process/respacing.h"
#include "core/process/reverse_transition.h"
#include "core/run/metadata.h"

namespace undiffuse {
namespace {

using nlohmann::json;

constexpr int kMaxSteps = 100000, kMaxBits = 4096;

double alpha_bar(const ToyModel& model, int t) { return model.schedule.alpha_bar[static_cast<size_t>(t)]; }

void read_data(MetadataReader& reader, ToyModel& model) {
  const json data = reader.parsed("data");
  const json& kind = member(data, "kind");
  if (kind == "points") {
    model.kind = ToyKind::Plane;
    model.size = static_cast<int>(reader.number("data", member(data, "dimensions"), 2, 2));
  } else if (kind == "bits") {
    model.kind = ToyKind::Sequence;
    model.size = static_cast<int>(reader.number("data", member(data, "size"), 1, kMaxBits));
    model.base_rate = reader.number("data", member(data, "base_rate"), 1e-3, 1 - 1e-3);
  } else {
    reader.fail("data", "of kind points or bits");
  }
  const char* prediction = model.kind == ToyKind::Plane ? "v" : "x0-logit";
  if (reader.text("prediction") != prediction) reader.fail("prediction", std::string("'") + prediction + "'");
}

// beta_1..T as they were learned, or as a schedule that was fixed by hand gives them.
Result<Schedule> read_table(const SafeTensors& file, int num_steps) {
  const Result<std::vector<float>> betas = file.read("beta", {num_steps});
  if (!betas) return betas.error();
  Schedule schedule;
  schedule.alpha_bar = {1.0};
  for (const float beta : *betas) {
    const bool fits = beta > 0 && beta < 1 && schedule.alpha_bar.back() > 1e-60;
    if (!fits) return Error{"The weights file's tensor 'beta' is no schedule: export the model again."};
    schedule.alpha_bar.push_back(schedule.alpha_bar.back() * (1 - static_cast<double>(beta)));
  }
  return schedule;
}

Result<Schedule> read_schedule(MetadataReader& reader, const SafeTensors& file, ToyKind kind) {
  const int num_steps = static_cast<int>(reader.number("num_steps", 2, kMaxSteps));
  const json schedule = reader.parsed("schedule");
  const char* family = kind == ToyKind::Plane ? "table" : "even";
  if (member(schedule, "family") != family) reader.fail("schedule", std::string("of family ") + family);
  if (reader.error()) return *reader.error();
  return kind == ToyKind::Plane ? read_table(file, num_steps) : make_even_schedule(num_steps);
}

}  // namespace

Result<ToyModel> load_toy(std::span<const std::byte> bytes) {
  const Result<SafeTensors> file = parse_safetensors(bytes);
  if (!file) return file.error();
  MetadataReader reader(file->metadata);
  ToyModel model;
  if (reader.text("format_version") != "1") reader.fail("format_version", "1, the one known here");
  model.name = reader.text("name");
  model.card = reader.text("card");
  read_data(reader, model);
  Result<Schedule> schedule = read_schedule(reader, *file, model.kind);
  if (!schedule) return schedule.error();
  model.schedule = std::move(*schedule);
  const int outputs = model.kind == ToyKind::Plane ? 2 * model.size : model.size;
  Result<StepNetwork> network = StepNetwork::build(*file, model.size, outputs, model.schedule.num_steps());
  if (!network) return network.error();
  model.network = std::move(*network);
  return model;
}

std::vector<int> toy_times(int num_train_steps, int num_steps) {
  UNDIFFUSE_ASSERT(2 <= num_steps && num_steps <= num_train_steps);
  std::vector<int> times = respaced_times(num_train_steps - 1, num_steps - 1);
  for (int& t : times) ++t;
  times.push_back(0);
  return times;
}

PointAnswer answer_points(const ToyModel& model, int t, const Points& x_t) {
  UNDIFFUSE_ASSERT(model.kind == ToyKind::Plane && t >= 2);
  const Eigen::MatrixXf raw = model.network.evaluate(t, x_t.matrix());
  PointAnswer answer = {Points(2, x_t.cols()), Points(2, x_t.cols())};
  const auto size = [](const auto& values) { return static_cast<size_t>(values.size()); };
  to_answer(Prediction::V, true, 2, alpha_bar(model, t), {raw.data(), size(raw)}, {x_t.data(), size(x_t)},
            {answer.x0_hat.data(), size(x_t)}, {answer.x0_var.data(), size(x_t)});
  return answer;
}

PointStep point_step(const ToyModel& model, int t, int s, const Points& x_t) {
  if (s == 0) {
    UNDIFFUSE_ASSERT(t == 1);
    const double beta = model.schedule.beta(1);
    return {static_cast<float>(std::sqrt(1 - beta)) * x_t,
            Points::Constant(2, x_t.cols(), static_cast<float>(std::sqrt(beta)))};
  }
  const PointAnswer answer = answer_points(model, t, x_t);
  PointStep step = {Points(2, x_t.cols()), Points(2, x_t.cols())};
  const auto size = static_cast<size_t>(x_t.size());
  mean_and_sigma(reverse_transition(alpha_bar(model, t), alpha_bar(model, s), Variance::Learned),
                 {x_t.data(), size}, {answer.x0_hat.data(), size}, {answer.x0_var.data(), size},
                 {step.mu.data(), size}, {step.sigma.data(), size});
  return step;
}

Bits answer_bits(const ToyModel& model, int t, const Bits& x_t) {
  UNDIFFUSE_ASSERT(model.kind == ToyKind::Sequence && x_t.rows() == model.size);
  const auto null_logit = [&](bool bit) {
    return static_cast<float>(bernoulli_null_logit(bit, alpha_bar(model, t), model.base_rate));
  };
  const float of_zero = null_logit(false), of_one = null_logit(true);
  const Bits output = model.network.evaluate(t, (2 * x_t - 1).matrix()).array();
  return output.binaryExpr(x_t, [&](float value, float bit) {
    return 1 / (1 + std::exp(-(value + (bit > 0.5f ? of_one : of_zero))));
  });
}

Bits bit_step(const ToyModel& model, int t, int s, const Bits& x_t) {
  if (s == 0) {
    UNDIFFUSE_ASSERT(t == 1);
    const double alpha = alpha_bar(model, 1);
    return x_t.unaryExpr(
        [&](float bit) { return static_cast<float>(bernoulli_forward(bit, alpha, model.base_rate)); });
  }
  const auto posterior = [&](bool bit) {
    return bernoulli_posterior(bit, alpha_bar(model, t), alpha_bar(model, s), model.base_rate);
  };
  const BernoulliPosterior of_zero = posterior(false), of_one = posterior(true);
  return answer_bits(model, t, x_t).binaryExpr(x_t, [&](float x0_hat, float bit) {
    return static_cast<float>(bernoulli_reverse(bit > 0.5f ? of_one : of_zero, x0_hat));
  });
}

}  // namespace undiffuse
