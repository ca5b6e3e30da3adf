"""Drives the tool: UNDIFFUSE_TOOL in the environment is its path."""

import os
import struct
import subprocess
import tempfile
import unittest
import zlib

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TOOL = os.environ["UNDIFFUSE_TOOL"]
WEIGHTS = os.path.join(ROOT, "weights", "mnist-mean-variance.safetensors")


def start(*arguments, **environment):
    return subprocess.Popen([TOOL, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, **environment})


def run(*arguments, **environment):
    """-> (exit code, stdout, stderr)."""
    process = start(*arguments, **environment)
    out, err = process.communicate()
    return process.returncode, out, err


def chunks_of(png):
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert zlib.crc32(kind + body) == checksum
        yield kind, body
        at += 12 + length


def unfilter(kind, row, above, step):
    """One row of a PNG (specification, section 9)."""
    for i in range(len(row)):
        left = int(row[i - step]) if i >= step else 0
        up, corner = int(above[i]), int(above[i - step]) if i >= step else 0
        estimate = left + up - corner
        nearest = min((left, up, corner), key=lambda value: abs(estimate - value))
        row[i] = (int(row[i]) + (0, left, up, (left + up) // 2, nearest)[kind]) % 256
    return row


def read_png(path):
    """-> (levels [height, width, channels], settings string)."""
    with open(path, "rb") as file:
        png = file.read()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    parts = dict(chunks_of(png))
    width, height, depth, colour = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    channels = {0: 1, 2: 3}[colour]
    assert depth == 8
    data = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, 1 + width * channels)
    rows, above = [], np.zeros(width * channels, np.uint8)
    for line in data:
        above = unfilter(line[0], line[1:].copy(), above, channels)
        rows.append(above)
    text = parts.get(b"tEXt", b"undiffuse\0").decode()
    assert text.startswith("undiffuse\0")
    return np.stack(rows).reshape(height, width, channels), text.split("\0")[1]


def images_of(sheet, side=28, enlarged=8, gap=8):
    """A sheet's images [n, side, side, channels], one pixel for each square; white places are left out."""
    step = side * enlarged + gap
    rows, columns = (sheet.shape[0] + gap) // step, (sheet.shape[1] + gap) // step
    places = [sheet[y * step :, x * step :][: side * enlarged, : side * enlarged] for y in range(rows)
              for x in range(columns)]
    return np.stack([place[::enlarged, ::enlarged] for place in places if not (place == 255).all()])


class ToolTest(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def files(self):
        return sorted(os.listdir(self.folder))

    def succeed(self, *arguments):
        """Runs without a word on stderr -> stdout."""
        code, out, err = run(*arguments)
        self.assertEqual((code, err), (0, ""))
        return out

    def refused(self, wanted, *arguments, **environment):
        """Ends with one sentence that says `wanted`, exit code 2 and no output."""
        code, out, err = run(*arguments, **environment)
        self.assertEqual((code, out), (2, ""), err)
        self.assertRegex(err, r"^[^\n]{10,400}\.\n$")
        self.assertIn(wanted, err)
