"""Normal draws as a function of (seed; element, t, sample, purpose): the twin of core/base/random.

The same formulas in float32, so the bits are the core's: a seed gives the same picture in PyTorch,
and a test of the one can start from the noise of the other.
"""

import numpy as np

# Purpose: x_T, z of a reverse step, noise added before a step, eps of q(x_t | x_0) in the bound.
START, STEP, CHURN, BOUND = 0, 1, 2, 3

f32 = np.float32


def philox4x32(counter, key):
    """Ten rounds (Salmon et al. 2011). counter: 4 arrays or ints below 2^32, key: 2 -> 4 uint64 arrays."""
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    c = [np.asarray(word, dtype=np.uint64) for word in counter]
    k = [int(word) for word in key]
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [p1 >> half ^ c[1] ^ np.uint64(k[0]), p1 & low, p0 >> half ^ c[3] ^ np.uint64(k[1]), p0 & low]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return c


def horner(x, coefficients):
    """coefficients[0] + x (coefficients[1] + x (...)), each operation rounded to float32."""
    total = f32(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = f32(coefficient) + x * total
    return total


def log_of_unit(u):
    """ln u of float32 u in [2^-24, 1]."""
    bits = u.view(np.int32)
    e = (bits - np.int32(0x3F3504F3)) >> 23
    m = (bits - (e << 23)).view(np.float32)
    s = (m - f32(1)) / (m + f32(1))
    series = horner(s * s, [1, 1 / 3, 1 / 5, 1 / 7, 1 / 9])
    return e.astype(np.float32) * f32(0.69314718) + f32(2) * s * series


def direction(turn):
    """cos and sin of `turn` / 2^24 of a turn: the nearest quarter turn, and what is left of the angle."""
    turn = turn.astype(np.int64)
    quarter = (turn + 2**21) // 2**22
    angle = (turn - quarter * 2**22).astype(np.float32) * (f32(6.28318531) / f32(2**24))
    square = angle * angle
    s = angle * horner(square, [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880])
    c = horner(square, [1, -1 / 2, 1 / 24, -1 / 720, 1 / 40320])
    return np.choose(quarter % 4, [c, -s, -c, s]), np.choose(quarter % 4, [s, c, -s, -c])


def box_muller(radius_word, angle_word):
    """Two arrays of words -> two arrays of normals."""
    u = ((radius_word >> np.uint64(8)) + np.uint64(1)).astype(np.float32) * f32(2**-24)
    radius = np.sqrt(f32(-2) * log_of_unit(u))
    cos, sin = direction(angle_word >> np.uint64(8))
    return radius * cos, radius * sin


def normal(count, seed, t, sample, purpose):
    """z[0..count) of one sample, float32: element i is the same for any count."""
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    words = philox4x32((blocks, t, sample, purpose), (seed % 2**32, seed >> 32))
    z = np.stack([*box_muller(words[0], words[1]), *box_muller(words[2], words[3])], axis=1)
    return z.reshape(-1)[:count]
