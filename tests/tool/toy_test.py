"""`undiffuse toy`: the shipped toys reach their bars, and their numbers are PyTorch's."""

import json
import os
import sys
import unittest

import numpy as np
import torch

from support import ROOT, ToolTest, run

sys.path.insert(0, os.path.join(ROOT, "weights", "toys"))

import bernoulli  # noqa: E402
from toy_file import read_toy  # noqa: E402

POINTS = ("swiss-roll-radial-basis", "swiss-roll-perceptron", "swiss-roll-learned-schedule")


class ToyTest(ToolTest):
    def bound(self, model, *arguments):
        return json.loads(self.succeed("toy", "bound", model, "--json", *arguments))

    def run_of(self, model, *arguments):
        self.succeed("toy", "sample", model, "--out", self.path("run.npz"), *arguments)
        return np.load(self.path("run.npz"))

    def network(self, model):
        return read_toy(os.path.join(ROOT, "weights", "toys", f"{model}.safetensors"))

    # Bars with the estimates' errors at their side: 2 standard errors must fit in what is left.
    def test_swiss_rolls_reach_their_bars(self):
        for model, bar in zip(POINTS, (0.5, 0.05, 0.05)):
            found = self.bound(model, "--draws", 1200)
            self.assertAlmostEqual(found["null"], -4.0942, places=4)
            self.assertLessEqual(found["gap"]["standard_error"], 0.01)
            self.assertLess(found["gap"]["bits"] + 2 * found["gap"]["standard_error"], bar, model)
            self.assertGreater(found["gap"]["bits"], 0)
            self.assertLess(found["best"]["bits"], found["data"])

    def test_the_learned_schedule_allows_more_than_fixed_ones(self):
        learned = self.bound("swiss-roll-learned-schedule")["best"]
        limits = json.loads(self.succeed("toy", "limits", "--draws", 100, "--json"))
        at_40 = limits["T"].index(40)
        for family, row in limits["best"].items():
            fixed = row[at_40]
            error = fixed["standard_error"] + learned["standard_error"]
            self.assertGreater(learned["bits"], fixed["bits"] + 2 * error, family)
            # The quasi-static argument: smaller steps, better bound.
            self.assertGreater(row[-1]["bits"], row[0]["bits"] + 1)

    def test_the_heartbeat_reaches_its_bar(self):
        found = self.bound("heartbeat")
        self.assertAlmostEqual(found["data"], -np.log2(5), places=12)
        self.assertAlmostEqual(found["null"], -14.4386, places=4)  # -20 H2(0.2)
        self.assertLessEqual(found["bound"]["standard_error"], 0.003)
        self.assertGreater(found["bound"]["bits"] - found["bound"]["standard_error"], -2.385)
        # The best factorised transition, about -2.361 by an independent estimate of fewer draws.
        self.assertAlmostEqual(found["best"]["bits"], -2.361, delta=0.01)

    def test_nearly_all_heartbeats_are_heartbeats(self):
        text = self.succeed("toy", "sample", "heartbeat", "--count", 300, "--seed", 5)
        self.assertGreaterEqual(int(text.split()[0]), 297)

    def test_steps_of_points_are_pytorchs(self):
        for model in POINTS:
            kept = self.run_of(model, "--count", 50, "--steps", 14)
            network, _, beta = self.network(model)
            alpha_bar = np.concatenate([[1.0], np.cumprod(1 - beta.astype(np.float64))])
            np.testing.assert_allclose(kept["alpha_bar"], alpha_bar[kept["t"]], rtol=1e-12)
            for k in range(len(kept["t"]) - 2):
                t, s = kept["t"][k : k + 2]
                at, before, x = alpha_bar[t], alpha_bar[s], kept["x"][k]
                with torch.no_grad():
                    v, r = network(torch.from_numpy(x)[None], torch.tensor([t]))[0].double().chunk(2, dim=-1)
                x0_hat = np.sqrt(at) * x - np.sqrt(1 - at) * v.numpy()
                c0 = np.sqrt(before) * (1 - at / before) / (1 - at)
                mu = c0 * x0_hat + np.sqrt(at / before) * (1 - before) / (1 - at) * x
                var = (1 - at / before) * (1 - before) / (1 - at) + c0**2 * (1 - at) * np.exp(r.clamp(-14, 4).numpy())
                # float32 networks on both sides, whose sums of up to 128 products round differently
                np.testing.assert_allclose(kept["mu"][k], mu, atol=2e-5)
                np.testing.assert_allclose(kept["sigma"][k], np.sqrt(var), rtol=2e-4)

    def test_steps_of_bits_are_pytorchs(self):
        kept = self.run_of("heartbeat", "--count", 5)
        network, _, _ = self.network("heartbeat")
        self.assertEqual(kept["x"].shape, (2001, 5, 20))
        for k in range(0, 1999, 97):
            t, x = torch.tensor([kept["t"][k]]), torch.from_numpy(kept["x"][k])[None]
            with torch.no_grad():
                x0_hat = torch.sigmoid(bernoulli.null_logits(x, t) + network(2 * x - 1, t))
            f_b = bernoulli.reverse(x, x0_hat, t)[0].numpy()
            np.testing.assert_allclose(kept["chance"][k], f_b, atol=2e-5)

    def test_text_says_the_same(self):
        wanted = self.bound("swiss-roll-perceptron", "--draws", 20)
        rows = {line.split("  ")[0]: line.split()[-2:] for line in
                self.succeed("toy", "bound", "swiss-roll-perceptron", "--draws", 20).splitlines()[1:]}
        self.assertEqual(rows["K"], [f"{wanted['bound']['bits']:.4f}", f"{wanted['bound']['standard_error']:.4f}"])

    def test_refuses_with_a_sentence(self):
        for arguments, words in ((("bound", "nothing"), "There is no model 'nothing'"),
                                 (("bound", "heartbeat", "--steps", 2001), "--steps: this model has 2000."),
                                 (("sample", "heartbeat", "--count", 0), "--count"),
                                 ((), "subcommand")):
            code, out, err = run("toy", *arguments)
            self.assertEqual((code, out), (2, ""))
            self.assertIn(words, err)


if __name__ == "__main__":
    unittest.main()
