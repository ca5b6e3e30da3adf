#!/usr/bin/env python3
"""Dead leaves: pictures of discs that cover each other, `weights/dead_leaves.py --out DIR`.

The 2015 paper's set (Theis et al. 2012) is not ours to pass on and states no parameters, so this one is
published: centres uniform, radii with density in proportion to r^-3 between R_MIN and R_MAX pixels (Lee, Mumford &
Huang 2001), grey levels uniform and independent, laid front to back until no pixel is bare. A pixel has the
colour of the first disc over its centre. DIR gets the four IDX files that train.py reads (one class).

Everything follows from --seed. What is known in closed form: the grey levels of two pixels at distance d are
equal by one disc with probability gamma(d) / (2 gamma(0) - gamma(d)), which is their correlation, gamma(d) being
the mean area that a disc shares with itself moved by d.
"""

import argparse
import os
import struct
import sys

import numpy as np

SIDE = 28  # pixels
R_MIN, R_MAX = 1.0, 14.0  # pixels
BATCH = 500  # images that are covered together


def draw_radii(u):
    """u uniform in [0, 1) -> radii of density ~ r^-3: the inverse of their distribution function."""
    return (R_MIN**-2 - u * (R_MIN**-2 - R_MAX**-2)) ** -0.5


def draw_discs(count, generator):
    """x, y, radius, grey, each [count]: centres wherever a disc can reach the picture."""
    x, y = generator.uniform(-R_MAX, SIDE + R_MAX, (2, count))
    return x, y, draw_radii(generator.random(count)), generator.integers(0, 256, count)


def lay(images, bare, discs):
    """One disc on each of images [N,H,W], behind those that are there; bare [N,H,W] says where there are none."""
    x, y, radius, grey = (value[:, None, None] for value in discs)
    centre = np.arange(SIDE) + 0.5
    shown = bare & ((centre[None, None, :] - x) ** 2 + (centre[None, :, None] - y) ** 2 < radius**2)
    np.copyto(images, grey, where=shown, casting="unsafe")
    bare &= ~shown


def cover(count, generator):
    """-> uint8 [count, SIDE, SIDE]; pictures leave the work as their last pixel is covered."""
    done, images = [], np.zeros((count, SIDE, SIDE), np.uint8)
    bare = np.ones(images.shape, bool)
    while len(images):
        lay(images, bare, draw_discs(len(images), generator))
        open_ = bare.any(axis=(1, 2))
        if not open_.all():
            done.append(images[~open_])
            images, bare = images[open_], bare[open_]
    # In the order of covering, pictures would go from large leaves to small ones.
    return generator.permutation(np.concatenate(done))


def make_images(count, generator):
    batches = [min(BATCH, count - begin) for begin in range(0, count, BATCH)]
    return np.concatenate([cover(batch, generator) for batch in batches])


def write_idx(path, array):
    """LeCun's format, as data.read_idx reads it."""
    with open(path, "wb") as file:
        file.write(struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="folder for the four IDX files")
    parser.add_argument("--train", type=int, default=60000, help="training images")
    parser.add_argument("--test", type=int, default=10000, help="test images")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    for stream, (split, count) in enumerate({"train": args.train, "t10k": args.test}.items()):
        images = make_images(count, np.random.default_rng([args.seed, stream]))
        write_idx(f"{args.out}/{split}-images-idx3-ubyte", images)
        write_idx(f"{args.out}/{split}-labels-idx1-ubyte", np.zeros(count, np.uint8))


if __name__ == "__main__":
    sys.exit(main())
