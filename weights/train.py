#!/usr/bin/env python3
"""Trains a U-Net on the bound's variance and a v-weighted mean: `./dev train --data mnist --out DIR`.

Stop it with Ctrl-C at any time; the same command goes on from the last checkpoint in DIR.
DIR/model.safetensors holds the averaged weights as of the last checkpoint, ready to be sampled.
"""

import argparse
import math
import os
import signal
import sys
import time

import torch
from torch import nn

from data import load_split
from diffusion import (ContinuousSchedule, answer, cosine_alpha_bar, decoder_nll_nats, image_like, q_sample,
                       v_target, variance_kl_nats)
from export import measure_sigma_data, write_model
from unet import UNet, UNetConfig


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--out", required=True, help="folder for checkpoints and the weights file")
    parser.add_argument("--name", default="mnist-mean-variance", help="the model's and its card's name")
    parser.add_argument("--steps", type=int, default=40000, help="optimiser steps in all")
    parser.add_argument("--batch", type=int, default=128, help="images a step, over all processes")
    parser.add_argument("--lr", type=float, default=1e-3, help="peak learning rate of AdamW")
    parser.add_argument("--ema", type=float, default=0.9995, help="decay of the weights' moving average")
    parser.add_argument("--variance-weight", type=float, default=0.1, help="of the bound's KL in the loss")
    parser.add_argument("--drop-label", type=float, default=0.1, help="share of labels replaced by 'any'")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop (with a checkpoint) after this")
    parser.add_argument("--save-every", type=int, default=500, help="steps between checkpoints")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the processor")
    parser.add_argument("--float32", action="store_true", help="no bfloat16 (slower, for processors without it)")
    return parser.parse_args()


def draw_t(batch, num_steps, generator):
    """t in [1, T], continuous: four fifths uniform, one fifth log-uniform.

    Two thirds of the bound sits at t <= 10, which a uniform draw sees once in a hundred.
    """
    u = torch.rand(batch, generator=generator, dtype=torch.float64)
    log_uniform = torch.rand(batch, generator=generator) < 0.2
    return torch.where(log_uniform, num_steps**u, 1 + u * (num_steps - 1))


def losses(model, x0, label, schedule, num_steps, generator, autocast):
    """(mean's loss: MSE of v; variance's loss: nats per pixel of the bound's step t -> s), batch means."""
    batch = len(x0)
    t = draw_t(batch, num_steps, generator)
    alpha_bar = schedule(t)
    # s is uniform on [0, t): at s = t-1 alone the KL barely depends on x0_var for large t. Below one
    # step there is no transition left, only the decoder p(x_0 | x_t).
    s = t * torch.rand(batch, generator=generator, dtype=torch.float64)
    decodes = s < 1
    alpha_bar_s = torch.where(decodes, torch.maximum(schedule(t * 0 + 1), alpha_bar * (1 + 1e-9)), schedule(s))
    eps = torch.randn(x0.shape, generator=generator)
    x_t = q_sample(x0, alpha_bar, eps)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        raw = model(x_t, t, label)
    mean_loss = (raw[:, : x0.shape[1]].float() - v_target(x0, alpha_bar, eps)).square().mean()
    x0_hat, r = answer(raw, x_t, alpha_bar)
    x0_hat = x0_hat.detach()  # the mean has its own loss: the bound's weighting of it gives worse samples
    kl = variance_kl_nats(x0, x0_hat, r, alpha_bar, alpha_bar_s.clamp(max=1 - 1e-9))
    nll = decoder_nll_nats(x0, x0_hat, r + image_like((1 - alpha_bar).log()))
    variance_loss = torch.where(image_like(decodes.double()) > 0, nll, kl).mean()
    return mean_loss, variance_loss


class Run:
    """Everything a checkpoint holds; one object so that resuming forgets nothing."""

    def __init__(self, args):
        torch.manual_seed(args.seed)
        self.step = 0
        self.seconds = 0.0
        self.model = UNet(UNetConfig()).to(memory_format=torch.channels_last)
        self.average = UNet(UNetConfig())
        self.average.load_state_dict(self.model.state_dict())
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=args.lr, betas=(0.9, 0.99), weight_decay=0.01)
        self.generator = torch.Generator().manual_seed(args.seed)

    def state(self):
        return {"step": self.step, "seconds": self.seconds, "model": self.model.state_dict(),
                "average": self.average.state_dict(), "optimizer": self.optimizer.state_dict(),
                "generator": self.generator.get_state()}

    def save(self, path):
        torch.save(self.state(), path + ".part")
        os.replace(path + ".part", path)  # never a half-written checkpoint

    def load(self, path):
        state = torch.load(path)
        self.step, self.seconds = state["step"], state["seconds"]
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])

    @torch.no_grad()
    def update_average(self, decay):
        decay = min(decay, (1 + self.step) / (10 + self.step))  # young averages forget their start
        for mean, value in zip(self.average.parameters(), self.model.parameters()):
            mean.lerp_(value, 1 - decay)


def learning_rate(step, args):
    """Warm-up over 500 steps, then a cosine down to a fiftieth of the peak."""
    progress = min(step / args.steps, 1.0)
    return args.lr * min(1.0, (step + 1) / 500) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))


def train_step(run, args, x0_all, label_all, schedule, num_steps):
    pick = torch.randint(len(x0_all), (args.batch,), generator=run.generator)
    label = label_all[pick]
    dropped = torch.rand(args.batch, generator=run.generator) < args.drop_label
    label = torch.where(dropped, torch.full_like(label, run.model.config.classes), label)
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate(run.step, args)
    x0 = x0_all[pick].contiguous(memory_format=torch.channels_last)
    mean_loss, variance_loss = losses(run.model, x0, label, schedule, num_steps, run.generator, not args.float32)
    run.optimizer.zero_grad(set_to_none=True)
    (mean_loss + args.variance_weight * variance_loss).backward()
    nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    run.optimizer.step()
    run.step += 1
    run.update_average(args.ema)
    return mean_loss.item(), variance_loss.item()


class Progress:
    """Means of the losses since the last line printed."""

    def __init__(self, args):
        self.args = args
        self.restart()

    def restart(self):
        self.began, self.mean_sum, self.variance_sum, self.count = time.time(), 0.0, 0.0, 0

    def add(self, mean_loss, variance_loss):
        self.mean_sum += mean_loss
        self.variance_sum += variance_loss
        self.count += 1

    def show(self, run):
        rate = self.count * self.args.batch / (time.time() - self.began)
        print(f"step {run.step}/{self.args.steps}  v mse {self.mean_sum / self.count:.4f}"
              f"  variance {self.variance_sum / self.count:.4f} nats  {rate:.0f} images/s  {run.seconds / 60:.1f} min",
              flush=True)
        self.restart()


def save(run, args, checkpoint, sigma_data):
    # The weights file first: it refuses weights that are not finite, and the last good checkpoint stays.
    write_model(os.path.join(args.out, "model.safetensors"), run.average, args.name, sigma_data)
    run.save(checkpoint)


def stop_on_signals():
    """A list that is empty until somebody asks the program to end."""
    stop = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.append(True))
    return stop


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    os.makedirs(args.out, exist_ok=True)
    checkpoint = os.path.join(args.out, "checkpoint.pt")
    x0_all, label_all = load_split(args.data, "train")
    sigma_data = measure_sigma_data(x0_all)
    alpha_bar = cosine_alpha_bar()
    schedule, num_steps = ContinuousSchedule(alpha_bar), len(alpha_bar) - 1
    run = Run(args)
    if os.path.exists(checkpoint):
        run.load(checkpoint)
        print(f"goes on from {checkpoint} at step {run.step}", flush=True)

    stop, progress, began, earlier = stop_on_signals(), Progress(args), time.time(), run.seconds
    while run.step < args.steps and not stop and time.time() - began < args.minutes * 60:
        progress.add(*train_step(run, args, x0_all, label_all, schedule, num_steps))
        run.seconds = earlier + time.time() - began
        if run.step % 100 == 0:
            progress.show(run)
        if run.step % args.save_every == 0:
            save(run, args, checkpoint, sigma_data)
    save(run, args, checkpoint, sigma_data)
    print(f"saved {checkpoint} at step {run.step}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
