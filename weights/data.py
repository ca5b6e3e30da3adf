"""Image folders: the four canonical IDX files of MNIST (and of Fashion-MNIST), gzipped or not."""

import gzip
import os
import struct

import numpy as np
import torch


def read_idx(folder, name):
    """One IDX file (LeCun's format: magic 0, 0, type, rank; then the sizes; then bytes)."""
    for path, opener in ((f"{folder}/{name}.gz", gzip.open), (f"{folder}/{name}", open)):
        if os.path.exists(path):
            with opener(path, "rb") as file:
                data = file.read()
            break
    else:
        raise SystemExit(f"{folder} has no {name}[.gz]: give the folder that holds the four IDX files.")
    kind, rank = data[2], data[3]
    if data[:2] != b"\0\0" or kind != 8:
        raise SystemExit(f"{path} is not an IDX file of bytes: fetch it again.")
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load_split(folder, split):
    """split "train" or "t10k" -> (x0 [N,1,28,28] in [-1, 1], labels [N])."""
    images = read_idx(folder, f"{split}-images-idx3-ubyte")
    labels = read_idx(folder, f"{split}-labels-idx1-ubyte")
    x0 = torch.from_numpy(images.copy()).float()[:, None] / 127.5 - 1
    return x0, torch.from_numpy(labels.astype(np.int64))
