#!/usr/bin/env python3
"""The Parzen-window estimate of the 2015 paper's table 2: `weights/parzen.py --data DATA [--weights FILE]`.

A Gaussian window of bandwidth sigma on each of 10,000 samples makes a density; reported is the mean log
density, in bits, of the test images in [0, 1] (as bytes / 255), with its standard error over them. The
bandwidth is the best of ten, from 0.1 to 1 evenly in the logarithm, on the last 1,000 training images. Without
--weights the samples are training images, 10,000 of the others: the paper's "perfect model".

It measures samples, not a model's likelihood, and not much of them. Windows this wide in 784 dimensions see
blobs: few samples understate it, smooth or even memorised images score above real variety, and it does not
compare with bits from bounds or with estimates of another number of samples or choice of bandwidth.
"""

import argparse
import json
import math
import os
import sys

import numpy as np
import torch

from data import load_grey
from export import read_model, to_grey
from predictions import prediction_of
from sampling import sample
from table2 import record, sha256

BANDWIDTHS = np.logspace(-1, 0, 10)
VALIDATION = 1000  # images, at the end of the training set
CACHE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "build", "parzen")


def log_densities(points, samples, bandwidths, chunk=500):
    """ln of the Parzen density at points [M,D] from samples [N,D] -> [bandwidths, M], in double."""
    parts = []
    for part in points.split(chunk):
        squares = torch.cdist(part, samples).double().square()
        parts.append(torch.stack([torch.logsumexp(-squares / (2 * sigma**2), dim=1) for sigma in bandwidths]))
    dimensions = points.shape[1]
    constant = [math.log(len(samples)) + dimensions / 2 * math.log(2 * math.pi * sigma**2) for sigma in bandwidths]
    return torch.cat(parts, dim=1) - torch.tensor(constant, dtype=torch.float64)[:, None]


def choose_bandwidth(validation, samples, bandwidths=BANDWIDTHS):
    """The one under which the validation images are likeliest."""
    return float(bandwidths[log_densities(validation, samples, bandwidths).mean(dim=1).argmax()])


def parzen_bits(test, validation, samples, bandwidths=BANDWIDTHS):
    """-> {bits, standard_error, bandwidth}; all images [N,D] on the same scale."""
    sigma = choose_bandwidth(validation, samples, bandwidths)
    bits = log_densities(test, samples, [sigma])[0] / math.log(2)
    return {"bits": bits.mean().item(), "standard_error": (bits.std() / math.sqrt(len(bits))).item(),
            "bandwidth": sigma}


def sample_batch(args, model, metadata, number):
    """Batch `number` of the model's images [B, H W] in [0, 1], clipped as bytes would be; labels uniform."""
    generator = torch.Generator().manual_seed(args.seed * 1000 + number)
    labels = torch.randint(max(1, model.config.classes), (args.batch,), generator=generator)
    images = sample(model, prediction_of(metadata), labels, generator, num_steps=args.steps,
                    bfloat16=not args.float32)
    return to_grey(images, metadata).clamp(0, 1).flatten(1)


def draw_samples(args):
    """-> (name, [count, H W]) by ancestral steps. A run that was stopped goes on from the batches in --cache."""
    model, metadata = read_model(args.weights)
    model.to(memory_format=torch.channels_last)
    cache = os.path.join(args.cache, f"{metadata['name']}-{args.steps}-{args.seed}")
    os.makedirs(cache, exist_ok=True)
    batches = []
    for number in range(-(-args.count // args.batch)):
        path = os.path.join(cache, f"{number:03}.npy")
        if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(args.weights):
            np.save(path, sample_batch(args, model, metadata, number).numpy())
            print(f"{path}", flush=True)
        batches.append(torch.from_numpy(np.load(path)))
    return metadata["name"], torch.cat(batches)[: args.count]


def training_images(train, args):
    """[count, H W] of those that choose no bandwidth."""
    others = torch.randperm(len(train) - VALIDATION, generator=torch.Generator().manual_seed(args.seed))
    return train[others[: args.count]]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--weights", help="weights file to draw samples from")
    parser.add_argument("--steps", type=int, default=1000, help="ancestral steps, unguided, learned variance")
    parser.add_argument("--count", type=int, default=10000, help="samples")
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--float32", action="store_true", help="no bfloat16 in the network")
    parser.add_argument("--cache", default=CACHE, help="folder for the samples (default: build/parzen)")
    parser.add_argument("--record", action="store_true", help="into table2.json, docs/paper.md and the model's card")
    return parser.parse_args()


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    train, test = (load_grey(args.data, split).flatten(1) for split in ("train", "t10k"))
    if args.weights:
        name, samples = draw_samples(args)
    else:
        name, samples = "training images", training_images(train, args)
    of = {"steps": args.steps, "sha256": sha256(args.weights)} if args.weights else {"steps": 0}
    result = {"name": name, "samples": len(samples), **of,
              **parzen_bits(test, train[-VALIDATION:], samples)}
    print(json.dumps(result))
    if args.record:
        record("parzen", result)


if __name__ == "__main__":
    sys.exit(main())
