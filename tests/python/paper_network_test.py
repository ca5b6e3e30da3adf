"""The 2015 network against closed forms: its bound, its transition as an answer, its readout, its file."""

import math
import os
import subprocess
import sys
import unittest

import numpy as np
import torch

WEIGHTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "weights")
sys.path.insert(0, WEIGHTS)
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from diffusion import constant_rate_alpha_bar, q_sample, transition  # noqa: E402
from export import from_grey, read_model, reference_activations, to_grey  # noqa: E402
from paper_network import PaperNetwork, PaperNetworkConfig, bump_basis  # noqa: E402
from predictions import Transition, bound_times, prediction_of  # noqa: E402
from sampling import sample  # noqa: E402
from train_test import LAUNCHER, InFolder, write_images  # noqa: E402
from transition_bound import above_null, bits_per_dim, measure_gap  # noqa: E402

SMALL = PaperNetworkConfig(size=8, conv_channels=6, dense_hidden=12, upper_channels=7, bumps=4)


def small_network(seed=1):
    """With something in its last layer."""
    torch.manual_seed(seed)
    network = PaperNetwork(SMALL)
    torch.nn.init.normal_(network.upper[-1].weight, std=0.3)
    return network.eval()


class ScheduleTest(unittest.TestCase):
    def test_it_is_the_reference_codes(self):
        alpha_bar = constant_rate_alpha_bar(1000)
        beta = 1 - alpha_bar[1:] / alpha_bar[:-1]
        # science: values of the reference code at T = 1000; beta from a ratio keeps about 12 digits.
        np.testing.assert_allclose(beta[[0, 1, 999]], [0.001999989, 0.001001989, 0.4999955], rtol=1e-6)
        self.assertAlmostEqual(alpha_bar[-1], 9.916e-4, delta=5e-8)


class BoundTest(unittest.TestCase):
    def test_forward_kernel_on_unit_gaussians_gains_nothing(self):
        """Data N(0, I) and reverse = forward kernel: K = L_null for any schedule. The expected KL of a term, with
        x_0 integrated out, is exact; only then can 999 terms add up without Monte Carlo error."""
        prediction = Transition(1.0)
        t = torch.arange(2, 1001)
        alpha_bar = torch.from_numpy(prediction.table)
        c0, c1, beta_tilde, beta = transition(alpha_bar[t], alpha_bar[t - 1])
        # mu_tilde - mu = c0 (x_0 - sqrt(alpha_bar) x_t), whose variance given x_t is c0² (1 - alpha_bar).
        kl = 0.5 * (torch.log(beta / beta_tilde) + (beta_tilde + c0**2 * (1 - alpha_bar[t])) / beta - 1)
        self.assertAlmostEqual(kl.sum().item(), prediction.ends_nats(), delta=1e-9)

    def test_the_estimate_of_that_bound_is_nothing_too(self):
        """A fresh network is the forward kernel; measured over draws it lies within its own error."""
        x0 = torch.randn(2000, 1, 8, 8, generator=torch.Generator().manual_seed(1))
        found = measure_gap(PaperNetwork(SMALL), Transition(1.0), x0)
        self.assertLess(abs(found["above_null"]), 4 * found["standard_error"])
        self.assertLess(found["standard_error"], 0.02)

    def test_a_term_is_the_kl_of_its_two_gaussians(self):
        prediction, generator = Transition(1.0), torch.Generator().manual_seed(2)
        t = torch.tensor([2, 3, 40, 999, 1000])
        table = torch.from_numpy(prediction.table)
        x0, eps = (torch.randn(5, 1, 3, 3, generator=generator).double() for _ in range(2))
        raw = torch.randn(5, 2, 3, 3, generator=generator)
        x_t = q_sample(x0, table[t], eps)
        wide = lambda value: value[:, None, None, None]
        c0, c1, beta_tilde, beta = (wide(value) for value in transition(table[t], table[t - 1]))
        mu = (1 - beta).sqrt() * x_t + beta.sqrt() * raw[:, :1]
        variance = torch.sigmoid(raw[:, 1:].double() / math.sqrt(1000) + torch.logit(beta))
        q = torch.distributions.Normal(c0 * x0 + c1 * x_t, beta_tilde.sqrt())
        wanted = torch.distributions.kl_divergence(q, torch.distributions.Normal(mu, variance.sqrt()))
        found = prediction.kl_nats(raw, x0.float(), x_t.float(), table[t])
        # float32: x_t's rounding, 1e-7, over sigma >= 0.02, times (mu - mu_tilde) / sigma of a few.
        torch.testing.assert_close(found.double(), wanted, rtol=2e-5, atol=2e-5)

    def test_weighted_draws_of_t_leave_the_sum_unbiased(self):
        t, weight = bound_times(999 * 400, torch.Generator().manual_seed(3))
        self.assertEqual((t.min().item(), t.max().item()), (2, 1000))
        # Stratified: a term's count is off by at most one of about 200 and more.
        found = torch.bincount(t.long(), weights=weight)[2:] / len(t)
        torch.testing.assert_close(found, torch.ones(999, dtype=torch.float64), rtol=0, atol=0.01)

    def test_draws_with_an_emphasis_are_unbiased_too(self):
        t, weight = bound_times(999 * 400, torch.Generator().manual_seed(3), emphasis=10)
        found = torch.bincount(t.long(), weights=weight)[2:] / len(t)
        # Stratified: a count is off by at most one of 100 and more, of terms that count up to 11.
        torch.testing.assert_close(found, 1 + torch.arange(2, 1001, dtype=torch.float64) / 100, rtol=0.01, atol=0)

    def test_a_start_may_leave_the_first_terms_out(self):
        t, weight = bound_times(901 * 100, torch.Generator().manual_seed(3), first=100)
        self.assertEqual((t.min().item(), t.max().item()), (100, 1000))
        self.assertAlmostEqual(weight.mean().item(), 901, delta=901 * 0.001)  # the number of terms

    def test_bits_per_dim_of_the_null_model_are_those_of_a_gaussian(self):
        """Grey levels 0.3 wide under a Gaussian of that width: ½ log2(2 pi e) + log2(255 · 0.3)."""
        self.assertAlmostEqual(bits_per_dim(0, 0.3), 2.047096 + math.log2(76.5), delta=1e-5)
        self.assertAlmostEqual(above_null(bits_per_dim(1.5, 0.3), 0.3), 1.5, delta=1e-12)


class AnswerTest(unittest.TestCase):
    def setUp(self):
        self.prediction = Transition(1.0)
        self.table = torch.from_numpy(self.prediction.table)

    def step(self, t, raw, x_t):
        """Mean and variance of t -> t-1 as every sampler makes them of the answer."""
        x0_hat, x0_var = self.prediction.answer(raw, x_t, self.table[t])
        c0, c1, beta_tilde, _ = (value[:, None, None, None] for value in transition(self.table[t], self.table[t - 1]))
        return c0 * x0_hat + c1 * x_t, beta_tilde + c0**2 * x0_var

    def test_it_gives_back_the_transition(self):
        t = torch.tensor([2, 3, 10, 300, 999, 1000])
        raw, x_t = torch.randn(6, 2, 3, 3), torch.randn(6, 1, 3, 3)
        mu, variance = self.step(t, raw, x_t)
        beta = (1 - self.table[t] / self.table[t - 1])[:, None, None, None]
        torch.testing.assert_close(mu, (1 - beta).sqrt() * x_t + beta.sqrt() * raw[:, :1], rtol=0, atol=2e-6)
        wanted = torch.sigmoid(raw[:, 1:] / math.sqrt(1000) + torch.logit(beta))
        torch.testing.assert_close(variance, wanted, rtol=2e-6, atol=0)  # float32 in x0_var

    def test_the_first_step_is_the_forward_kernel_whatever_the_network_says(self):
        x_t = torch.randn(1, 1, 3, 3)
        mu, variance = self.step(torch.tensor([1]), torch.randn(1, 2, 3, 3), x_t)
        torch.testing.assert_close(mu.float(), math.sqrt(self.table[1]) * x_t)
        torch.testing.assert_close(variance.float(), torch.full_like(x_t, 1 - self.table[1].item()))

    def test_between_rows_it_is_finite_and_between_theirs(self):
        raw, x_t = torch.randn(1, 2, 3, 3), torch.randn(1, 1, 3, 3)
        at = lambda t: self.prediction.answer(raw, x_t, self.prediction.alpha_bar(torch.tensor([t])))
        for t in (1.5, 2.5, 700.5):
            low, middle, high = at(math.floor(t)), at(t), at(math.ceil(t))
            self.assertTrue(all(value.isfinite().all() for value in middle))
            if t > 2:
                for a, b, c in zip(low, middle, high):
                    self.assertTrue(((b - a) * (c - b) >= -1e-6).all())


class NetworkTest(unittest.TestCase):
    def test_the_bumps_share_every_time_among_them(self):
        t = torch.tensor([1.0, 112.0, 321.5, 1000.0])
        g = bump_basis(t, 10)
        torch.testing.assert_close(g.sum(dim=1), torch.ones(4))
        # t = 112 is the second centre: its neighbours are two widths away, exp(-2), the next four, exp(-8).
        near, far = math.exp(-2), math.exp(-8)
        total = 1 + 2 * near + far + math.exp(-18) + math.exp(-32)
        torch.testing.assert_close(g[1, :4], torch.tensor([near, 1, near, far]) / total)
        self.assertEqual(g.argmax(dim=1).tolist(), [0, 1, 3, 9])

    def test_reading_the_last_layer_at_once_is_reading_its_coefficients(self):
        network, x, t = small_network(), torch.randn(3, 1, 8, 8), torch.tensor([1.0, 500.0, 777.25])
        torch.nn.init.normal_(network.upper[-1].bias, std=0.3)
        at_once = network(x, t)
        network.record = True
        torch.testing.assert_close(network(x, t), at_once)

    def test_the_readout_is_the_sum_over_bumps(self):
        network, x, t = small_network(), torch.randn(3, 1, 8, 8), torch.tensor([1.0, 500.0, 777.25])
        y, g = network.coefficients(x), bump_basis(t, 4)
        wanted = torch.stack([sum(y[:, 4 * k + j] * g[:, j, None, None] for j in range(4)) for k in (0, 1)], dim=1)
        torch.testing.assert_close(network(x, t), wanted)

    def test_the_coefficients_never_see_t(self):
        network, x = small_network(), torch.randn(1, 1, 8, 8)
        first, second = (reference_activations_at(network, x, t) for t in (3.0, 900.0))
        for name in first:
            self.assertEqual(torch.equal(first[name], second[name]), name != "output", name)

    def test_a_fresh_network_is_the_forward_kernel(self):
        self.assertEqual(PaperNetwork(SMALL)(torch.randn(2, 1, 8, 8), torch.tensor([2.0, 9.0])).abs().max().item(), 0)

    def test_convolutions_at_rest_do_what_their_weights_say(self):
        """What a start without them leaves is what both pathways go on from."""
        network, x = small_network(), torch.randn(2, 1, 8, 8)
        with torch.no_grad():
            for layer in network.conv:  # as if they had been trained
                layer.weight.normal_(std=0.3)
                layer.bias.normal_(std=0.3)
        network.rest_convolutions()
        at_rest = network.coefficients(x)
        self.assertGreater(at_rest.abs().max().item(), 0.1)
        network.resting = False
        torch.testing.assert_close(network.coefficients(x), at_rest, rtol=0, atol=1e-6)

    def test_every_buffer_has_the_shape_that_the_core_expects(self):
        tensors = reference_activations(small_network())
        self.assertEqual(tensors["conv.3"].shape, (1, 8, 8, 6))
        self.assertEqual(tensors["dense.3"].shape, (1, 1, 1, 128))
        self.assertEqual(tensors["upper.1"].shape, (1, 8, 8, 8))
        self.assertEqual(tensors["output"].shape, (1, 8, 8, 2))


def reference_activations_at(network, x, t):
    network.record = True
    network(x, torch.tensor([t]))
    network.record = False
    return dict(network.activations)


class TrainerTest(InFolder):
    def train(self, steps, *options, out="run", launcher=()):
        command = [sys.executable, *launcher, f"{WEIGHTS}/train_paper_network.py", "--data", self.folder, "--out",
                   f"{self.folder}/{out}", "--steps", str(steps), "--batch", "4", "--threads", "1", "--float32", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_it_trains_goes_on_and_leaves_weights_that_sample(self):
        write_images(self.folder)
        self.train(2)
        self.assertIn("goes on from", self.train(4))
        model, metadata = read_model(f"{self.folder}/run/model.safetensors")
        self.assertEqual((metadata["architecture"], metadata["name"]), ("paper-2015", "mnist-2015"))
        prediction = prediction_of(metadata)
        self.assertIsInstance(prediction, Transition)
        self.assertGreater(model.upper[-1].weight.abs().max().item(), 0)
        images = sample(model, prediction, torch.zeros(2, dtype=torch.int64), torch.Generator().manual_seed(1),
                        num_steps=5)
        self.assertTrue(images.isfinite().all())

    def test_without_its_convolutions_two_processes_train_as_one_does(self):
        write_images(self.folder)
        for option in ("--dense-only", "--freeze-convolutions"):
            self.train(3, option, out="one" + option)
            self.train(3, option, out="two" + option, launcher=LAUNCHER)
            one, two = (read_model(f"{self.folder}/{out}{option}/model.safetensors")[0] for out in ("one", "two"))
            for (name, wanted), value in zip(one.named_parameters(), two.parameters()):
                torch.testing.assert_close(value, wanted, rtol=0, atol=1e-3, msg=name)  # float16, sums in another order
        fresh = PaperNetwork(PaperNetworkConfig()).conv[0].weight[:2]
        torch.testing.assert_close(two.conv[0].weight[:2], fresh)  # +x_t and -x_t, exact in float16

    def test_its_scale_gives_the_images_mean_0_and_variance_1(self):
        write_images(self.folder)
        self.train(0)
        _, metadata = read_model(f"{self.folder}/run/model.safetensors")
        from data import load_grey
        grey = load_grey(self.folder, "train")
        x = from_grey(grey, metadata).double()
        self.assertAlmostEqual(x.mean().item(), 0, delta=1e-5)  # six digits in the file
        self.assertAlmostEqual(x.var(unbiased=False).item(), 1, delta=1e-5)
        torch.testing.assert_close(to_grey(x.float(), metadata), grey, rtol=0, atol=1e-6)


if __name__ == "__main__":
    unittest.main()
