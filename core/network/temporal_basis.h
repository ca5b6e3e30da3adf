// The basis functions over time of the 2015 paper's networks (Sohl-Dickstein et al. 2015, appendix D.2).
#pragma once

#include <span>

namespace undiffuse {

/// g_j(t), j = 0..J-1: Gaussian bumps whose centres stand evenly over t = 1..T, normalised to sum 1 at every
/// t. Their width is half the distance of two centres, as in the paper's reference code (the paper's text has
/// the whole distance). A (fractional) t outside [1, T] counts as the nearer end.
void temporal_basis(double t, int num_steps, std::span<float> g);

}  // namespace undiffuse
