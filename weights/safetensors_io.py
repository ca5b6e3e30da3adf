"""The safetensors format: an 8-byte length, a JSON header, raw little-endian tensors.

Design goals: the same tensors give the same bytes (names in order, no clock), every tensor starts
aligned to its own type, and a reader needs no Python. Tensors are numpy arrays here.
"""

import json
import os
import struct

import numpy as np

DTYPES = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
ALIGNMENT = 8  # of the first tensor's byte; enough for any type


def write_safetensors(path, tensors, metadata=None):
    """tensors: {name: array}; metadata: {key: string}. Replaces the file at once or not at all."""
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    # Wider types first: with no gaps allowed, that is what keeps every tensor aligned.
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = dict(sorted(metadata.items()))
    for name in order:
        end = offset + arrays[name].nbytes
        header[name] = {"dtype": NAMES[arrays[name].dtype], "shape": list(arrays[name].shape),
                        "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)  # the format pads its header with spaces
    with open(path + ".part", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            file.write(arrays[name].tobytes())
    os.replace(path + ".part", path)


def read_safetensors(path):
    """-> ({name: array}, {key: string})."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(content[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata
