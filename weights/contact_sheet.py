"""Pictures for people: many images side by side in one PNG, written with zlib alone."""

import struct
import zlib

import numpy as np


def write_png(path, pixels):
    """pixels: uint8 [H, W, C], grey (C = 1) or RGB (C = 3)."""
    height, width, channels = pixels.shape

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = np.zeros((height, width * channels + 1), np.uint8)  # each row starts with its filter: 0, none
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
                   + chunk(b"IEND", b""))


def to_bytes(x):
    """[-1, 1] -> 0..255, the nearest."""
    return np.floor((np.clip(x, -1, 1) + 1) * 127.5 + 0.5).astype(np.uint8)


def write_contact_sheet(path, images, columns=10, enlarge=2, gap=2):
    """images: [N, C, H, W] in [-1, 1], row by row; the last row may stay short."""
    count, channels, height, width = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, channels), 96, np.uint8)
    for i, image in enumerate(to_bytes(images)):
        top, left = gap + i // columns * (height + gap), gap + i % columns * (width + gap)
        sheet[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    write_png(path, sheet.repeat(enlarge, axis=0).repeat(enlarge, axis=1))
