"""Muon against what it says of itself: singular values of about 1, an update of AdamW's size, state that is kept."""

import os
import sys
import unittest

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "weights"))

from muon import MOMENTUM, UPDATE_SIZE, Muon, orthogonalised  # noqa: E402


def matrix(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class OrthogonalisedTest(unittest.TestCase):
    def test_singular_values_are_about_one(self):
        for shape in ((12, 40), (40, 12), (30, 30)):
            values = torch.linalg.svdvals(orthogonalised(matrix(*shape)))
            # The rounds end within [0.7, 1.2] for values above a hundredth of the norm; bfloat16 adds a percent. The
            # least of a square matrix may be smaller than that hundredth.
            self.assertLess(values.max().item(), 1.25)
            self.assertGreater(values[: min(shape) - (shape[0] == shape[1])].min().item(), 0.3)

    def test_directions_stay(self):
        """Of an orthogonal matrix, scaled: the same, up to the rounds' own scale."""
        q = torch.linalg.qr(matrix(20, 20))[0]
        found = orthogonalised(7 * q)
        self.assertGreater((found * q).sum().item() / (found.norm() * q.norm()).item(), 0.999)

    def test_weak_directions_count_like_strong_ones(self):
        u, v = torch.linalg.qr(matrix(10, 2))[0], torch.linalg.qr(matrix(15, 2, seed=2))[0]
        values = torch.linalg.svdvals(orthogonalised(u @ torch.diag(torch.tensor([1.0, 0.05])) @ v.t()))
        self.assertGreater((values[1] / values[0]).item(), 0.55)  # 0.05 before


class MuonTest(unittest.TestCase):
    def parameter(self, *shape):
        return torch.nn.Parameter(matrix(*shape))

    def test_its_first_update_has_the_size_that_it_says(self):
        for shape in ((16, 64), (64, 16), (16, 4, 3, 3)):
            weight, before = self.parameter(*shape), matrix(*shape)
            weight.grad = matrix(*shape, seed=2)
            Muon([weight], lr=0.1, weight_decay=0).step()
            size = (weight.detach() - before).square().mean().sqrt().item()
            self.assertAlmostEqual(size / (0.1 * UPDATE_SIZE), 0.9, delta=0.25)  # singular values of [0.7, 1.2]

    def test_weights_decay_as_adamws(self):
        weight = self.parameter(4, 4)
        weight.grad = torch.zeros(4, 4)
        Muon([weight], lr=0.1, weight_decay=0.5).step()
        torch.testing.assert_close(weight.detach(), matrix(4, 4) * 0.95)

    def test_it_descends(self):
        """A linear map learned from exact examples; 1 / sqrt(8) of the target's entries is what it starts from."""
        target, weight = matrix(8, 8, seed=3), torch.nn.Parameter(torch.zeros(8, 8))
        optimizer = Muon([weight], lr=0.05, weight_decay=0)
        for _ in range(300):
            weight.grad = weight.detach() - target
            optimizer.step()
        # It stays within an update or two of the target: each moves by lr * UPDATE_SIZE.
        self.assertLess((weight - target).square().mean().sqrt().item(), 4 * 0.05 * UPDATE_SIZE)

    def test_its_momentum_goes_on_from_a_saved_state(self):
        weight = self.parameter(4, 6)
        optimizer = Muon([weight], lr=0.1, weight_decay=0)
        weight.grad = matrix(4, 6, seed=2)
        optimizer.step()
        again = Muon([weight], lr=0.1, weight_decay=0)
        again.load_state_dict(optimizer.state_dict())
        torch.testing.assert_close(again.state[weight]["momentum"], matrix(4, 6, seed=2))
        weight.grad = torch.zeros(4, 6)
        again.step()
        torch.testing.assert_close(again.state[weight]["momentum"], MOMENTUM * matrix(4, 6, seed=2))


if __name__ == "__main__":
    unittest.main()
