#!/usr/bin/env python3
"""Trains the 2015 paper's network on its bound: `weights/train_paper_network.py --data mnist --out DIR`.

Stop it with Ctrl-C at any time; the same command goes on from the last checkpoint in DIR. Data as in the
reference code: grey levels dequantised by U(-1/2, 1/2) / 255 and z-scored by one mean and one deviation, which
the bound wants (unit variance). beta_1 stays fixed, at the reference code's 0.002; the rest of the schedule is
the fixed one of section 2.4.1. Printed is -(K - L_null) in bits a pixel, as the reference code logs it.
"""

import argparse
import sys

import torch

from data import load_dataset
from export import model_metadata
from paper_network import PaperNetworkConfig
from predictions import Transition
from train import add_run_options, prepare, start_or_resume, train


def grey_levels(dataset):
    """[N,1,H,W] in [0, 1]."""
    return (dataset.x0 + 1) / 2


def z_score_range(grey):
    """[x of black, x of white], to the six digits of the weights file: what z-scores these images."""
    mean, deviation = grey.double().mean().item(), grey.double().std(unbiased=False).item()
    return [float(f"{(value - mean) / deviation:.6f}") for value in (0, 1)]


def dequantised(grey, noise):
    """noise [..] uniform in [0, 1) -> grey levels with all of their bin."""
    return grey + (noise - 0.5) / 255


def to_data_scale(grey, pixel_range):
    black, white = pixel_range
    return black + (white - black) * grey


def draw_batch(run, args, grey, pixel_range):
    """-> (x0 [B,1,H,W] z-scored, no labels [B])."""
    pick = torch.randint(len(grey), (args.batch,), generator=run.generator)
    noise = torch.rand(args.batch, *grey.shape[1:], generator=run.generator)
    x0 = to_data_scale(dequantised(grey[pick], noise), pixel_range)
    return x0, torch.zeros(args.batch, dtype=torch.int64)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_run_options(parser)
    parser.add_argument("--name", default="mnist-2015", help="the model's and its card's name")
    return parser.parse_args()


def main():
    args = parse_arguments()
    processes, grey = prepare(args), grey_levels(load_dataset(args.data, "train"))
    if grey.shape[1] != 1:
        raise SystemExit("This trainer takes grey images: train.py has networks for colour.")
    prediction, pixel_range = Transition(1.0), z_score_range(grey)
    config = PaperNetworkConfig(size=grey.shape[2])
    metadata = model_metadata(config, args.name, prediction, [], "paper-2015", pixel_range)
    run, checkpoint = start_or_resume(args, metadata, processes)
    train(run, args, lambda: draw_batch(run, args, grey, pixel_range), prediction, processes, checkpoint)
    processes.leave()


if __name__ == "__main__":
    sys.exit(main())
