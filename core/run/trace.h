// What a run has been through, within a memory budget.
//
// A step's record is its x_t and the model's answer (and a second x0_hat, where the sampler uses one); all
// else is derived from them when asked. Where not all records fit, states x_t are kept at keyframes, and the
// newest records in a window; the session recomputes the rest from the nearest keyframe, bit-identically,
// since noise is a function.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

namespace undiffuse {

inline constexpr size_t kDefaultTraceBytes = size_t{128} << 20;

/// A view of one record; valid until the next change of the trace.
struct TraceRecord {
  std::span<const float> x_t;
  std::span<const float> x0_hat;
  std::span<const float> x0_var;
  std::span<const float> x0_hat_2;  ///< empty where records have none
};

/// How much a run keeps, in images of a whole batch.
struct TraceLayout {
  size_t image_size = 0;     ///< floats
  size_t state_images = 1;   ///< of a keyframe: x and what else later steps depend on
  size_t record_images = 3;  ///< 4 with a second x0_hat
};

class Trace {
 public:
  /// For runs of num_steps steps. Holds at least one record and the start, whatever the budget.
  Trace(int num_steps, TraceLayout layout, size_t budget_bytes);

  bool has(int step) const { return !answers_[at(step)].empty(); }
  TraceRecord record(int step) const;  ///< only if has(step)

  /// Keeps the state before `step` (if it is a keyframe); step 0..num_steps.
  void put_state(int step, std::span<const float> state);
  /// Keeps the record of `step`; an old record may go. A layout of 3 images leaves x0_hat_2 out.
  void put_record(int step, const TraceRecord& record);

  struct State {
    int step = 0;
    std::span<const float> values;
  };
  /// The last kept state at or before `step`; state 0 must have been put.
  State nearest_state(int step) const;

  int keyframe_stride() const { return keyframe_stride_; }  ///< 1: every state is kept
  size_t bytes() const;                                     ///< held now

 private:
  size_t at(int step) const;

  TraceLayout layout_;
  int keyframe_stride_ = 1;
  size_t window_ = 1;                        // records held at most
  std::vector<std::vector<float>> states_;   // [step][state_images] at keyframes, else empty
  std::vector<std::vector<float>> answers_;  // [step][record_images], else empty
  std::deque<int> oldest_first_;             // steps with a record
};

}  // namespace undiffuse
