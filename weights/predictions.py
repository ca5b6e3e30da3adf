"""What a network is trained to emit: one small class each, and nothing else differs between models.

A prediction says what its weights file says (`metadata`), how training draws a noise level, what the
loss is, and how the network's input and output become the answer (x0_hat, x0_var): the mean and the
variance of x_0 given x_t. A new prediction is a class here, a row of PREDICTIONS, and its twin in
core/process/prediction.

The state is variance preserving for all: x_t = sqrt(alpha_bar) x_0 + sqrt(1 - alpha_bar) eps, [B,C,H,W];
alpha_bar is [B], double.
"""

import math

import numpy as np
import torch
from torch.nn import functional

from diffusion import (LOG_VAR_RANGE, ContinuousSchedule, constant_rate_alpha_bar, cosine_alpha_bar,
                       decoder_nll_nats, image_like, linear_alpha_bar, q_sample, transition, v_target,
                       variance_kl_nats)

NUM_STEPS = 1000  # T


def uniform(batch, generator):
    return torch.rand(batch, generator=generator, dtype=torch.float64)


class Prediction:
    """Defaults: the cosine schedule, t uniform and continuous in [1, T], one image out, no variance."""

    name = None  # of --predict
    images_out = 1  # the network emits so many images
    metadata = {"variance": "none", "num_steps": str(NUM_STEPS)}
    schedule = {"family": "cosine", "offset": 0.008}  # diffusion.cosine_alpha_bar's defaults
    loss_weights = {}  # by the loss's name; 1 where none is named
    clips = True  # whether sampling may clip x0_hat to [-1, 1], the scale of the images

    def __init__(self, sigma_data):
        self.sigma_data = sigma_data
        self.table = self.alpha_bar_table()
        self.continuous = ContinuousSchedule(self.table)

    def alpha_bar_table(self):
        """alpha_bar[0..T] of the schedule that sampling walks along unless told otherwise."""
        return cosine_alpha_bar(NUM_STEPS)

    def alpha_bar(self, t):
        return self.continuous(t)

    def model_t(self, alpha_bar):
        """The time that the network is given at this noise, clamped to what it was trained on."""
        return self.continuous.inverse(alpha_bar)

    def draw(self, x0, generator):
        """Everything random of a training step, each [B, ...]: t is the network's time."""
        t = 1 + uniform(len(x0), generator) * (NUM_STEPS - 1)
        return {"t": t, "alpha_bar": self.alpha_bar(t), "eps": torch.randn(x0.shape, generator=generator)}

    def scale_input(self, x_t, alpha_bar):
        return x_t

    def target(self, x0, alpha_bar, eps):
        """What the network's (first) output should be."""
        raise NotImplementedError

    def to_x0(self, output, x_t, alpha_bar):
        """The inverse of `target`: x0_hat from that output."""
        raise NotImplementedError

    def answer(self, raw, x_t, alpha_bar):
        """-> (x0_hat, x0_var); no variance is one of 0."""
        x0_hat = self.to_x0(raw.float(), x_t, alpha_bar)
        return x0_hat, torch.zeros_like(x0_hat)

    def losses(self, raw, x0, x_t, draws):
        """{name: mean over the batch} from the raw output."""
        wanted = self.target(x0, draws["alpha_bar"], draws["eps"])
        return {f"{self.name} mse": (raw.float() - wanted).square().mean()}


class V(Prediction):
    """v = sqrt(alpha_bar) eps - sqrt(1 - alpha_bar) x0 (Salimans & Ho 2022), its squared error."""

    name = "v"
    metadata = {**Prediction.metadata, "prediction": "v"}

    def target(self, x0, alpha_bar, eps):
        return v_target(x0, alpha_bar, eps)

    def to_x0(self, output, x_t, alpha_bar):
        return image_like(alpha_bar.sqrt()) * x_t - image_like((1 - alpha_bar).sqrt()) * output


class Eps(Prediction):
    """The noise (DDPM, Ho et al. 2020): L_simple (eq. 14) on its linear schedule; t is continuous here."""

    name = "eps"
    metadata = {**Prediction.metadata, "prediction": "eps"}
    schedule = {"family": "linear", "beta_start": 1e-4, "beta_end": 0.02}

    def alpha_bar_table(self):
        return linear_alpha_bar(NUM_STEPS, self.schedule["beta_start"], self.schedule["beta_end"])

    def target(self, x0, alpha_bar, eps):
        return eps

    def to_x0(self, output, x_t, alpha_bar):
        return (x_t - image_like((1 - alpha_bar).sqrt()) * output) / image_like(alpha_bar.sqrt())


class MeanVariance(V):
    """v with its squared error, and r with x0_var = (1 - alpha_bar) exp(r) by the bound of 2015."""

    name = "mean-variance"
    images_out = 2
    metadata = {**V.metadata, "variance": "learned"}
    loss_weights = {"variance nats": 0.1}

    def draw(self, x0, generator):
        """t four fifths uniform, one fifth log-uniform: two thirds of the bound sits at t <= 10, which a
        uniform draw sees once in a hundred. s is uniform on [0, t): at s = t-1 alone the KL barely
        depends on x0_var for large t. Below one step there is no transition left, only p(x_0 | x_t)."""
        batch = len(x0)
        u = uniform(batch, generator)
        log_uniform = torch.rand(batch, generator=generator) < 0.2
        t = torch.where(log_uniform, NUM_STEPS**u, 1 + u * (NUM_STEPS - 1))
        s = t * uniform(batch, generator)
        eps = torch.randn(x0.shape, generator=generator)
        alpha_bar, one_step = self.alpha_bar(t), self.alpha_bar(t * 0 + 1)
        alpha_bar_s = torch.where(s < 1, torch.maximum(one_step, alpha_bar * (1 + 1e-9)), self.alpha_bar(s))
        return {"t": t, "alpha_bar": alpha_bar, "eps": eps, "decodes": s < 1,
                "alpha_bar_s": alpha_bar_s.clamp(max=1 - 1e-9)}

    def mean_and_r(self, raw, x_t, alpha_bar):
        """Raw (v_hat, r) -> x0_hat and the log variance of x_0 over 1 - alpha_bar."""
        v_hat, r = raw.float().chunk(2, dim=1)
        return self.to_x0(v_hat, x_t, alpha_bar), r.clamp(*LOG_VAR_RANGE)

    def answer(self, raw, x_t, alpha_bar):
        x0_hat, r = self.mean_and_r(raw, x_t, alpha_bar)
        return x0_hat, image_like(1 - alpha_bar) * r.exp()

    def losses(self, raw, x0, x_t, draws):
        alpha_bar = draws["alpha_bar"]
        result = super().losses(raw[:, : x0.shape[1]], x0, x_t, draws)
        x0_hat, r = self.mean_and_r(raw, x_t, alpha_bar)
        x0_hat = x0_hat.detach()  # the mean has its own loss: the bound's weighting of it gives worse samples
        kl = variance_kl_nats(x0, x0_hat, r, alpha_bar, draws["alpha_bar_s"])
        nll = decoder_nll_nats(x0, x0_hat, r + image_like((1 - alpha_bar).log()))
        result["variance nats"] = torch.where(draws["decodes"][:, None, None, None], nll, kl).mean()
        return result


class Edm(Prediction):
    """EDM's F (Karras et al. 2022, table 1): D(x; sigma) = c_skip x + c_out F(c_in x; c_noise).

    EDM's x is x_t / sqrt(alpha_bar) and its sigma the noise level sqrt((1 - alpha_bar) / alpha_bar).
    In the variance-preserving state, with w = 1 - alpha_bar + alpha_bar sigma_data²:
    F sees x_t / sqrt(w), and x0_hat = (sigma_data² sqrt(alpha_bar) / w) x_t
    + (sigma_data sqrt(1 - alpha_bar) / sqrt(w)) F. EDM's loss weight 1 / c_out² leaves F's plain squared error.

    The network's time is affine in c_noise = ln(noise_level) / 4 and spans what the others' do:
    t = T (ln noise_level - ln sigma_min) / (ln sigma_max - ln sigma_min), which is what interpolating the
    table's log SNR gives, as ln noise_level = -log SNR / 2.
    """

    name = "edm"
    metadata = {**Prediction.metadata, "prediction": "edm"}
    schedule = {"family": "edm", "sigma_min": 0.002, "sigma_max": 80.0}
    p_mean, p_std = -1.2, 1.2  # of ln noise_level in training

    def alpha_bar_table(self):
        """Geometric noise levels: row t is the noise at which the network's time is t, row 0 the data."""
        low, high = self.schedule["sigma_min"], self.schedule["sigma_max"]
        noise_level = low * (high / low) ** (np.arange(1, NUM_STEPS + 1) / NUM_STEPS)
        return np.concatenate([[1.0], 1 / (1 + noise_level**2)])

    def draw(self, x0, generator):
        normal = torch.randn(len(x0), generator=generator, dtype=torch.float64)
        alpha_bar = torch.sigmoid(-2 * (self.p_mean + self.p_std * normal)).clamp(self.table[-1], self.table[1])
        eps = torch.randn(x0.shape, generator=generator)
        return {"t": self.model_t(alpha_bar), "alpha_bar": alpha_bar, "eps": eps}

    def total_variance(self, alpha_bar):
        """w: the variance of x_t over pixels that vary by sigma_data."""
        return 1 - alpha_bar + alpha_bar * self.sigma_data**2

    def scale_input(self, x_t, alpha_bar):
        return x_t / image_like(self.total_variance(alpha_bar).sqrt())

    def target(self, x0, alpha_bar, eps):
        """F for which x0_hat = x0; written without x_t, so that nothing cancels at little noise."""
        w = self.total_variance(alpha_bar)
        signal, noise, sigma_data = alpha_bar.sqrt(), (1 - alpha_bar).sqrt(), self.sigma_data
        return image_like(noise / (sigma_data * w.sqrt())) * x0 - image_like(sigma_data * signal / w.sqrt()) * eps

    def to_x0(self, output, x_t, alpha_bar):
        w = self.total_variance(alpha_bar)
        on_x = self.sigma_data**2 * alpha_bar.sqrt() / w
        on_output = self.sigma_data * (1 - alpha_bar).sqrt() / w.sqrt()
        return image_like(on_x) * x_t + image_like(on_output) * output


def bound_times(batch, generator, first=2, emphasis=0):
    """-> (t [B] whole in first..T, the term's count over t's probability [B]), spread evenly over the batch and in no
    order.

    Half uniform, half in proportion to 1 / t: the bound's terms and their gradients fall by two orders of
    magnitude from t = 2 to 100, and a uniform draw would hit those early ones once in a hundred.
    A term counts 1 + emphasis t / T, with an emphasis half of all draws in proportion to t: what a sample becomes is
    decided at t > 900, where the bound has next to nothing to lose. t / T is what v's squared error would count.
    """
    t = torch.arange(first, NUM_STEPS + 1, dtype=torch.float64)
    probability = 0.5 / len(t) + 0.5 / t / (1 / t).sum()
    if emphasis:
        probability = 0.5 * probability + 0.5 * t / t.sum()
    place = (torch.randperm(batch, generator=generator) + uniform(1, generator)) / batch
    pick = torch.searchsorted(probability.cumsum(0), place).clamp(max=len(t) - 1)
    return t[pick], ((1 + emphasis * t / NUM_STEPS) / probability)[pick]


class Transition(Prediction):
    """The reverse transition t -> t-1 itself (Sohl-Dickstein et al. 2015, in its reference code's form), on the
    2015 bound. The network emits z_mu and z_sigma, 0 of both being the forward kernel:

    mu = sqrt(1 - beta_t) x_t + sqrt(beta_t) z_mu        Sigma = sigmoid(z_sigma / sqrt(T) + logit(beta_t))

    As beta - beta_tilde = c0² (1 - alpha_bar) and sqrt(1 - beta) = c0 sqrt(alpha_bar) + c1, the answer is
    x0_hat = sqrt(alpha_bar) x_t + z_mu sqrt(beta) / c0 and x0_var = 1 - alpha_bar + (Sigma - beta) / c0², which
    is a little below 0 where Sigma < beta_tilde. At t = 1 the paper has the forward kernel (eq. 44): z = 0.
    """

    name = "transition"
    images_out = 2
    metadata = {"prediction": "transition", "variance": "learned", "num_steps": str(NUM_STEPS)}
    schedule = {"family": "constant-rate"}
    clips = False  # z-scored images, and the paper does not
    first_t = 2  # of the terms that are trained
    emphasis = 0  # of late terms, as bound_times has it

    def alpha_bar_table(self):
        return constant_rate_alpha_bar(NUM_STEPS)

    def draw(self, x0, generator):
        t, weight = bound_times(len(x0), generator, self.first_t, self.emphasis)
        return {"t": t, "weight": weight, "alpha_bar": self.alpha_bar(t),
                "eps": torch.randn(x0.shape, generator=generator)}

    def own_step(self, alpha_bar):
        """c0, beta_tilde, beta [B,1,1,1] of the model's own step from here. Between two rows of its table, which
        other schedules ask for, beta is between theirs, geometrically."""
        log_beta = torch.from_numpy(np.log1p(-self.table[1:] / self.table[:-1]))
        t = self.model_t(alpha_bar)
        low = t.floor().long().clamp(max=NUM_STEPS - 1)
        beta = torch.lerp(log_beta[low - 1], log_beta[low], t - low).exp()
        c0, _, beta_tilde, _ = transition(alpha_bar, (alpha_bar / (1 - beta)).clamp(max=1))
        return image_like(c0), image_like(beta_tilde), image_like(beta)

    def log_variance(self, z_sigma, beta):
        """ln Sigma."""
        return functional.logsigmoid((z_sigma / math.sqrt(NUM_STEPS)).clamp(*LOG_VAR_RANGE) + torch.logit(beta))

    def answer(self, raw, x_t, alpha_bar):
        c0, _, beta = self.own_step(alpha_bar)
        z_mu, z_sigma = raw.float().chunk(2, dim=1)
        spread = self.log_variance(z_sigma, beta).exp() - beta
        learned = (alpha_bar < self.table[1] * (1 - 1e-9))[:, None, None, None]
        zero = torch.zeros_like(z_mu)
        x0_hat = image_like(alpha_bar.sqrt()) * x_t + torch.where(learned, z_mu * beta.sqrt() / c0, zero)
        return x0_hat, image_like(1 - alpha_bar) + torch.where(learned, spread / c0**2, zero)

    def kl_nats(self, raw, x0, x_t, alpha_bar):
        """KL(q(x_{t-1} | x_t, x_0) || N(mu, Sigma)) of each pixel, t >= 2."""
        c0, beta_tilde, beta = self.own_step(alpha_bar)
        z_mu, z_sigma = raw.float().chunk(2, dim=1)
        log_var = self.log_variance(z_sigma, beta)
        off = c0 * (image_like(alpha_bar.sqrt()) * x_t - x0) + beta.sqrt() * z_mu  # mu - mu_tilde
        return 0.5 * (log_var - beta_tilde.log() + (beta_tilde + off**2) * torch.exp(-log_var) - 1)

    def ends_nats(self):
        """H_q(X_T|X_0) - H_q(X_1|X_0) - H_p(X_T) - L_null of a pixel, unit-variance data: what K - L_null would
        be without the KL terms (eq. 14)."""
        return 0.5 * math.log((1 - self.table[-1]) / (1 - self.table[1]))

    def losses(self, raw, x0, x_t, draws):
        """-(K - L_null) in bits a pixel: unbiased, as a term counts by one over its probability."""
        kl = self.kl_nats(raw, x0, x_t, draws["alpha_bar"]) * image_like(draws["weight"])
        return {"L_null - K bits": (kl.mean() - self.ends_nats()) / math.log(2)}


PREDICTIONS = {kind.name: kind for kind in (MeanVariance, Eps, V, Edm)}  # of a U-Net; Transition is paper_network's


def prediction_of(metadata):
    """The prediction that a weights file's metadata names."""
    for kind in (*PREDICTIONS.values(), Transition):
        if all(metadata.get(key) == value for key, value in kind.metadata.items()):
            return kind(float(metadata["sigma_data"]))
    raise SystemExit(f"No prediction here is '{metadata.get('prediction')}' with variance"
                     f" '{metadata.get('variance')}': export the model again with this version's export.py.")
