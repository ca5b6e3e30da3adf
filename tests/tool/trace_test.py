"""`undiffuse trace`: the arrays that NumPy reads obey the papers' formulas."""

import unittest

import numpy as np

from support import ToolTest, images_of, read_png

FIELDS = ("x_t", "x_hat", "output", "log_var", "x0_hat", "x0_var", "x0_hat_2", "eps_hat", "mu", "sigma", "z", "x_prev")
COLUMNS = ("t", "t_prev", "alpha_bar", "alpha_bar_hat", "alpha_bar_prev", "nfe")


class TraceTest(ToolTest):
    def trace(self, *arguments):
        self.succeed("trace", *arguments, "--out", self.path("trace.npz"))
        with np.load(self.path("trace.npz")) as file:
            return {name: file[name] for name in file}

    def test_shapes_and_types(self):
        trace = self.trace("--steps", 6)
        self.assertEqual(set(trace), {*FIELDS, *COLUMNS, "settings"})
        for name in FIELDS:
            self.assertEqual((trace[name].shape, trace[name].dtype), ((6, 28, 28, 1), np.float32))
        for name in COLUMNS:
            self.assertEqual(trace[name].shape, (6,))
        self.assertEqual(trace["settings"], "steps=6")
        self.assertEqual(self.files(), ["trace.npz"])

    def test_an_ancestral_step_is_the_formula(self):
        trace = self.trace("--steps", 8, "--clip", 0, "--guidance", 1)
        np.testing.assert_array_equal(trace["t"], np.arange(8, 0, -1) * 125)
        np.testing.assert_array_equal(trace["t_prev"], np.arange(7, -1, -1) * 125)
        np.testing.assert_array_equal(trace["nfe"], 1)
        self.assertEqual(trace["alpha_bar_prev"][-1], 1)
        a, s = (trace[name][:, None, None, None] for name in ("alpha_bar", "alpha_bar_prev"))
        c0, c1 = np.sqrt(s) * (1 - a / s) / (1 - a), np.sqrt(a / s) * (1 - s) / (1 - a)
        beta_tilde = (1 - a / s) * (1 - s) / (1 - a)
        x_t, x0_hat, x0_var = (trace[name].astype(np.float64) for name in ("x_t", "x0_hat", "x0_var"))
        sigma = np.sqrt(beta_tilde + c0**2 * x0_var)
        # Values below 6, products and sums of three float32 numbers.
        near = lambda name, wanted: np.testing.assert_allclose(trace[name], wanted, rtol=1e-5, atol=3e-6)
        near("mu", c0 * x0_hat + c1 * x_t)
        near("sigma", sigma)
        near("x_prev", trace["mu"] + trace["sigma"] * trace["z"].astype(np.float64))
        near("x0_hat", np.sqrt(a) * x_t - np.sqrt(1 - a) * trace["output"])
        near("x0_var", (1 - a) * np.exp(trace["log_var"].astype(np.float64)))
        np.testing.assert_array_equal(trace["x_t"][1:], trace["x_prev"][:-1])
        np.testing.assert_array_equal(trace["x_hat"], trace["x_t"])
        np.testing.assert_array_equal(trace["z"][-1], 0)

    def test_every_sampler_is_traced(self):
        for sampler in ("ddim", "edm-euler", "edm-heun", "dpm-solver-2m"):
            trace = self.trace("--steps", 5, "--sampler", sampler, "--schedule", "rho", "--churn", 3)
            np.testing.assert_array_equal(trace["t"][:-1], -1)
            self.assertTrue(all(np.isfinite(trace[name]).all() for name in FIELDS), sampler)
            churned = not np.array_equal(trace["x_hat"], trace["x_t"])
            self.assertEqual(churned, sampler.startswith("edm"), sampler)
            self.assertEqual(trace["x0_hat_2"].any(), sampler in ("edm-heun", "dpm-solver-2m"), sampler)

    def test_a_sample_of_a_batch_is_the_sheets(self):
        settings = ["--settings", "steps=4&class=each&seed=3"]
        self.succeed("sample", *settings, "--count", 6, "--out", self.path("sheet.png"))
        sheet = images_of(read_png(self.path("sheet.png"))[0])
        for sample in (0, 5):
            image = self.trace(*settings, "--sample", sample)["x_prev"][-1]
            levels = np.floor((image.clip(-1, 1) + 1) * np.float32(127.5) + np.float32(0.5))
            np.testing.assert_array_equal(levels, sheet[sample])

    def test_the_same_run_gives_the_same_bytes(self):
        for name in ("a.npz", "b.npz"):
            self.succeed("trace", "--steps", 2, "--out", self.path(name))
        self.assertEqual(self.read("a.npz"), self.read("b.npz"))


if __name__ == "__main__":
    unittest.main()
