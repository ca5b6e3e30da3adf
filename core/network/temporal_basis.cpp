#include "core/network/temporal_basis.h"

#include <algorithm>
#include <cmath>

namespace undiffuse {

void temporal_basis(double t, int num_steps, std::span<float> g) {
  const double part = num_steps > 1 ? (std::clamp<double>(t, 1, num_steps) - 1) / (num_steps - 1) : 0;
  const double position = part * static_cast<double>(g.size() - 1);  // 0 at the first centre, 1 at the next
  const auto bump = [&](size_t j) {
    const double distance = position - static_cast<double>(j);
    return std::exp(-2 * distance * distance);
  };
  double sum = 0;
  for (size_t j = 0; j < g.size(); ++j) sum += bump(j);
  for (size_t j = 0; j < g.size(); ++j) g[j] = static_cast<float>(bump(j) / sum);
}

}  // namespace undiffuse
