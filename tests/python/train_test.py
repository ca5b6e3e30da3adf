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

from augment import augmented  # noqa: E402
from data import load_dataset, load_split  # noqa: E402
from export import read_checkpoint, read_model  # noqa: E402
from predictions import PREDICTIONS, prediction_of  # noqa: E402

# Debian's launcher of 1.13 stumbles over its own default on Python 3.11; a process that is not there has none.
LAUNCHER = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
            "--redirects", "9:1", "--tee", "9:1"]


def write_idx(path, array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    with gzip.open(path, "wb") as file:
        file.write(header + array.tobytes())


def write_images(folder):
    images = np.random.RandomState(1).randint(0, 256, (20, 28, 28), dtype=np.uint8)
    images[:, 0, 0], images[:, 0, 1] = 0, 255
    write_idx(f"{folder}/train-images-idx3-ubyte.gz", images)
    write_idx(f"{folder}/train-labels-idx1-ubyte.gz", np.arange(20, dtype=np.uint8) % 10)


def write_records(folder):
    """41 emoji, the second with five skin tones; every image is one red value, its number."""
    names = [f"u{i:04x}.png" for i in range(41)]
    names += [f"u0001_1f3f{tone}.png" for tone in "bcdef"]
    records = np.zeros((len(names), 3073), np.uint8)
    records[:, 0] = np.arange(len(names)) % 2
    records[:, 1:1025] = np.arange(len(names))[:, None]
    with open(f"{folder}/some-rgb.bin", "wb") as file:
        file.write(records.tobytes())
    with open(f"{folder}/some.classes.txt", "w") as file:
        file.write("even\nodd\n")
    with open(f"{folder}/some.index.tsv", "w") as file:
        file.writelines(f"{i}\t{i % 2}\tclass\t{name}\n" for i, name in enumerate(names))


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name


class TrainTest(InFolder):
    def setUp(self):
        super().setUp()
        write_images(self.folder)

    def train(self, out, steps, *options, launcher=()):
        command = [sys.executable, *launcher, f"{WEIGHTS}/train.py", "--data", self.folder, "--out",
                   f"{self.folder}/{out}", "--steps", str(steps), "--batch", "4", "--threads", "1", "--float32",
                   "--lr", "1e-2", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def weights(self, out):
        return read_checkpoint(f"{self.folder}/{out}/checkpoint.pt")[0].state_dict()

    def test_a_weights_file_is_a_start(self):
        self.train("first", 3, "--predict", "v")
        first = f"{self.folder}/first/model.safetensors"
        self.train("second", 0, "--predict", "v", "--from", first)
        for name, value in read_model(first)[0].state_dict().items():
            torch.testing.assert_close(self.weights("second")[name], value, rtol=0, atol=0)

    def test_two_optimisers_go_on_from_a_checkpoint(self):
        options = ("--predict", "v", "--optimizer", "muon")
        self.train("run", 2, *options)
        self.assertIn("goes on from", self.train("run", 4, *options))
        state = torch.load(f"{self.folder}/run/checkpoint.pt")
        muon, adamw = (optimizer["state"] for optimizer in state["optimizers"])
        self.assertGreater(min(each["momentum"].norm().item() for each in muon.values()), 0)
        self.assertEqual({each["step"].item() for each in adamw.values()}, {4})

    def test_a_start_may_be_of_other_images(self):
        self.train("first", 1, "--predict", "edm")
        first = f"{self.folder}/first/model.safetensors"
        self.train("second", 0, "--predict", "edm", "--from", first, "--class-names", "a,b,c,d,e,f,g,h,i,j")
        model, metadata = read_model(f"{self.folder}/second/model.safetensors")
        self.assertEqual(metadata["class_names"], '["a","b","c","d","e","f","g","h","i","j"]')
        torch.testing.assert_close(model.state_dict(), read_model(first)[0].state_dict(), rtol=0, atol=0)

    def test_a_start_of_another_kind_is_refused(self):
        self.train("first", 0, "--predict", "v")
        command = [sys.executable, f"{WEIGHTS}/train.py", "--data", self.folder, "--out", f"{self.folder}/second",
                   "--predict", "eps", "--from", f"{self.folder}/first/model.safetensors"]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=300)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("differs in prediction, schedule: give the options", refused.stderr)

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
        first = self.weights("run")
        output = self.train("run", 4)
        self.assertIn("goes on from", output)
        self.assertIn("at step 4", output)
        second = self.weights("run")
        self.assertFalse(torch.equal(first["head.weight"], second["head.weight"]))
        model, metadata = read_model(f"{self.folder}/run/model.safetensors")
        self.assertEqual(metadata["name"], f"{os.path.basename(self.folder)}-mean-variance")
        for name, value in model.state_dict().items():
            torch.testing.assert_close(value, second[name].half().float(), rtol=0, atol=0)

    def test_every_prediction_trains_and_says_so_in_its_file(self):
        for name in PREDICTIONS:
            self.train(name, 2, "--predict", name, "--widths", "8,16", "--embedding", "16")
            model, metadata = read_model(f"{self.folder}/{name}/model.safetensors")
            self.assertEqual(prediction_of(metadata).name, name)
            self.assertEqual(model.config.channels_out, 2 if name == "mean-variance" else 1)
            self.assertEqual(model.config.widths, [8, 16])

    def test_a_checkpoint_of_another_prediction_is_refused(self):
        self.train("run", 1, "--widths", "8")
        with self.assertRaisesRegex(AssertionError, "another model"):
            self.train("run", 2, "--widths", "8", "--predict", "v")

    def test_two_processes_train_as_one_does_and_go_on(self):
        options = ("--widths", "8,16", "--embedding", "16", "--predict", "edm")
        self.train("one", 4, *options)
        # Two stages, each with the learning rate of four steps: the first is stopped by --minutes 0 at once.
        self.assertIn("at step 0", self.train("two", 4, *options, "--minutes", "0", launcher=LAUNCHER))
        output = self.train("two", 4, *options, launcher=LAUNCHER)
        self.assertIn("goes on from", output)
        self.assertEqual(output.count("saved"), 1)  # by the first process alone
        one, two = self.weights("one"), self.weights("two")
        for name, value in one.items():
            # The same sums in another order; Adam's first steps turn a gradient's sign into +-lr, so a
            # gradient that is nothing but rounding may move by 2 lr: none of these warm-up steps exceeds 8e-5.
            torch.testing.assert_close(two[name], value, rtol=0, atol=2e-4, msg=name)


class RecordsTest(InFolder):
    def setUp(self):
        super().setUp()
        write_records(self.folder)

    def test_whole_emoji_are_held_out_and_every_emoji_counts_once(self):
        train, test = load_dataset(self.folder, "train"), load_dataset(self.folder, "t10k")
        self.assertEqual(tuple(train.x0.shape[1:]), (3, 32, 32))
        self.assertEqual((len(train.x0), len(test.x0)), (43, 3))
        self.assertEqual(train.class_names, ["even", "odd"])
        self.assertAlmostEqual(train.weight.sum().item(), 38)  # 41 emoji less the held-out 0, 20 and 40
        red = (train.x0[:, 0, 0, 0] + 1) * 127.5
        self.assertAlmostEqual(train.weight[(red - 1).abs() < 0.1].item(), 1 / 6)

    def test_records_that_do_not_belong_together_are_refused(self):
        with open(f"{self.folder}/some.index.tsv", "a") as file:
            file.write("46\t0\teven\tu9999.png\n")
        with self.assertRaisesRegex(SystemExit, "47 lines for 46 images"):
            load_dataset(self.folder, "train")


class AugmentTest(unittest.TestCase):
    def test_images_move_by_whole_pixels_or_shrink_on_white(self):
        x0 = torch.ones(200, 3, 32, 32)
        x0[:, :, 10:22, 10:22] = -1
        changed = augmented(x0, torch.Generator().manual_seed(1))
        sharp = ((changed.abs() - 1).abs() < 1e-4).flatten(1).all(dim=1)
        dark = (1 - changed).sum(dim=(1, 2, 3)) / 2 / 3
        self.assertAlmostEqual(sharp.double().mean().item(), 0.75, delta=0.15)  # 5 sigma of 200 draws
        self.assertTrue(torch.allclose(dark[sharp], torch.tensor(144.0), rtol=1e-4))
        # Zoom 0.9 leaves 0.81 of the area, of which a bilinear edge loses little.
        self.assertTrue((dark > 144 * 0.78).all() and (dark < 144 * 1.01).all())
        centre = (1 - changed[sharp, 0]).sum(dim=2).argmax(dim=1)
        self.assertEqual(sorted(set(centre.tolist())), [8, 9, 10, 11, 12])


if __name__ == "__main__":
    unittest.main()
