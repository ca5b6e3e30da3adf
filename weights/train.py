#!/usr/bin/env python3
"""Trains a U-Net: `./dev train --data mnist --out DIR [--predict mean-variance|eps|v|edm]`.

Stop it with Ctrl-C at any time; the same command goes on from the last checkpoint in DIR.
DIR/model.safetensors holds the averaged weights as of the last checkpoint, ready to be sampled.
Several processes or GPUs: `python3 -m torch.distributed.run --nproc_per_node N weights/train.py ...`.
"""

import argparse
import math
import os
import signal
import sys
import time

import torch
from torch import nn

from augment import augmented
from data import load_dataset
from diffusion import q_sample
from export import build_model, measure_sigma_data, model_metadata, read_model, write_model
from muon import Muon
from predictions import PREDICTIONS
from processes import Processes
from unet import DEFAULT_WIDTHS, UNetConfig


def add_run_options(parser):
    """What every trainer of images takes."""
    parser.add_argument("--data", required=True, help="folder with the four IDX files, or with colour records")
    parser.add_argument("--out", required=True, help="folder for checkpoints and the weights file")
    parser.add_argument("--from", dest="start", metavar="FILE", help="weights file whose training goes on")
    parser.add_argument("--steps", type=int, default=40000, help="optimiser steps in all")
    parser.add_argument("--batch", type=int, default=128, help="images a step, over all processes")
    parser.add_argument("--lr", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="adamw", help="muon: see muon.py")
    parser.add_argument("--ema", type=float, default=0.9995, help="decay of the weights' moving average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop (with a checkpoint) after this")
    parser.add_argument("--save-every", type=int, default=500, help="steps between checkpoints")
    parser.add_argument("--threads", type=int, help="of each process (default: the processors, divided)")
    parser.add_argument("--float32", action="store_true", help="no bfloat16 (slower, for processors without it)")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_run_options(parser)
    parser.add_argument("--predict", choices=PREDICTIONS, default="mean-variance", help="what the network emits")
    parser.add_argument("--name", help="the model's and its card's name (default: the data folder's, then --predict)")
    parser.add_argument("--class-names", help="in the order of the labels, with commas (default: the data set's); '' is none")
    parser.add_argument("--widths", help="channels at each resolution, with commas (default: by the image's shape)")
    parser.add_argument("--blocks", type=int, default=1, help="residual blocks at each resolution, each way")
    parser.add_argument("--embedding", type=int, default=128, help="width of the time and class embedding")
    parser.add_argument("--drop-label", type=float, default=0.1, help="share of labels replaced by 'any'")
    return parser.parse_args()


def network_config(args, dataset, images_out):
    channels, size = dataset.x0.shape[1:3]
    if args.widths is None and (channels, size) not in DEFAULT_WIDTHS:
        raise SystemExit(f"There is no default network for {size} x {size} x {channels} images: give --widths.")
    widths = [int(width) for width in args.widths.split(",")] if args.widths else DEFAULT_WIDTHS[channels, size]
    return UNetConfig(channels_in=channels, channels_out=channels * images_out, size=size, widths=widths,
                      blocks=args.blocks, embedding=args.embedding, classes=len(dataset.class_names))


def name_classes(dataset, names):
    """names with commas; without any the labels say nothing, and every image is of "any class"."""
    dataset.class_names = [name for name in names.split(",") if name]
    if not dataset.class_names:
        dataset.label = torch.zeros_like(dataset.label)


WEIGHT_DECAY = 0.01


def adamw(parameters, lr):
    return torch.optim.AdamW(parameters, lr=lr, betas=(0.9, 0.99), weight_decay=WEIGHT_DECAY)


def muon_and_adamw(model, lr):
    """Muon for what the network calls its hidden weights, AdamW for the rest."""
    hidden = model.hidden_weights()
    taken = {id(weight) for weight in hidden}
    return [Muon(hidden, lr, WEIGHT_DECAY), adamw([value for value in model.parameters() if id(value) not in taken], lr)]


OPTIMIZERS = {"adamw": lambda model, lr: [adamw(model.parameters(), lr)], "muon": muon_and_adamw}


class Run:
    """Everything a checkpoint holds; one object so that resuming forgets nothing."""

    def __init__(self, args, metadata, processes):
        torch.manual_seed(args.seed)
        self.step = 0
        self.seconds = 0.0
        self.metadata = metadata  # of the weights file: all that the exporter needs beside the weights
        self.model = build_model(metadata).to(processes.device, memory_format=torch.channels_last)
        self.average = build_model(metadata).to(processes.device)
        self.average.load_state_dict(self.model.state_dict())
        self.optimizers = OPTIMIZERS[args.optimizer](self.model, args.lr)
        self.generator = torch.Generator().manual_seed(args.seed)
        self.parallel = self.model

    def state(self):
        return {"step": self.step, "seconds": self.seconds, "metadata": self.metadata,
                "model": self.model.state_dict(), "average": self.average.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "generator": self.generator.get_state()}

    def save(self, path):
        torch.save(self.state(), path + ".part")
        os.replace(path + ".part", path)  # never a half-written checkpoint

    def load(self, path):
        state = torch.load(path, map_location="cpu")
        if state.get("metadata") != self.metadata:
            raise SystemExit(f"{path} is of another model or version: give another --out, or the same options.")
        self.step, self.seconds = state["step"], state["seconds"]
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        for optimizer, of_optimizer in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(of_optimizer)
        self.generator.set_state(state["generator"])

    def start_from(self, path):
        """The weights of a file as the start of a run with its own steps and learning rates.

        The file may be of other images with as many classes: strokes learned on one set help with the next.
        """
        model, metadata = read_model(path)
        of_the_images = ("name", "card", "data", "sigma_data", "class_names")
        own = {key: value for key, value in self.metadata.items() if key not in of_the_images}
        differing = [key for key, value in own.items() if metadata.get(key) != value]
        if differing:
            raise SystemExit(f"{path} differs in {', '.join(differing)}: give the options that it was trained with.")
        self.model.load_state_dict(model.state_dict())
        self.average.load_state_dict(model.state_dict())

    @torch.no_grad()
    def update_average(self, decay):
        decay = min(decay, (1 + self.step) / (10 + self.step))  # young averages forget their start
        for mean, value in zip(self.average.parameters(), self.model.parameters()):
            mean.lerp_(value, 1 - decay)


def learning_rate(step, args):
    """Warm-up over 500 steps, then a cosine down to a fiftieth of the peak."""
    progress = min(step / args.steps, 1.0)
    return args.lr * min(1.0, (step + 1) / 500) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))


def set_learning_rate(optimizers, rate):
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate


def draw_batch(run, args, dataset):
    """-> (x0, label) of the whole batch, some labels dropped."""
    pick = dataset.pick(args.batch, run.generator)
    label = dataset.label[pick]
    dropped = torch.rand(args.batch, generator=run.generator) < args.drop_label
    label = torch.where(dropped, torch.full_like(label, run.model.config.classes), label)
    x0 = dataset.x0[pick]
    return (augmented(x0, run.generator) if dataset.augment else x0), label


def train_step(run, args, batch, prediction, processes):
    """batch: (x0, label) -> {loss: value}, of this process's share of the batch."""
    x0, label = batch
    draws = {name: processes.share(value) for name, value in prediction.draw(x0, run.generator).items()}
    x0, label = processes.share(x0).contiguous(memory_format=torch.channels_last), processes.share(label)
    set_learning_rate(run.optimizers, learning_rate(run.step, args))
    x_t = q_sample(x0, draws["alpha_bar"], draws["eps"])
    with torch.autocast(processes.device.type, dtype=torch.bfloat16, enabled=not args.float32):
        raw = run.parallel(prediction.scale_input(x_t, draws["alpha_bar"]), draws["t"], label)
    losses = prediction.losses(raw, x0, x_t, draws)
    run.model.zero_grad(set_to_none=True)
    sum(prediction.loss_weights.get(name, 1) * loss for name, loss in losses.items()).backward()
    nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    for optimizer in run.optimizers:
        optimizer.step()
    run.step += 1
    run.update_average(args.ema)
    return {name: loss.item() for name, loss in losses.items()}


class Progress:
    """Means of the losses since the last line printed."""

    def __init__(self, args):
        self.args = args
        self.restart()

    def restart(self):
        self.began, self.sums, self.count = time.time(), {}, 0

    def add(self, losses):
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.count += 1

    def show(self, run):
        rate = self.count * self.args.batch / (time.time() - self.began)
        means = "".join(f"  {name} {value / self.count:.4f}" for name, value in self.sums.items())
        print(f"step {run.step}/{self.args.steps}{means}  {rate:.0f} images/s  {run.seconds / 60:.1f} min", flush=True)
        self.restart()


def save(run, args, checkpoint):
    # The weights file first: it refuses weights that are not finite, and the last good checkpoint stays.
    write_model(os.path.join(args.out, "model.safetensors"), run.average, run.metadata)
    run.save(checkpoint)


def stop_on_signals():
    """A list that is empty until somebody asks the program to end."""
    stop = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.append(True))
    return stop


def train(run, args, draw, prediction, processes, checkpoint):
    """draw() -> (x0, label) of a whole batch."""
    run.parallel = processes.wrap(run.model)  # only now: what is frozen by then has no gradient to share
    stop, progress, began, earlier = stop_on_signals(), Progress(args), time.time(), run.seconds
    over = lambda: bool(stop) or time.time() - began >= args.minutes * 60
    while run.step < args.steps and not processes.any(over()):
        progress.add(train_step(run, args, draw(), prediction, processes))
        run.seconds = earlier + time.time() - began
        if processes.first and run.step % 100 == 0:
            progress.show(run)
        if processes.first and run.step % args.save_every == 0:
            save(run, args, checkpoint)
    if processes.first:
        save(run, args, checkpoint)
        print(f"saved {checkpoint} at step {run.step}", flush=True)


def start_or_resume(args, metadata, processes):
    """-> (run, its checkpoint's path): as a checkpoint in --out, or else --from, leaves it."""
    checkpoint = os.path.join(args.out, "checkpoint.pt")
    run = Run(args, metadata, processes)
    if os.path.exists(checkpoint):
        run.load(checkpoint)
        print(f"goes on from {checkpoint} at step {run.step}", flush=True)
    elif args.start:
        run.start_from(args.start)
    return run, checkpoint


def prepare(args):
    """-> the processes that train together, this one set up."""
    processes = Processes()
    if args.batch % processes.count:
        raise SystemExit(f"--batch {args.batch} does not divide among {processes.count} processes: give a multiple.")
    torch.set_num_threads(args.threads or max(1, os.cpu_count() // processes.on_this_machine))
    os.makedirs(args.out, exist_ok=True)
    return processes


def main():
    args = parse_arguments()
    processes, dataset = prepare(args), load_dataset(args.data, "train")
    if args.class_names is not None:
        name_classes(dataset, args.class_names)
    prediction = PREDICTIONS[args.predict](measure_sigma_data(dataset.x0))
    config = network_config(args, dataset, prediction.images_out)
    name = args.name or f"{os.path.basename(os.path.abspath(args.data))}-{args.predict}"
    run, checkpoint = start_or_resume(args, model_metadata(config, name, prediction, dataset.class_names), processes)
    train(run, args, lambda: draw_batch(run, args, dataset), prediction, processes, checkpoint)
    processes.leave()


if __name__ == "__main__":
    sys.exit(main())
