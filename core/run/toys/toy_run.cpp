#include "core/run/toys/toy_run.h"

#include "core/base/error.h"
#include "core/base/random.h"

namespace undiffuse {
namespace {

Purpose purpose_of(bool start) { return start ? Purpose::Start : Purpose::Step; }

}  // namespace

PointRun::PointRun(const ToyModel& model, int num_steps, int count, std::uint32_t seed,
                   std::uint32_t first_sample)
    : model_(model),
      count_(count),
      seed_(seed),
      first_sample_(first_sample),
      times_(toy_times(model.schedule.num_steps(), num_steps)) {
  UNDIFFUSE_ASSERT(model.kind == ToyKind::Plane && count >= 1);
  states_.push_back(draw(times_.front(), true));
}

Points PointRun::draw(int t, bool start) const {
  Points z(2, count_);
  for (int n = 0; n < count_; ++n) {
    fill_normal({z.col(n).data(), 2}, seed_, static_cast<std::uint32_t>(t),
                first_sample_ + static_cast<std::uint32_t>(n), purpose_of(start));
  }
  return z;
}

bool PointRun::work() {
  if (done()) return false;
  const int t = times_[steps_.size()], s = times_[steps_.size() + 1];
  steps_.push_back(point_step(model_, t, s, states_.back()));
  states_.push_back(steps_.back().mu + steps_.back().sigma * draw(t, false));
  return true;
}

BitRun::BitRun(const ToyModel& model, int num_steps, int count, std::uint32_t seed,
               std::uint32_t first_sample)
    : model_(model),
      seed_(seed),
      first_sample_(first_sample),
      times_(toy_times(model.schedule.num_steps(), num_steps)) {
  UNDIFFUSE_ASSERT(model.kind == ToyKind::Sequence && count >= 1);
  const Bits base = Bits::Constant(model.size, count, static_cast<float>(model.base_rate));
  states_.push_back(draw(base, times_.front(), true));
}

Bits BitRun::draw(const Bits& chance, int t, bool start) const {
  Bits u(chance.rows(), chance.cols());
  for (Eigen::Index n = 0; n < u.cols(); ++n) {
    fill_uniform({u.col(n).data(), static_cast<size_t>(u.rows())}, seed_, static_cast<std::uint32_t>(t),
                 first_sample_ + static_cast<std::uint32_t>(n), purpose_of(start));
  }
  return (u < chance).cast<float>();
}

bool BitRun::work() {
  if (done()) return false;
  const int t = times_[chances_.size()], s = times_[chances_.size() + 1];
  chances_.push_back(bit_step(model_, t, s, states_.back()));
  states_.push_back(draw(chances_.back(), t, false));
  return true;
}

}  // namespace undiffuse
