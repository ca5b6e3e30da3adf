"""The toys' trainers: exact answers, networks, files, and that training ascends the bound."""

import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import torch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TOYS = os.path.join(ROOT, "weights", "toys")
sys.path.insert(0, TOYS)

import bernoulli  # noqa: E402
import swiss_roll  # noqa: E402
import train_swiss_roll  # noqa: E402
from step_network import StepNetwork  # noqa: E402
from toy_file import read_toy, write_toy  # noqa: E402

PERCEPTRON = {"architecture": "perceptron", "activation": "tanh", "inputs": 2, "outputs": 4, "hidden": [8, 6],
              "num_steps": 40, "readouts": 40}


class BernoulliTest(unittest.TestCase):
    def test_posterior_averages_to_the_marginal(self):
        """Sum over x_t of q(x_t | x_0) q(x_{t-1} | x_t, x_0) is q(x_{t-1} | x_0)."""
        t = torch.tensor([2, 1000, 2000])
        for x0 in (0.0, 1.0):
            one = bernoulli.forward_kernel(x0, bernoulli.alpha_bar(t))
            ones, zeros = torch.ones(3, 1, 1), torch.zeros(3, 1, 1)
            found = one * bernoulli.q_posterior(ones, x0, t) + (1 - one) * bernoulli.q_posterior(zeros, x0, t)
            wanted = bernoulli.forward_kernel(x0, bernoulli.alpha_bar(t - 1))
            torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)  # float32

    def test_null_logits_walk_the_forward_kernel_backwards(self):
        t = torch.tensor([2, 500, 2000])
        x_t = torch.tensor([0.0, 1.0]).expand(3, 1, 2)
        found = bernoulli.reverse(x_t, torch.sigmoid(bernoulli.null_logits(x_t, t)), t)
        beta = (1 / (bernoulli.NUM_STEPS - t + 1))[:, None, None]
        torch.testing.assert_close(found, x_t * (1 - beta) + bernoulli.BASE_RATE * beta, atol=1e-5, rtol=0)

    def test_exact_answer_knows_a_clean_heartbeat(self):
        sequences = bernoulli.heartbeats()
        found = bernoulli.exact_x0_hat(sequences[None], torch.tensor([1]), sequences)
        torch.testing.assert_close(found[0], sequences, atol=1e-6, rtol=0)
        lost = bernoulli.exact_x0_hat(sequences[None], torch.tensor([2000]), sequences)
        torch.testing.assert_close(lost, torch.full_like(lost, 0.2))


class SwissRollTest(unittest.TestCase):
    def test_data_have_unit_variance(self):
        var = (swiss_roll.centres() ** 2).mean() + swiss_roll.THICKNESS**2
        self.assertAlmostEqual(var, 1, places=12)
        x0 = swiss_roll.sample((20000,), torch.Generator().manual_seed(1))
        self.assertAlmostEqual((x0**2).mean().item(), 1, delta=0.03)  # 4 standard errors of 20,000 points

    def test_exact_answer_is_bayes_rule(self):
        """By importance sampling: means over data weighted by q(x_t | x_0)."""
        x0 = swiss_roll.sample((400000,), torch.Generator().manual_seed(2)).double()
        alpha_bar, x_t = torch.tensor(0.8).double(), torch.tensor([0.5, -0.3]).double()
        weight = torch.softmax(-((x_t - alpha_bar.sqrt() * x0) ** 2).sum(-1) / (2 * (1 - alpha_bar)), 0)[:, None]
        mean = (weight * x0).sum(0)
        var = (weight * (x0 - mean) ** 2).sum(0)
        found = swiss_roll.exact_answer(x_t[None, None], alpha_bar[None, None, None])
        torch.testing.assert_close(found[0][0, 0], mean, atol=5e-3, rtol=0)  # about 30,000 points count
        torch.testing.assert_close(found[1][0, 0], var, atol=5e-3, rtol=0)

    def test_null_network_has_the_null_models_bound(self):
        """Twice: in closed form over x_0 given x_t, and against draws of x_0, which a fresh network allows."""
        network = StepNetwork(PERCEPTRON)
        alpha_bar = train_swiss_roll.Betas(swiss_roll.betas("cosine"), False).alpha_bar()
        with torch.no_grad():
            found = [train_swiss_roll.bound_bits(network, alpha_bar, 400, torch.Generator().manual_seed(seed)).item()
                     for seed in range(5)]
        # The forward kernel backwards has E ln p = E ln N(x_0; 0, I), for data of unit variance.
        self.assertAlmostEqual(np.mean(found), -4.0942, delta=4.5 * np.std(found, ddof=1) / np.sqrt(5) + 0.01)

    def test_learned_betas_start_where_they_should_and_keep_the_first(self):
        betas = train_swiss_roll.Betas(swiss_roll.betas("cosine"), True)
        np.testing.assert_allclose(betas.alpha_bar().detach().numpy(),
                                   np.concatenate([[1], np.cumprod(1 - swiss_roll.betas("cosine"))]), rtol=1e-12)
        bound = train_swiss_roll.bound_bits(StepNetwork(PERCEPTRON), betas.alpha_bar(), 4, torch.Generator())
        bound.backward()
        self.assertGreater(betas.logits.grad.abs().min().item(), 0)
        self.assertEqual([name for name, _ in betas.named_parameters()], ["logits"])


class FileTest(unittest.TestCase):
    def test_round_trip(self):
        for config in (PERCEPTRON, {**PERCEPTRON, "architecture": "radial-basis", "hidden": [5], "activation": "none"}):
            network = StepNetwork(config)
            torch.nn.init.normal_(network.readout_weight)
            alpha_bar = np.concatenate([[1], np.cumprod(1 - swiss_roll.betas("cosine"))])
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "toy.safetensors")
                write_toy(path, network, "toy", {"kind": "points", "dimensions": 2}, "v", {"family": "table"}, alpha_bar)
                again, metadata, beta = read_toy(path)
            self.assertEqual(again.config, config)
            self.assertEqual(metadata["name"], "toy")
            np.testing.assert_allclose(beta, swiss_roll.betas("cosine"), rtol=1e-6)
            x, t = torch.randn(3, 7, 2), torch.tensor([2, 20, 40])
            torch.testing.assert_close(again(x, t), network(x, t), atol=0.02, rtol=0.01)  # float16

    def test_readouts_are_interpolated(self):
        network = StepNetwork({**PERCEPTRON, "readouts": 2})
        torch.nn.init.normal_(network.readout_weight)
        x = torch.randn(1, 4, 2)
        first, middle, last = (network(x, torch.tensor([t])) for t in (1, 20.5, 40))
        torch.testing.assert_close(middle, (first + last) / 2)


class TrainingTest(unittest.TestCase):
    def train(self, program, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "toy.safetensors")
            command = [sys.executable, os.path.join(TOYS, program), "--out", path, *map(str, arguments)]
            subprocess.run(command, check=True, capture_output=True)
            return read_toy(path)

    def test_swiss_roll_ascends_the_bound(self):
        network, _, beta = self.train("train_swiss_roll.py", "--network", "radial-basis", "--steps", 120, "--draws", 16)
        alpha_bar = torch.from_numpy(np.concatenate([[1.0], np.cumprod(1 - beta.astype(np.float64))]))
        with torch.no_grad():
            bound = train_swiss_roll.bound_bits(network, alpha_bar, 200, torch.Generator().manual_seed(1)).item()
        self.assertGreater(bound, -3.9)  # from -4.09

    def test_a_learned_schedule_moves_all_but_its_first_beta(self):
        _, _, beta = self.train("train_swiss_roll.py", "--network", "radial-basis", "--learn-schedule", "--steps", 20,
                                "--draws", 16)
        fixed = swiss_roll.betas("cosine")
        self.assertAlmostEqual(beta[0], fixed[0], places=9)
        self.assertGreater(abs(beta[1:] / fixed[1:] - 1).min(), 0)

    def test_heartbeat_ascends_the_bound(self):
        network, metadata, _ = self.train("train_heartbeat.py", "--steps", 60)
        self.assertEqual((metadata["prediction"], metadata["num_steps"]), ("x0-logit", "2000"))
        self.assertGreater(network.readout_weight.abs().max().item(), 0)


if __name__ == "__main__":
    unittest.main()
