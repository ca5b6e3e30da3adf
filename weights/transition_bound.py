#!/usr/bin/env python3
"""The 2015 bound of a transition model: `weights/transition_bound.py --weights FILE --data DATA`.

K - L_null in bits a pixel, as the paper's reference code logs it (eq. 14 on unit-variance data; L_null is the
log likelihood under N(0, I)), on dequantised test images, every term t = 2..T over its own draw of images and
noise. And the same K as bits/dim of grey levels, K being a log density: -K + log2(255 deviation), the deviation
that of the training images on [0, 1]. That is an upper bound on the bits that grey levels take.
"""

import argparse
import json
import math
import os
import sys

import torch

from bound import draw_terms, image_mean_bits, total_and_error
from data import dequantised, load_grey
from diffusion import q_sample
from export import from_grey, pixel_range, read_model
from predictions import prediction_of
from table2 import record, sha256

NULL_BITS = -0.5 * math.log2(2 * math.pi * math.e)  # L_null of a pixel


@torch.no_grad()
def kl_values(model, prediction, x0_all, t_all, image_all, generator, batch=250):
    """[N] bits a pixel of the term t at that image."""
    values = []
    for t, image in zip(t_all.split(batch), image_all.split(batch)):
        x0, alpha_bar = x0_all[image], prediction.alpha_bar(t)
        x_t = q_sample(x0, alpha_bar, torch.randn(x0.shape, generator=generator))
        raw = model(x_t.contiguous(memory_format=torch.channels_last), t)
        values.append(image_mean_bits(prediction.kl_nats(raw, x0, x_t, alpha_bar)))
    return torch.cat(values)


def measure_gap(model, prediction, x0, seed=1, effort=1.0):
    """K - L_null on x0 [N,C,H,W] -> {above_null, standard_error}, bits a pixel."""
    generator = torch.Generator().manual_seed(seed)
    t_all, image_all = draw_terms(len(prediction.table) - 1, len(x0), effort, generator)
    learned = t_all > 1  # t = 1 is the forward kernel, which eq. 14 has in its entropies
    t_all, image_all = t_all[learned], image_all[learned]
    values = kl_values(model, prediction, x0, t_all, image_all, generator)
    total, error = total_and_error(values, t_all - 1, len(x0))
    return {"above_null": prediction.ends_nats() / math.log(2) - total, "standard_error": error,
            "model_calls": len(t_all)}


def bits_per_dim(above_null, deviation):
    """Of grey levels with this deviation on [0, 1]."""
    return -(above_null + NULL_BITS) + math.log2(255 * deviation)


def above_null(bits, deviation):
    """K - L_null from bits/dim: the inverse."""
    return -bits - NULL_BITS + math.log2(255 * deviation)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True, help="weights file of a transition model")
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--effort", type=float, default=1.0, help="scales the images per term")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--record", action="store_true", help="into table2.json, docs/paper.md and the model's card")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model, metadata = read_model(args.weights)
    prediction, generator = prediction_of(metadata), torch.Generator().manual_seed(args.seed)
    x0 = from_grey(dequantised(load_grey(args.data, "t10k"), generator), metadata)
    result = {"name": metadata["name"], "sha256": sha256(args.weights),
              **measure_gap(model, prediction, x0, args.seed, args.effort)}
    black, white = pixel_range(metadata)
    result["bits_per_dim"] = bits_per_dim(result["above_null"], 1 / (white - black))
    result["best_bits_per_dim"] = bits_per_dim(prediction.ends_nats() / math.log(2), 1 / (white - black))
    print(json.dumps(result))
    if args.record:
        record("bound", result)


if __name__ == "__main__":
    sys.exit(main())
