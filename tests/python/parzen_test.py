"""The Parzen-window estimate against Gaussians, whose expected window density is known."""

import math
import os
import sys
import unittest

import torch

WEIGHTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "weights")
sys.path.insert(0, WEIGHTS)

import card  # noqa: E402
import table2  # noqa: E402
from parzen import choose_bandwidth, log_densities, parzen_bits  # noqa: E402


def normal(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class ParzenTest(unittest.TestCase):
    def test_one_sample_is_its_own_window(self):
        found = log_densities(torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.zeros(1, 2), [0.5, 2.0])
        at_centre = torch.tensor([[-math.log(2 * math.pi * 0.25)], [-math.log(2 * math.pi * 4)]], dtype=torch.float64)
        torch.testing.assert_close(found, at_centre + torch.tensor([[-2.0, 0.0], [-0.125, 0.0]], dtype=torch.float64))

    def test_many_samples_of_a_gaussian_are_a_wider_gaussian(self):
        """Windows of deviation sigma on N(0, I_2) are N(0, (1 + sigma²) I) in the limit; its mean log density
        over N(0, I) is -ln(2 pi v) - 1/v with v = 1 + sigma². With 20,000 windows a point at the centre is within
        reach of 20,000 · 2 sigma² of them, 3,600: the density there is off by a sixtieth of itself, and its
        logarithm, in the mean, by far less than the standard error over the points."""
        sigma, v = 0.3, 1.09
        wanted = (-math.log(2 * math.pi * v) - 1 / v) / math.log(2)
        found = parzen_bits(normal(4000, 2, seed=1), normal(100, 2, seed=2), normal(20000, 2, seed=3), [sigma])
        self.assertAlmostEqual(found["bits"], wanted, delta=4 * found["standard_error"])
        # The log density varies by |x|² / 2v: variance 1 / v² in two dimensions.
        self.assertAlmostEqual(found["standard_error"], 1 / v / math.log(2) / math.sqrt(4000), delta=1e-3)

    def test_the_bandwidth_is_the_likeliest_on_the_validation_points(self):
        """A single sample at 0 is likeliest to points of N(0, s² I) with sigma = s."""
        self.assertEqual(choose_bandwidth(0.4 * normal(500, 20, seed=4), torch.zeros(1, 20), [0.2, 0.4, 0.8]), 0.4)

    def test_chunks_of_points_change_nothing(self):
        points, samples = normal(7, 5, seed=5), normal(11, 5, seed=6)
        whole = log_densities(points, samples, [0.5])
        torch.testing.assert_close(log_densities(points, samples, [0.5], chunk=3), whole)


class Table2Test(unittest.TestCase):
    def test_its_numbers_are_of_the_weights_beside_it(self):
        results = table2.load()
        rows = [*results["parzen"].values(), *results["bound"].values()]
        self.assertTrue(rows)
        for row in rows:
            if row["name"] != "training images":
                self.assertEqual(row["sha256"], table2.sha256(os.path.join(WEIGHTS, row["name"] + ".safetensors")))

    def test_page_and_card_are_written_from_them(self):
        for name, block in table2.blocks(table2.load()).items():
            with open(os.path.join(WEIGHTS, name), encoding="utf-8") as file:
                self.assertIn(f"{card.BEGIN.format(table2.BY)}\n{block}{card.END}", file.read(), name)


if __name__ == "__main__":
    unittest.main()
