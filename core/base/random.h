// Random numbers as a function, not a stream: noise = f(seed; element, t, sample, purpose).
//
// Any element of any step's noise can be had in any order, on any thread and on any backend, so
// stepping back, scrubbing and a batch's layout never change a picture. Philox4x32-10 is from Salmon
// et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; normals are Box-Muller on our own log,
// sin and cos, because libm differs between native and WASM.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace undiffuse {

/// What a draw is for; part of the counter, so that no two uses share numbers.
enum class Purpose : std::uint32_t {
  Start = 0,     ///< x_T
  Step = 1,      ///< z of a reverse step
  Churn = 2,     ///< noise added before a step (EDM's S_churn)
  Bound = 3,     ///< eps of q(x_t | x_0) where the variational bound is measured
  Data = 4,      ///< x_0, where it is drawn from a distribution that is known
  Evidence = 5,  ///< noise on a picture that a posterior is sampled for
};

/// Ten rounds of Philox4x32: 128 random bits for a 128-bit counter and a 64-bit key.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

/// Fills `z` with N(0, 1) draws: z[i] depends on (seed, i, t, sample, purpose) and nothing else.
/// counter = (i / 4, t, sample, purpose), key = (low, high half of seed); the four words give the
/// normals 4k..4k+3 as two Box-Muller pairs (cos, sin).
void fill_normal(std::span<float> z, std::uint64_t seed, std::uint32_t t, std::uint32_t sample,
                 Purpose purpose);

/// Fills `u` with draws from [0, 1), multiples of 2^-24: the four words themselves, one an element.
void fill_uniform(std::span<float> u, std::uint64_t seed, std::uint32_t t, std::uint32_t sample,
                  Purpose purpose);

}  // namespace undiffuse
