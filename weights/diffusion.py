"""The process side that training and evaluation need: the twin of core/process/.

Index = t: tables run t = 0..T with alpha_bar[0] = 1, in double. Symbols are the papers'.
"""

import math

import numpy as np
import torch


def cosine_alpha_bar(num_steps=1000, offset=0.008):
    """Improved DDPM (Nichol & Dhariwal 2021), eq. 17, betas capped at 0.999: alpha_bar[0..T]."""
    f = np.cos((np.arange(num_steps + 1) / num_steps + offset) / (1 + offset) * math.pi / 2) ** 2
    beta = np.minimum(1 - f[1:] / f[:-1], 0.999)
    return np.concatenate([[1.0], np.cumprod(1 - beta)])


def linear_alpha_bar(num_steps=1000, beta_start=1e-4, beta_end=0.02):
    """DDPM (Ho et al. 2020), section 4: betas on a line between its ends, scaled by 1000 / T: alpha_bar[0..T]."""
    beta = np.minimum(np.linspace(beta_start, beta_end, num_steps) * 1000 / num_steps, 0.999)
    return np.concatenate([[1.0], np.cumprod(1 - beta)])


def constant_rate_alpha_bar(num_steps=1000):
    """beta_t = 1 / (T - t + 1) in its Gaussian form (Sohl-Dickstein et al. 2015, 2.4.1): alpha_bar[0..T].

    The denominators run T..2, and beta_1 is fixed at about 0.002, as in the paper's reference code.
    """
    floor = np.full(num_steps, 1e-6)
    floor[0] += 1e-3
    beta = floor + (1 - floor - 1e-5) / np.linspace(num_steps, 2, num_steps)
    return np.concatenate([[1.0], np.cumprod(1 - beta)])


class ContinuousSchedule:
    """alpha_bar at fractional t in [1, T]: log-SNR interpolated linearly between the table's rows.

    The same rule maps another schedule's alpha_bar to the model's own t (architecture contract 8).
    """

    def __init__(self, alpha_bar):
        self.alpha_bar = torch.from_numpy(alpha_bar)
        self.log_snr = torch.log(self.alpha_bar[1:] / (1 - self.alpha_bar[1:]))

    def __call__(self, t):
        position = (t.double() - 1).clamp(0, len(self.log_snr) - 1)
        low = position.floor().long().clamp(max=len(self.log_snr) - 2)
        part = position - low
        return torch.sigmoid(self.log_snr[low] * (1 - part) + self.log_snr[low + 1] * part)

    def inverse(self, alpha_bar):
        """t in [1, T] of an alpha_bar, clamped at the ends."""
        rising = -self.log_snr
        wanted = -torch.log(alpha_bar / (1 - alpha_bar))
        low = (torch.searchsorted(rising, wanted) - 1).clamp(0, len(rising) - 2)
        part = (wanted - rising[low]) / (rising[low + 1] - rising[low])
        return 1 + low + part.clamp(0, 1)


def noise_level(alpha_bar):
    """EDM's sigma: the noise's standard deviation over the signal's."""
    return ((1 - alpha_bar) / alpha_bar).sqrt()


def image_like(value):
    """[B] double -> [B,1,1,1] float."""
    return value.float()[:, None, None, None]


def q_sample(x0, alpha_bar, eps):
    """x_t ~ q(x_t | x_0) (DDPM eq. 4)."""
    return image_like(alpha_bar.sqrt()) * x0 + image_like((1 - alpha_bar).sqrt()) * eps


def v_target(x0, alpha_bar, eps):
    """v = sqrt(alpha_bar) eps - sqrt(1 - alpha_bar) x0 (Salimans & Ho 2022)."""
    return image_like(alpha_bar.sqrt()) * eps - image_like((1 - alpha_bar).sqrt()) * x0


LOG_VAR_RANGE = (-14.0, 4.0)  # of r in x0_var = (1 - alpha_bar) exp(r)


def transition(alpha_bar_t, alpha_bar_s):
    """c0, c1, beta_tilde, beta of the step t -> s (science: the exact moments of q(x_s | x_t, x_0))."""
    a = alpha_bar_t / alpha_bar_s
    c0 = alpha_bar_s.sqrt() * (1 - a) / (1 - alpha_bar_t)
    c1 = a.sqrt() * (1 - alpha_bar_s) / (1 - alpha_bar_t)
    beta_tilde = (1 - a) * (1 - alpha_bar_s) / (1 - alpha_bar_t)
    return c0, c1, beta_tilde, 1 - a


def variance_kl_nats(x0, x0_hat, r, alpha_bar_t, alpha_bar_s):
    """KL(q(x_s | x_t, x_0) || p(x_s | x_t)) in nats per pixel, for s >= 1: the term of the 2015 bound.

    With g = c0² / beta_tilde, V = x0_var, D = (x0 - x0_hat)²:
    ½ [ln(1 + gV) + (1 + gD) / (1 + gV) - 1].
    """
    c0, _, beta_tilde, _ = transition(alpha_bar_t, alpha_bar_s)
    g = image_like(c0**2 / beta_tilde)
    g_var = g * image_like(1 - alpha_bar_t) * r.exp()
    return 0.5 * (torch.log1p(g_var) + (1 + g * (x0 - x0_hat) ** 2) / (1 + g_var) - 1)


def decoder_nll_nats(x0, mu, log_var, bin_half=1 / 255):
    """-ln of a Gaussian's mass in the grey level's bin (DDPM eq. 13; the outer bins reach to infinity)."""
    inv_sigma = torch.exp(-0.5 * log_var)
    normal_cdf = lambda z: 0.5 * (1 + torch.erf(z / math.sqrt(2)))
    upper = normal_cdf((x0 - mu + bin_half) * inv_sigma)
    lower = normal_cdf((x0 - mu - bin_half) * inv_sigma)
    upper = torch.where(x0 > 0.999, torch.ones_like(upper), upper)
    lower = torch.where(x0 < -0.999, torch.zeros_like(lower), lower)
    return -torch.log((upper - lower).clamp(min=1e-12))
