#include "core/run/trace.h"

#include <algorithm>

#include "core/base/error.h"

namespace undiffuse {

Trace::Trace(int num_steps, size_t state_size, size_t budget_bytes)
    : state_size_(state_size),
      states_(static_cast<size_t>(num_steps) + 1),
      answers_(static_cast<size_t>(num_steps)) {
  UNDIFFUSE_ASSERT(num_steps >= 1 && state_size >= 1);
  const size_t state_bytes = state_size * sizeof(float);
  const size_t steps = static_cast<size_t>(num_steps);
  // Four states a step hold everything. Else half the budget goes to keyframes, half to records.
  const bool all_fit = (4 * steps + 1) * state_bytes <= budget_bytes;
  const size_t keyframes = std::max<size_t>(budget_bytes / 2 / state_bytes, 2);
  const size_t stride = (steps + keyframes - 1) / keyframes;
  keyframe_stride_ = all_fit ? 1 : static_cast<int>(std::max<size_t>(stride, 1));
  window_ = all_fit ? steps : std::max<size_t>(budget_bytes / 2 / (3 * state_bytes), 1);
}

size_t Trace::at(int step) const {
  UNDIFFUSE_ASSERT(step >= 0 && static_cast<size_t>(step) < answers_.size());
  return static_cast<size_t>(step);
}

TraceRecord Trace::record(int step) const {
  UNDIFFUSE_ASSERT(has(step));
  const std::span<const float> all = answers_[at(step)];
  return {all.subspan(0, state_size_), all.subspan(state_size_, state_size_),
          all.subspan(2 * state_size_, state_size_)};
}

void Trace::put_state(int step, std::span<const float> x) {
  UNDIFFUSE_ASSERT(step >= 0 && static_cast<size_t>(step) < states_.size() && x.size() == state_size_);
  if (step % keyframe_stride_ == 0) states_[static_cast<size_t>(step)].assign(x.begin(), x.end());
}

void Trace::put_record(int step, std::span<const float> x_t, std::span<const float> x0_hat,
                       std::span<const float> x0_var) {
  std::vector<float>& answer = answers_[at(step)];
  if (answer.empty()) oldest_first_.push_back(step);
  answer.clear();
  answer.reserve(3 * state_size_);
  for (std::span<const float> part : {x_t, x0_hat, x0_var}) {
    UNDIFFUSE_ASSERT(part.size() == state_size_);
    answer.insert(answer.end(), part.begin(), part.end());
  }
  while (oldest_first_.size() > window_) {
    std::vector<float>().swap(answers_[at(oldest_first_.front())]);
    oldest_first_.pop_front();
  }
}

Trace::State Trace::nearest_state(int step) const {
  for (int i = step; i >= 0; --i) {
    const std::vector<float>& state = states_[static_cast<size_t>(i)];
    if (!state.empty()) return {i, state};
  }
  UNDIFFUSE_ASSERT(!"state 0 was not put");
}

size_t Trace::bytes() const {
  size_t floats = 0;
  for (const auto* kept : {&states_, &answers_}) {
    for (const std::vector<float>& values : *kept) floats += values.size();
  }
  return floats * sizeof(float);
}

}  // namespace undiffuse
