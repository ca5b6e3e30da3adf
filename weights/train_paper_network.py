#!/usr/bin/env python3
"""Trains the 2015 paper's network on its bound: `weights/train_paper_network.py --data mnist --out DIR`.

Stop it with Ctrl-C at any time; the same command goes on from the last checkpoint in DIR. Data as in the
reference code: grey levels dequantised by U(-1/2, 1/2) / 255 and z-scored by one mean and one deviation, which
the bound wants (unit variance). beta_1 stays fixed, at the reference code's 0.002; the rest of the schedule is
the fixed one of section 2.4.1. Printed is L_null - K in bits a pixel, as the reference code logs it.
"""

import argparse
import sys

import torch

from data import dequantised, load_grey
from export import from_grey, model_metadata
from paper_network import PaperNetworkConfig
from predictions import Transition
from train import add_run_options, prepare, start_or_resume, train


def z_score_range(grey):
    """[x of black, x of white] where these images have mean 0 and variance 1, to the weights file's six digits."""
    mean, deviation = grey.double().mean().item(), grey.double().std(unbiased=False).item()
    return [float(f"{(level - mean) / deviation:.6f}") for level in (0, 1)]


def draw_batch(run, args, grey):
    """-> (x0 [B,1,H,W] z-scored, labels [B] that say nothing)."""
    pick = torch.randint(len(grey), (args.batch,), generator=run.generator)
    x0 = from_grey(dequantised(grey[pick], run.generator), run.metadata)
    return x0, torch.zeros(args.batch, dtype=torch.int64)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_run_options(parser)
    parser.set_defaults(optimizer="muon")
    parser.add_argument("--name", default="mnist-2015", help="the model's and its card's name")
    parser.add_argument("--dense-only", action="store_true", help="let the convolutions rest, for a start of all")
    parser.add_argument("--freeze-convolutions", action="store_true", help="leave them as they are: twice as fast")
    parser.add_argument("--first-t", type=int, default=2, help="the bound's terms from this on, for a start of all")
    parser.add_argument("--emphasis", type=float, default=0, help="E: the bound's terms count 1 + E t / T")
    return parser.parse_args()


def main():
    args = parse_arguments()
    processes, grey = prepare(args), load_grey(args.data, "train")
    config = PaperNetworkConfig(size=grey.shape[2])
    metadata = model_metadata(config, args.name, Transition(1.0), [], "paper-2015", z_score_range(grey))
    run, checkpoint = start_or_resume(args, metadata, processes)
    if args.freeze_convolutions:
        run.model.conv.requires_grad_(False)
    if args.dense_only:
        run.model.rest_convolutions()
        run.average.rest_convolutions()
    prediction = Transition(1.0)
    prediction.first_t, prediction.emphasis = args.first_t, args.emphasis
    train(run, args, lambda: draw_batch(run, args, grey), prediction, processes, checkpoint)
    processes.leave()


if __name__ == "__main__":
    sys.exit(main())
