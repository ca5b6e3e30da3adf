"""Bits under the 2015 paper's binomial kernel: the twin of core/process/bernoulli.cpp.

Index = t: alpha_bar[t] = 1 - t / T, which beta_t = 1 / (T - t + 1) gives (section 2.4.1). Bits are 0.0 and
1.0 as floats, [times, draws, bits]; times t are tensors [times].
"""

import math

import torch

BASE_RATE = 0.2  # of ones in the heartbeats, and so in x_T
NUM_STEPS = 2000  # T
NUM_BITS, PERIOD = 20, 5


def heartbeats():
    """[5, 20]: a one at every fifth place, from each of five phases (appendix D.1.2)."""
    sequences = torch.zeros(PERIOD, NUM_BITS)
    for phase in range(PERIOD):
        sequences[phase, phase::PERIOD] = 1
    return sequences


def alpha_bar(t, num_steps=NUM_STEPS):
    return (1 - t.double() / num_steps).float()[:, None, None]


def forward_kernel(x0, alpha_bar_t):
    """q(x_t = 1 | x_0)."""
    return alpha_bar_t * x0 + BASE_RATE * (1 - alpha_bar_t)


def q_sample(x0, t, generator):
    chance = forward_kernel(x0, alpha_bar(t))
    return (torch.rand(x0.shape, generator=generator) < chance).float()


def q_posterior(x_t, x0, t):
    """q(x_{t-1} = 1 | x_t, x_0), of numbers or tensors x0."""
    before, step = alpha_bar(t - 1), alpha_bar(t) / alpha_bar(t - 1)
    likelihood = lambda x_prev: torch.where(x_t > 0.5, forward_kernel(x_prev, step), 1 - forward_kernel(x_prev, step))
    one = forward_kernel(x0, before) * likelihood(1.0)
    return one / (one + (1 - forward_kernel(x0, before)) * likelihood(0.0))


def reverse(x_t, x0_hat, t):
    """f_b = p(x_{t-1} = 1 | x_t) of an answer x0_hat = P(x_0 = 1 | x_t)."""
    return x0_hat * q_posterior(x_t, 1.0, t) + (1 - x0_hat) * q_posterior(x_t, 0.0, t)


def null_logits(x_t, t):
    """What x0_hat starts from: with it, the reverse transition is the forward kernel itself."""
    return torch.logit(forward_kernel(x_t, alpha_bar(t)))


def exact_x0_hat(x_t, t, sequences):
    """P(x_0 = 1 | x_t) if x_0 is one of these sequences, all equally likely."""
    one, zero = (torch.where(x_t > 0.5, p, 1 - p) for p in (forward_kernel(1.0, alpha_bar(t)), forward_kernel(0.0, alpha_bar(t))))
    return torch.softmax(torch.log(one) @ sequences.T + torch.log(zero) @ (1 - sequences).T, dim=-1) @ sequences


def kl_bits(q, p):
    """KL of Bernoullis, in double: both may be within a float's rounding of 0 or 1."""
    q, p = q.double().clamp(1e-12, 1 - 1e-9), p.double().clamp(1e-12, 1 - 1e-9)
    return (q * torch.log(q / p) + (1 - q) * torch.log((1 - q) / (1 - p))) / math.log(2)
