"""The Python twin of the core's random numbers draws the core's bits."""

import json
import os
import sys
import unittest

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "weights"))

import noise  # noqa: E402

with open(os.path.join(ROOT, "tests", "golden", "noise.json"), encoding="utf-8") as file:
    GOLDEN = json.load(file)


def fnv1a(z):
    value = 0x811C9DC5
    for word in z.view(np.uint32).tolist():
        value = (value ^ word) * 16777619 % 2**32
    return value


class NoiseTest(unittest.TestCase):
    def test_philox_gives_the_published_answers(self):
        self.assertEqual(len(GOLDEN["philox"]), 3)
        for entry in GOLDEN["philox"]:
            words = noise.philox4x32(entry["counter"], entry["key"])
            self.assertEqual([int(word) for word in words], entry["words"])

    def test_normals_have_the_golden_bits(self):
        for entry in GOLDEN["normal"]:
            z = noise.normal(entry["count"], int(entry["seed"]), entry["t"], entry["sample"], entry["purpose"])
            self.assertEqual(z.dtype, np.float32)
            self.assertEqual(z[:4].view(np.uint32).tolist(), entry["first_bits"])
            self.assertEqual(fnv1a(z), entry["fnv1a"])

    def test_an_element_does_not_depend_on_how_many_are_drawn(self):
        z = noise.normal(33, 5, 1, 2, noise.START)
        for count in range(34):
            np.testing.assert_array_equal(noise.normal(count, 5, 1, 2, noise.START), z[:count])


if __name__ == "__main__":
    unittest.main()
