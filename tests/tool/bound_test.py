"""`undiffuse bound` agrees with weights/bound.py: the same images, terms and noise.

UNDIFFUSE_BOUND=COUNT,STEPS makes it more than a few of them (./dev check: 16 images, all 1000 terms).
"""

import gzip
import json
import math
import os
import sys
import unittest

import numpy as np
import torch

from support import ROOT, WEIGHTS, ToolTest

sys.path.insert(0, os.path.join(ROOT, "weights"))

import bound  # noqa: E402
import noise  # noqa: E402
from export import read_model  # noqa: E402
from predictions import prediction_of  # noqa: E402
from sampling import respaced_times  # noqa: E402

DATA = "/usr/share/datasets/fashion-mnist"  # Debian's dataset-fashion-mnist; the model does not mind
COUNT, STEPS = map(int, os.environ.get("UNDIFFUSE_BOUND", "3,12").split(","))
SEED = 7


def read_idx(name, header):
    with gzip.open(f"{DATA}/t10k-{name}-ubyte.gz") as file:
        content = file.read()
    return content, np.frombuffer(content, np.uint8, offset=header)


def reference(levels, labels, count, steps):
    """{variance: [count] bits/dim of each image} by PyTorch, with the core's noise."""
    model, metadata = read_model(WEIGHTS)
    prediction = prediction_of(metadata)
    times = respaced_times(len(prediction.table) - 1, steps)[::-1]
    alpha_bar = torch.from_numpy(prediction.table)[times]
    x0 = torch.from_numpy(levels.copy()).float().reshape(-1, 1, 28, 28)[:count] / 127.5 - 1
    t_all = torch.arange(1, steps + 1).repeat_interleave(count)
    image_all = torch.arange(count).repeat(steps)

    def eps_of(t, image):
        draws = [noise.normal(784, SEED, times[i], j, noise.BOUND) for i, j in zip(t.tolist(), image.tolist())]
        return torch.from_numpy(np.stack(draws)).reshape(-1, 1, 28, 28)

    labels = torch.from_numpy(labels.astype(np.int64))
    values = bound.bound_values(model, prediction, x0, labels, t_all, image_all, alpha_bar, eps_of)
    prior = torch.tensor([bound.prior_bits(image, alpha_bar) for image in x0])
    return {name: value.reshape(steps, count).sum(dim=0) + prior for name, value in values.items()}


class BoundTest(ToolTest):
    @classmethod
    def setUpClass(cls):
        cls.images, cls.levels = read_idx("images-idx3", 16)
        cls.labels, cls.label_values = read_idx("labels-idx1", 8)

    def bound(self, *arguments):
        for name in ("images", "labels"):
            with open(self.path(name), "wb") as file:
                file.write(getattr(self, name))
        return json.loads(self.succeed("bound", self.path("images"), self.path("labels"), "--json", *arguments))

    def test_agrees_with_pytorch(self):
        found = self.bound("--count", COUNT, "--steps", STEPS, "--seed", SEED)
        self.assertEqual((found["images"], found["steps"]), (COUNT, STEPS))
        wanted = reference(self.levels, self.label_values, COUNT, STEPS)
        self.assertEqual(list(found["bound"]), list(wanted))
        for name, of_images in wanted.items():
            row = found["bound"][name]
            # Both are float32 networks; 0.001 is a hundredth of the bound's standard error.
            self.assertAlmostEqual(row["bits_per_dim"], of_images.mean().item(), delta=1e-3)
            error = (of_images.std() / math.sqrt(COUNT)).item()
            self.assertAlmostEqual(row["standard_error"], error, delta=1e-3)
            self.assertAlmostEqual(sum(row["terms"]) + row["prior"], row["bits_per_dim"], delta=1e-9)

    def test_labels_and_seed_count_and_threads_do_not(self):
        few = ["--count", 2, "--steps", 4]
        one = self.bound(*few, "--threads", 1)
        self.assertEqual(one, self.bound(*few, "--threads", 2))
        self.assertNotEqual(one, self.bound(*few, "--seed", 2))
        self.assertNotEqual(one, json.loads(self.succeed("bound", self.path("images"), *few, "--json")))

    def test_text_says_the_same(self):
        wanted = self.bound("--count", 2, "--steps", 4)["bound"]
        text = self.succeed("bound", self.path("images"), self.path("labels"), "--count", 2, "--steps", 4)
        rows = {line.split()[0]: line.split()[1:3] for line in text.splitlines()[1:]}
        self.assertEqual(set(rows), set(wanted))
        for name, row in wanted.items():
            self.assertEqual(rows[name], [f"{row['bits_per_dim']:.4f}", f"{row['standard_error']:.4f}"])


if __name__ == "__main__":
    unittest.main()
