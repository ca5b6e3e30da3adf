#!/usr/bin/env python3
"""Sampling in PyTorch, the twin of core/process and core/run's samplers: any sampler for any prediction.

A sampler is one small function that walks `points`, the alpha_bar from noise to data (1 at the end,
double), and knows of the model only the answer (x0_hat, x0_var) that `denoise(x, alpha_bar)` gives.

As a program it draws a contact sheet: `weights/sampling.py --weights FILE --out sheet.png`. Only the
random numbers differ from the core's: PyTorch's generator here, a counter-based one there.
"""

import argparse
import sys
from dataclasses import dataclass
from typing import Callable

import torch

from contact_sheet import write_contact_sheet
from diffusion import noise_level, transition
from export import read_model, to_grey
from predictions import prediction_of

VARIANCES = ("learned", "fixed-small", "fixed-large")


LEAST_VARIANCE = 0.25  # of a step, over beta_tilde: a transition of the 2015 network may say less than nothing


def ancestral(denoise, x, points, draw):
    """Draws from the reverse transition at each step (DDPM, algorithm 2)."""
    for t, s in zip(points, points[1:]):
        x0_hat, x0_var = denoise(x, t)
        c0, c1, beta_tilde, _ = transition(t, s)
        x = c0 * x0_hat + c1 * x
        if s < 1:  # the last step's mean is the image, its noise would only be noise
            x = x + torch.maximum(beta_tilde + c0**2 * x0_var, beta_tilde * LEAST_VARIANCE).sqrt() * draw()
    return x


def still(x, x0_hat, t, s):
    """The step t -> s that keeps the noise it sees: DDIM's with eta = 0 (Song et al. 2021, eq. 12)."""
    on_x = ((1 - s) / (1 - t)).sqrt()
    return on_x * x + (s.sqrt() - on_x * t.sqrt()) * x0_hat


def ddim(denoise, x, points, draw):
    for t, s in zip(points, points[1:]):
        x = still(x, denoise(x, t)[0], t, s)
    return x


def dpm_solver_2m(denoise, x, points, draw):
    """DPM-Solver++(2M) (Lu et al. 2022, algorithm 2): DDIM's step with the answer extrapolated over half
    a step in lambda, half the log SNR. First order at the start (no earlier answer) and at the end
    (lambda is infinite there)."""
    steps = 0.5 * torch.logit(points).diff()
    previous = None
    for i, (t, s) in enumerate(zip(points, points[1:])):
        x0_hat, _ = denoise(x, t)
        ahead = x0_hat
        if previous is not None and s < 1:
            ahead = x0_hat + steps[i] / (2 * steps[i - 1]) * (x0_hat - previous)
        x, previous = still(x, ahead, t, s), x0_hat
    return x


LARGEST_FALL = 100  # of the noise in a step that Heun corrects; core/run/samplers/edm_heun.cpp says why


def is_corrected(t, s):
    """Whether Heun's step t -> s asks twice: at no noise there is no slope to ask for."""
    return s < 1 and noise_level(t) <= LARGEST_FALL * noise_level(s)


def heun(denoise, x, points, draw):
    """EDM's deterministic sampler (Karras et al. 2022, algorithm 1), in its x = x_t / sqrt(alpha_bar)."""
    x = x / points[0].sqrt()
    for t, s in zip(points, points[1:]):
        level, next_level = noise_level(t), noise_level(s)
        slope = (x - denoise(x * t.sqrt(), t)[0]) / level
        end = x + (next_level - level) * slope
        if is_corrected(t, s):
            end_slope = (end - denoise(end * s.sqrt(), s)[0]) / next_level
            end = x + (next_level - level) * (slope + end_slope) / 2
        x = end
    return x


def respaced_times(num_train_steps, num_steps):
    """t_i = round((S - i) T / S), i = 0..S, halves upward: from T down to 0."""
    total, s = num_train_steps, num_steps
    return [((s - i) * total * 2 + s) // (2 * s) for i in range(s + 1)]


def own_points(prediction, num_steps):
    """Even steps in t on the schedule that the model was trained on."""
    return torch.from_numpy(prediction.table)[respaced_times(len(prediction.table) - 1, num_steps)]


def rho_levels(low, high, num_steps, rho=7):
    """EDM's noise levels, the highest first (Karras et al. 2022, eq. 5)."""
    part = torch.arange(num_steps, dtype=torch.float64) / max(1, num_steps - 1)
    return (high ** (1 / rho) + part * (low ** (1 / rho) - high ** (1 / rho))) ** rho


def rho_points(prediction, num_steps):
    """EDM's levels within 0.002..80 and what the model was trained on, then the data."""
    table = torch.from_numpy(prediction.table)
    low, high = (noise_level(table[t]).clamp(0.002, 80) for t in (1, -1))
    levels = rho_levels(low, high, num_steps)
    return torch.cat([1 / (1 + levels**2), torch.ones(1, dtype=torch.float64)])


@dataclass(frozen=True)
class Sampler:
    title: str
    walk: Callable  # (denoise, x, points, draw) -> x
    points: Callable  # (prediction, num_steps) -> alpha_bar [num_steps + 1]
    calls: int = 1  # a step, at most; the last has one call always

    def steps_within(self, nfe):
        """The most steps that need no more than nfe model calls."""
        return (nfe - 1) // self.calls + 1

    def nfe(self, points):
        """The model calls along these points."""
        steps = list(zip(points, points[1:]))
        return len(steps) if self.calls == 1 else len(steps) + sum(is_corrected(t, s).item() for t, s in steps)


SAMPLERS = {
    "ancestral": Sampler("Ancestral", ancestral, own_points),
    "ddim": Sampler("DDIM", ddim, own_points),
    "dpm-solver-2m": Sampler("DPM-Solver++(2M)", dpm_solver_2m, own_points),
    "heun": Sampler("Heun", heun, rho_points, calls=2),
}


def choose_x0_var(variance, x0_var, alpha_bar):
    """The x0_var that makes sigma² = beta_tilde + c0² x0_var the variance asked for."""
    return {"learned": x0_var, "fixed-small": 0 * x0_var, "fixed-large": 0 * x0_var + (1 - alpha_bar)}[variance]


# Images in the network: their activations stay in a processor's cache. The U-Net is 3 % faster so than with 250 (a core
# of an AMD EPYC, 1,735 calls/s).
AT_ONCE = 50


@dataclass
class Denoiser:
    """denoise(x [B,C,H,W], alpha_bar) -> (x0_hat, x0_var), guided towards the labels [B]; counts its calls.

    Guidance 1 makes no second call; the variance is the conditional call's. A model without a learned
    variance has x0_var = 0: "learned" is then fixed-small. bfloat16 is the network's alone, not the step's.
    """

    model: torch.nn.Module
    prediction: object
    labels: torch.Tensor
    guidance: float = 1.0
    variance: str = "learned"
    clip: bool = True
    bfloat16: bool = False
    nfe: int = 0

    def __call__(self, x_t, alpha_bar):
        x0_hat, x0_var = self.answer(x_t, alpha_bar, self.labels)
        if self.guidance != 1:
            any_class = torch.full_like(self.labels, self.model.config.classes)
            unconditional, _ = self.answer(x_t, alpha_bar, any_class)
            x0_hat = unconditional + self.guidance * (x0_hat - unconditional)
        x0_hat = x0_hat.clamp(-1, 1) if self.clip and self.prediction.clips else x0_hat
        return x0_hat, choose_x0_var(self.variance, x0_var, alpha_bar.item())

    def answer(self, x_t, alpha_bar, labels):
        self.nfe += 1
        level = alpha_bar.expand(len(x_t))
        x = self.prediction.scale_input(x_t, level).contiguous(memory_format=torch.channels_last)
        inputs = (part.split(AT_ONCE) for part in (x, self.prediction.model_t(level), labels))
        with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
            raw = torch.cat([self.model(*part) for part in zip(*inputs)])
        return self.prediction.answer(raw, x_t, level)


@torch.no_grad()
def sample(model, prediction, labels, generator, sampler="ancestral", num_steps=50, **choices):
    """labels [B] -> images [B,C,H,W]; choices are Denoiser's."""
    config, kind = model.config, SAMPLERS[sampler]
    draw = lambda: torch.randn(len(labels), config.channels_in, config.size, config.size, generator=generator)
    denoise = Denoiser(model, prediction, labels, **choices)
    return kind.walk(denoise, draw(), kind.points(prediction, num_steps), draw)


def sample_labels(model, prediction, labels, seed, batch=250, **choices):
    """labels [N] -> images [N,C,H,W], a batch at a time."""
    generator = torch.Generator().manual_seed(seed)
    return torch.cat([sample(model, prediction, part, generator, **choices) for part in labels.split(batch)])


def sample_classes(model, prediction, per_class, seed, **choices):
    """`per_class` images of each class, class by class -> (images, labels). Without classes, as of one."""
    labels = torch.arange(max(1, model.config.classes)).repeat_interleave(per_class)
    return sample_labels(model, prediction, labels, seed, **choices), labels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True, help="weights file (.safetensors)")
    parser.add_argument("--out", required=True, help="PNG to write: a row for each class")
    parser.add_argument("--per-class", type=int, default=10)
    parser.add_argument("--sampler", choices=SAMPLERS, default="ancestral")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=1.5)
    parser.add_argument("--variance", choices=VARIANCES, default="learned")
    parser.add_argument("--no-clip", action="store_true", help="leave x0_hat beyond [-1, 1]")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    model, metadata = read_model(args.weights)
    images, _ = sample_classes(model, prediction_of(metadata), args.per_class, args.seed, sampler=args.sampler,
                               num_steps=args.steps, guidance=args.guidance, variance=args.variance,
                               clip=not args.no_clip)
    write_contact_sheet(args.out, 2 * to_grey(images, metadata).numpy() - 1, columns=args.per_class)


if __name__ == "__main__":
    sys.exit(main())
