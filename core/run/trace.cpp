#include "core/run/trace.h"

#include <algorithm>

#include "core/base/error.h"

namespace undiffuse {

Trace::Trace(int num_steps, TraceLayout layout, size_t budget_bytes)
    : layout_(layout), states_(static_cast<size_t>(num_steps) + 1), answers_(static_cast<size_t>(num_steps)) {
  UNDIFFUSE_ASSERT(num_steps >= 1 && layout.image_size >= 1);
  UNDIFFUSE_ASSERT(layout.record_images == 3 || layout.record_images == 4);
  const size_t image_bytes = layout.image_size * sizeof(float);
  const size_t state_bytes = layout.state_images * image_bytes;
  const size_t record_bytes = layout.record_images * image_bytes;
  const size_t steps = static_cast<size_t>(num_steps);
  // Either everything fits, or half the budget goes to keyframes, half to records.
  const bool all_fit = steps * (state_bytes + record_bytes) + state_bytes <= budget_bytes;
  const size_t keyframes = std::max<size_t>(budget_bytes / 2 / state_bytes, 2);
  // States are 0..steps: a stride of more than steps / keyframes keeps no more than so many.
  keyframe_stride_ = all_fit ? 1 : static_cast<int>(steps / keyframes) + 1;
  window_ = all_fit ? steps : std::max<size_t>(budget_bytes / 2 / record_bytes, 1);
}

size_t Trace::at(int step) const {
  UNDIFFUSE_ASSERT(step >= 0 && static_cast<size_t>(step) < answers_.size());
  return static_cast<size_t>(step);
}

TraceRecord Trace::record(int step) const {
  UNDIFFUSE_ASSERT(has(step));
  const std::span<const float> all = answers_[at(step)];
  const size_t size = layout_.image_size;
  return {all.subspan(0, size), all.subspan(size, size), all.subspan(2 * size, size), all.subspan(3 * size)};
}

void Trace::put_state(int step, std::span<const float> state) {
  UNDIFFUSE_ASSERT(step >= 0 && static_cast<size_t>(step) < states_.size());
  UNDIFFUSE_ASSERT(state.size() == layout_.state_images * layout_.image_size);
  if (step % keyframe_stride_ == 0) states_[static_cast<size_t>(step)].assign(state.begin(), state.end());
}

void Trace::put_record(int step, const TraceRecord& record) {
  std::vector<float>& answer = answers_[at(step)];
  if (answer.empty()) oldest_first_.push_back(step);
  answer.clear();
  answer.reserve(layout_.record_images * layout_.image_size);
  const std::span<const float> parts[] = {record.x_t, record.x0_hat, record.x0_var, record.x0_hat_2};
  for (const std::span<const float> part : std::span(parts).first(layout_.record_images)) {
    answer.insert(answer.end(), part.begin(), part.end());
  }
  answer.resize(layout_.record_images * layout_.image_size);  // a step without the second answer: zeros
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
