"""The trainer end to end on a handful of made-up images: it learns, stops, goes on and leaves weights."""

import gzip
import os
import struct
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch

WEIGHTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "weights")
sys.path.insert(0, WEIGHTS)

from data import load_split  # noqa: E402
from export import read_checkpoint, read_model  # noqa: E402


def write_idx(path, array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    with gzip.open(path, "wb") as file:
        file.write(header + array.tobytes())


def write_images(folder):
    images = np.random.RandomState(1).randint(0, 256, (20, 28, 28), dtype=np.uint8)
    images[:, 0, 0], images[:, 0, 1] = 0, 255
    write_idx(f"{folder}/train-images-idx3-ubyte.gz", images)
    write_idx(f"{folder}/train-labels-idx1-ubyte.gz", np.arange(20, dtype=np.uint8) % 10)


class TrainTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        write_images(self.folder)

    def train(self, out, steps):
        command = [sys.executable, f"{WEIGHTS}/train.py", "--data", self.folder, "--out", f"{self.folder}/{out}",
                   "--steps", str(steps), "--batch", "4", "--threads", "1", "--float32", "--lr", "1e-2"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def test_images_are_read_on_the_scale_of_the_model(self):
        x0, labels = load_split(self.folder, "train")
        self.assertEqual(tuple(x0.shape), (20, 1, 28, 28))
        self.assertEqual((x0[0, 0, 0, 0].item(), x0[0, 0, 0, 1].item()), (-1, 1))
        self.assertEqual(labels.tolist(), list(range(10)) * 2)

    def test_a_folder_without_images_is_refused_by_name(self):
        with self.assertRaisesRegex(SystemExit, "t10k-images-idx3-ubyte"):
            load_split(self.folder, "t10k")

    def test_it_goes_on_from_its_checkpoint_and_leaves_weights(self):
        self.assertIn("at step 2", self.train("run", 2))
        first = read_checkpoint(f"{self.folder}/run/checkpoint.pt").state_dict()
        output = self.train("run", 4)
        self.assertIn("goes on from", output)
        self.assertIn("at step 4", output)
        second = read_checkpoint(f"{self.folder}/run/checkpoint.pt").state_dict()
        self.assertFalse(torch.equal(first["head.weight"], second["head.weight"]))
        model, metadata = read_model(f"{self.folder}/run/model.safetensors")
        self.assertEqual(metadata["name"], "mnist-mean-variance")
        for name, value in model.state_dict().items():
            torch.testing.assert_close(value, second[name].half().float(), rtol=0, atol=0)


if __name__ == "__main__":
    unittest.main()
