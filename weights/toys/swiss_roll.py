"""The Swiss roll that is learned here, and fixed schedules for it: the twin of core/run/toys/swiss_roll.cpp.

The paper does not publish its generator; this one is a mixture of Gaussians, so that all that the process
makes of it is known in closed form. Centres lie on the spiral (theta sin theta, -theta cos theta) at 512
thetas, evenly from 1.5 pi to 4.5 pi, moved to mean zero and scaled so that a point's coordinates have
variance 1 on average; each has a standard deviation of THICKNESS both ways. Neighbours are at most 0.77
THICKNESS apart, so that the density along the roll is smooth.
"""

import math

import numpy as np
import torch

COMPONENTS = 512
THICKNESS = 0.05
NUM_STEPS = 40  # T
# beta_1 is the variance of p(x_0 | x_1), the forward kernel itself, and the same in every schedule.
BETA_1 = THICKNESS**2 / 4


def centres():
    """[COMPONENTS, 2] in double."""
    theta = 1.5 * np.pi * (1 + 2 * (np.arange(COMPONENTS) + 0.5) / COMPONENTS)
    points = np.stack([theta * np.sin(theta), -theta * np.cos(theta)], axis=1)
    points -= points.mean(axis=0)
    return points * math.sqrt((1 - THICKNESS**2) / (points**2).mean())


def sample(shape, generator):
    """[*shape, 2] points."""
    pick = torch.randint(COMPONENTS, shape, generator=generator)
    noise = torch.randn(*shape, 2, generator=generator)
    return torch.from_numpy(centres()).float()[pick] + THICKNESS * noise


def exact_answer(x_t, alpha_bar):
    """Mean and variance of x_0 given x_t [times, draws, 2], alpha_bar [times, 1, 1]; differentiable in both."""
    noise, signal = 1 - alpha_bar, alpha_bar.sqrt()
    noisy_var = alpha_bar * THICKNESS**2 + noise
    centre = torch.from_numpy(centres()).to(x_t.dtype)
    mean = signal * centre  # of x_t given its component
    squares = (x_t**2).sum(-1, keepdim=True) - 2 * x_t @ mean.transpose(1, 2) + (mean**2).sum(-1)[:, None]
    weight = torch.softmax(-squares / (2 * noisy_var), dim=-1)
    # A component's mean of x_0 is shrunk * centre + a part that all share.
    shrunk, shared = noise / noisy_var * centre, signal * THICKNESS**2 / noisy_var * x_t
    mean = weight @ shrunk
    spread = weight @ shrunk**2 - mean**2
    return mean + shared, spread + THICKNESS**2 * noise / noisy_var


def both_sides(count):
    """[count, 2]: half inside the roll, half outside, evenly along it. Where radial-basis units start from: a unit
    either side of the roll tells how far across it a point is."""
    points = centres()
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True)
    at = np.linspace(10, COMPONENTS - 12, count // 2).astype(int)
    return np.concatenate([points[at] + 0.3 * across[at], points[at] - 0.3 * across[at]])


def betas(family, num_steps=NUM_STEPS):
    """[T] of a fixed schedule, its first one replaced."""
    if family == "cosine":  # improved DDPM, eq. 17
        f = np.cos((np.arange(num_steps + 1) / num_steps + 0.008) / 1.008 * math.pi / 2) ** 2
        beta = np.minimum(1 - f[1:] / f[:-1], 0.999)
    else:  # "constant-rate", the paper's in its Gaussian form
        beta = 1e-6 + (1 - 1e-6 - 1e-5) / np.linspace(num_steps, 2, num_steps)
    beta[0] = BETA_1
    return beta
