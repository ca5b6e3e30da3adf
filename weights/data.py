"""Image folders: the four IDX files of MNIST and Fashion-MNIST, or a file of 32x32 colour records.

IDX folders hold `train-images-idx3-ubyte` and its three siblings. Record folders hold NAME-rgb.bin
(per image a label byte, then the R, G and B planes), NAME.classes.txt (a class a line) and
NAME.index.tsv (an image a line; the last column is its source's name). All files gzipped or not.
"""

import glob
import gzip
import os
import re
import struct
from dataclasses import dataclass

import numpy as np
import torch

DIGITS = [str(digit) for digit in range(10)]
FASHION = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
RECORD_SIDE = 32
RECORD_BYTES = 1 + 3 * RECORD_SIDE**2
SKIN_TONE = re.compile(r"_1f3f[b-f]")  # in an emoji's source name
TEST_EVERY = 20  # of the records' names: one in so many is held out, with all its skin tones


@dataclass
class Dataset:
    """Images [N,C,H,W] in [-1, 1], their labels [N], and how often training draws each."""

    x0: torch.Tensor
    label: torch.Tensor
    class_names: list
    weight: torch.Tensor = None  # [N], or None where every image counts the same
    augment: bool = False  # small shifts and zooms, for sets too small to do without
    judge_accuracy: float = 0.0  # what a classifier must reach to judge samples; 0 where none is good enough

    def pick(self, count, generator):
        """Indices [count], as training draws them."""
        if self.weight is None:
            return torch.randint(len(self.x0), (count,), generator=generator)
        return torch.multinomial(self.weight, count, replacement=True, generator=generator)


def read_bytes(path):
    """The file `path` or `path`.gz; None where neither is there."""
    for name, opener in ((f"{path}.gz", gzip.open), (path, open)):
        if os.path.exists(name):
            with opener(name, "rb") as file:
                return file.read()
    return None


def read_idx(folder, name):
    """One IDX file (LeCun's format: magic 0, 0, type, rank; then the sizes; then bytes)."""
    data = read_bytes(f"{folder}/{name}")
    if data is None:
        raise SystemExit(f"{folder} has no {name}[.gz]: give the folder that holds the four IDX files.")
    kind, rank = data[2], data[3]
    if data[:2] != b"\0\0" or kind != 8:
        raise SystemExit(f"{folder}/{name} is not an IDX file of bytes: fetch it again.")
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def to_x0(pixels):
    """uint8 -> float32 in [-1, 1]."""
    return torch.from_numpy(pixels.copy()).float() / 127.5 - 1


def load_idx(folder, split):
    images = read_idx(folder, f"{split}-images-idx3-ubyte")
    labels = read_idx(folder, f"{split}-labels-idx1-ubyte")
    fashion = "fashion" in os.path.abspath(folder).lower()
    return Dataset(to_x0(images)[:, None], torch.from_numpy(labels.astype(np.int64)), FASHION if fashion else DIGITS,
                   judge_accuracy=0.9 if fashion else 0.99)


def one_emoji(source):
    """An emoji's source name without its skin tones: what its variants share."""
    return SKIN_TONE.sub("", source)


def load_records(stem, split):
    """Held out are whole emoji, so that no test image has its own variant among the training images."""
    data, names, index = (read_bytes(stem + end) for end in ("-rgb.bin", ".classes.txt", ".index.tsv"))
    if data is None or names is None or index is None or len(data) % RECORD_BYTES:
        raise SystemExit(f"{stem}-rgb.bin, .classes.txt and .index.tsv do not belong together: fetch them again.")
    emoji = np.array([one_emoji(line.split("\t")[-1]) for line in index.decode().splitlines()])
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD_BYTES)
    if len(emoji) != len(records):
        raise SystemExit(f"{stem}.index.tsv has {len(emoji)} lines for {len(records)} images: fetch them again.")
    _, which, variants = np.unique(emoji, return_inverse=True, return_counts=True)
    pick = (which % TEST_EVERY == 0) == (split == "t10k")
    images = records[pick, 1:].reshape(-1, 3, RECORD_SIDE, RECORD_SIDE)
    labels = torch.from_numpy(records[pick, 0].astype(np.int64))
    weight = torch.from_numpy(1 / variants[which[pick]])  # an emoji counts once, however many its skin tones
    return Dataset(to_x0(images), labels, names.decode().splitlines(), weight, augment=True)


def load_dataset(folder, split):
    """split "train" or "t10k" (the name of MNIST's test files) -> Dataset, of either kind of folder."""
    records = glob.glob(f"{folder}/*.classes.txt")
    return load_records(records[0][: -len(".classes.txt")], split) if records else load_idx(folder, split)


def load_split(folder, split):
    """-> (x0 [N,C,H,W] in [-1, 1], labels [N])."""
    dataset = load_dataset(folder, split)
    return dataset.x0, dataset.label


def load_grey(folder, split):
    """-> grey levels [N,1,H,W] in [0, 1]."""
    x0 = load_dataset(folder, split).x0
    if x0.shape[1] != 1:
        raise SystemExit(f"{folder} has colour images, and this program takes grey ones: give another folder.")
    return (x0 + 1) / 2


def dequantised(grey, generator):
    """Each grey level spread evenly over its bin, 1/255 wide: density models would learn the levels otherwise."""
    return grey + (torch.rand(grey.shape, generator=generator) - 0.5) / 255
