"""Dead leaves against their closed forms: radii, correlation between pixels, covering, and the files."""

import os
import subprocess
import sys
import unittest
from tempfile import TemporaryDirectory

import numpy as np

WEIGHTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "weights")
sys.path.insert(0, WEIGHTS)

from data import load_dataset  # noqa: E402
from dead_leaves import R_MAX, R_MIN, SIDE, draw_radii, lay, make_images  # noqa: E402


def shared_area(d):
    """gamma(d): the area that a disc shares with itself moved by d, mean over r^-3 on a fine grid of quantiles."""
    r = draw_radii((np.arange(200000) + 0.5) / 200000)
    r = np.append(r[2 * r > d], np.full((2 * r <= d).sum(), d / 2))  # discs that are too small share nothing
    return np.mean(2 * r**2 * np.arccos(d / (2 * r)) - d / 2 * np.sqrt(np.maximum(4 * r**2 - d**2, 0)))


class DeadLeavesTest(unittest.TestCase):
    def test_radii_have_their_density(self):
        self.assertEqual(draw_radii(0.0), R_MIN)
        self.assertAlmostEqual(draw_radii(1.0), R_MAX)
        u, r = np.array([0.2, 0.7]), draw_radii(np.array([0.2, 0.7]))
        # The integral of r^-3 from R_MIN is (R_MIN^-2 - r^-2) / 2.
        np.testing.assert_allclose((R_MIN**-2 - r**-2) / (R_MIN**-2 - R_MAX**-2), u)

    def test_the_front_disc_stays_in_front(self):
        images, bare = np.zeros((1, SIDE, SIDE), np.uint8), np.ones((1, SIDE, SIDE), bool)
        disc = lambda x, radius, grey: tuple(np.array([value]) for value in (x, 14.0, radius, grey))
        lay(images, bare, disc(10.0, 5.0, 200))
        lay(images, bare, disc(14.0, 5.0, 90))
        self.assertEqual([images[0, 14, x] for x in (4, 5, 14, 15, 18, 19)], [0, 200, 200, 90, 90, 0])
        self.assertFalse(bare[0, 14, 5:19].any())
        self.assertTrue(bare[0, 14, 4] and bare[0, 14, 19])

    def test_pixels_correlate_as_leaves_of_these_sizes_do(self):
        images = make_images(600, np.random.default_rng(1)).astype(float) - 127.5
        variance = (256**2 - 1) / 12  # of a uniform byte
        by_image = images.mean(axis=(1, 2))
        self.assertLess(abs(by_image.mean()), 5 * by_image.std() / np.sqrt(600))
        for d in (1, 3, 8):
            products = (images[:, :, d:] * images[:, :, :-d]).mean(axis=(1, 2)) / variance
            wanted = shared_area(d) / (2 * shared_area(0) - shared_area(d))
            self.assertLess(abs(products.mean() - wanted), 5 * products.std() / np.sqrt(600), d)

    def test_the_trainer_reads_its_files_and_a_seed_repeats_them(self):
        with TemporaryDirectory() as folder:
            for out in ("a", "b"):
                subprocess.run([sys.executable, f"{WEIGHTS}/dead_leaves.py", "--out", f"{folder}/{out}", "--train",
                                "6", "--test", "4"], check=True, timeout=300)
            train, test, again = (load_dataset(f"{folder}/{out}", split) for out, split in
                                  (("a", "train"), ("a", "t10k"), ("b", "train")))
        self.assertEqual((tuple(train.x0.shape), len(test.x0)), ((6, 1, SIDE, SIDE), 4))
        self.assertTrue((train.x0 == again.x0).all())
        self.assertFalse((train.x0[:4] == test.x0).all(dim=3).any())  # another stream, no row in common


if __name__ == "__main__":
    unittest.main()
