// What views of the heartbeat draw beside its bits: chances to flip, which sequences are valid, and the
// bound.
#pragma once

#include <string>

#include "core/run/toys/toy_bound.h"
#include "core/run/toys/toy_model.h"

namespace undiffuse {

/// The chance that a step with f_b = p(x_s = 1 | x_t) flips each bit of x_t.
Bits flip_chance(const Bits& x_t, const Bits& f_b);

/// [1, sequences] 1 for each sequence of x that is one of the patterns, else 0.
Bits valid_sequences(const BitPatterns& data, const Bits& x);

/// Draws of measure_bits() for a run of so many steps that make a view wait a few seconds at most.
int affordable_draws(int num_steps);

/// The bound as JSON, bits a sequence: {"model", "best", "gap" (each with "bits" and "error"), "null",
/// "data"} (ToyBound, and the data's own log likelihood).
std::string describe_bit_bound(const ToyBound& bound, const BitPatterns& data);

}  // namespace undiffuse
