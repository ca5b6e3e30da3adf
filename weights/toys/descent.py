"""How the toys are trained: Adam, its rate warmed up and then falling as a cosine squared, a line every 500 steps."""

import math
import time

import torch
from torch import nn

SHOWN_EVERY = 500


def relative_rate(step, steps, warm_up):
    """Of the peak."""
    return min(1, (step + 1) / warm_up) * (0.002 + 0.998 * math.cos(math.pi / 2 * step / steps) ** 2)


def descend(network, losses, steps, lr, warm_up, others=()):
    """`losses()` -> (what to lessen, name and value of what to show). `others`: [(parameters, peak rate)]."""
    groups = [{"params": list(parameters), "peak": peak} for parameters, peak in ((network.parameters(), lr), *others)]
    optimizer = torch.optim.Adam(groups, lr=lr, betas=(0.9, 0.99))
    began, shown = time.time(), []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * relative_rate(step, steps, warm_up)
        loss, name, value = losses()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimizer.step()
        shown.append(value)
        if (step + 1) % SHOWN_EVERY == 0:
            mean = sum(shown) / len(shown)
            print(f"step {step + 1}/{steps}  {name} {mean:.4f} bits  {time.time() - began:.0f} s", flush=True)
            shown = []
