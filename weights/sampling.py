#!/usr/bin/env python3
"""Ancestral sampling in PyTorch, the twin of core/process and core/run's sampler.

As a program it draws a contact sheet: `weights/sampling.py --weights FILE --out sheet.png`. Only the
random numbers differ from the core's: PyTorch's generator here, a counter-based one there.
"""

import argparse
import sys

import torch

from contact_sheet import write_contact_sheet
from diffusion import transition
from export import read_model
from predictions import prediction_of

VARIANCES = ("learned", "fixed-small", "fixed-large")


def respaced_times(num_train_steps, num_steps):
    """t_i = round((S - i) T / S), i = 0..S, halves upward: from T down to 0."""
    total, s = num_train_steps, num_steps
    return [((s - i) * total * 2 + s) // (2 * s) for i in range(s + 1)]


def choose_x0_var(variance, x0_var, alpha_bar):
    """The x0_var that makes sigma² = beta_tilde + c0² x0_var the variance asked for."""
    return {"learned": x0_var, "fixed-small": 0 * x0_var, "fixed-large": 0 * x0_var + (1 - alpha_bar)}[variance]


def guided_answer(model, prediction, x_t, labels, alpha_bar, guidance):
    """-> (x0_hat, x0_var). Guidance 1 makes no second call; the variance is the conditional call's."""
    batch = len(x_t)
    any_class = torch.full_like(labels, model.config.classes)
    doubled = guidance != 1
    x = torch.cat([x_t, x_t]) if doubled else x_t
    label = torch.cat([labels, any_class]) if doubled else labels
    level = torch.full((len(x),), alpha_bar, dtype=torch.float64)
    scaled = prediction.scale_input(x, level).contiguous(memory_format=torch.channels_last)
    x0_hat, x0_var = prediction.answer(model(scaled, prediction.model_t(level), label), x, level)
    if doubled:
        x0_hat = x0_hat[batch:] + guidance * (x0_hat[:batch] - x0_hat[batch:])
    return x0_hat, x0_var[:batch]


@torch.no_grad()
def sample(model, prediction, labels, generator, num_steps=50, guidance=1.0, variance="learned", clip=True):
    """labels [B] -> images [B,C,H,W], by reverse transitions on the model's own schedule."""
    config = model.config
    alpha_bar = torch.from_numpy(prediction.table)
    times = respaced_times(len(alpha_bar) - 1, num_steps)
    x = torch.randn(len(labels), config.channels_in, config.size, config.size, generator=generator)
    for t, s in zip(times, times[1:]):
        x0_hat, x0_var = guided_answer(model, prediction, x, labels, alpha_bar[t].item(), guidance)
        x0_hat = x0_hat.clamp(-1, 1) if clip else x0_hat
        c0, c1, beta_tilde, _ = (value.item() for value in transition(alpha_bar[t], alpha_bar[s]))
        x0_var = choose_x0_var(variance, x0_var, alpha_bar[t].item())
        x = c0 * x0_hat + c1 * x
        if s > 0:  # the last step's mean is the image, its noise would only be noise
            x += (beta_tilde + c0**2 * x0_var).sqrt() * torch.randn(x.shape, generator=generator)
    return x


def sample_classes(model, prediction, per_class, seed, batch=250, **choices):
    """`per_class` images of each class, class by class -> (images, labels)."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(model.config.classes).repeat_interleave(per_class)
    images = [sample(model, prediction, part, generator, **choices) for part in labels.split(batch)]
    return torch.cat(images), labels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True, help="weights file (.safetensors)")
    parser.add_argument("--out", required=True, help="PNG to write: a row for each class")
    parser.add_argument("--per-class", type=int, default=10)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=1.5)
    parser.add_argument("--variance", choices=VARIANCES, default="learned")
    parser.add_argument("--no-clip", action="store_true", help="leave x0_hat beyond [-1, 1]")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    model, metadata = read_model(args.weights)
    images, _ = sample_classes(model, prediction_of(metadata), args.per_class, args.seed, num_steps=args.steps,
                               guidance=args.guidance, variance=args.variance, clip=not args.no_clip)
    write_contact_sheet(args.out, images[:, 0].numpy(), columns=args.per_class)


if __name__ == "__main__":
    sys.exit(main())
