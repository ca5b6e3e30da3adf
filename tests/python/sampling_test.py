"""Samplers against closed forms: for Gaussian data the best denoiser is known, and every sampler is an affine map.

Data N(m, v) per pixel: x_0 given x_t has precision 1/v + alpha_bar / (1 - alpha_bar). The flow without
noise keeps (x - sqrt(alpha_bar) m) / sqrt(alpha_bar v + 1 - alpha_bar).
"""

import math
import os
import sys
import unittest

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "weights"))

import bound  # noqa: E402
import sampling  # noqa: E402
from diffusion import cosine_alpha_bar, transition  # noqa: E402
from predictions import PREDICTIONS, Edm, Eps, MeanVariance  # noqa: E402

DOUBLE = torch.float64


def gaussian_denoiser(m, v, var=True):
    """The exact answer; var=False hides the variance, as a model without one does."""

    def denoise(x, alpha_bar):
        x0_var = 1 / (1 / v + alpha_bar / (1 - alpha_bar))
        x0_hat = x0_var * (m / v + alpha_bar.sqrt() * x / (1 - alpha_bar))
        return x0_hat, x0_var if var else 0 * x0_var

    return denoise


def moments(walk, denoise, points, draws=0):
    """Exact mean and variance of a sampler's image: it is affine in x_T and every z, each N(0, 1)."""

    def response(one):
        z = iter([float(one == i + 1) for i in range(draws)])
        return walk(denoise, torch.tensor(float(one == 0), dtype=DOUBLE), points, lambda: next(z))

    mean = response(None)
    return mean.item(), sum((response(i) - mean) ** 2 for i in range(draws + 1)).item()


def flow(x, m, v, start, end):
    """Where the noiseless flow takes x from one alpha_bar to another."""
    kept = (x - start.sqrt() * m) / (start * v + 1 - start).sqrt()
    return end.sqrt() * m + kept * (end * v + 1 - end).sqrt()


class MomentsTest(unittest.TestCase):
    M, V = 0.2, 0.25

    def test_ancestral_with_the_exact_variance_is_exact_at_any_number_of_steps(self):
        for steps in (1, 2, 3, 10):
            points = sampling.own_points(MeanVariance(0.5), steps)
            mean, var = moments(sampling.ancestral, gaussian_denoiser(self.M, self.V), points, steps - 1)
            # The last step gives the mean of x_0: what is missing is the variance of x_0 given the last x_t.
            left = 1 / (1 / self.V + points[-2] / (1 - points[-2])).item()
            # x_T starts from N(0, 1), not from the data at 2e-9 of signal: 5e-5 of its standard deviation.
            self.assertAlmostEqual(mean, self.M, delta=1e-4)
            self.assertAlmostEqual(var, self.V - left, delta=1e-4)

    def test_ancestral_without_a_variance_has_the_one_of_its_recursion(self):
        points = sampling.own_points(Eps(0.5), 7)
        _, var = moments(sampling.ancestral, gaussian_denoiser(self.M, self.V, var=False), points, 6)
        expected = 1.0
        for t, s in zip(points, points[1:]):
            c0, c1, beta_tilde, _ = (value.item() for value in transition(t, s))
            gain = (t.sqrt() / (1 - t) / (1 / self.V + t / (1 - t))).item()  # of x0_hat on x_t
            expected = (c0 * gain + c1) ** 2 * expected + (beta_tilde if s < 1 else 0)
        self.assertAlmostEqual(var, expected, delta=1e-12)

    def test_deterministic_samplers_have_the_moments_of_the_flow_in_the_limit(self):
        for name, steps, delta in (("ddim", 1000, 2e-3), ("dpm-solver-2m", 200, 2e-3), ("heun", 200, 2e-3)):
            sampler = sampling.SAMPLERS[name]
            denoise = gaussian_denoiser(self.M, self.V)
            mean, var = moments(sampler.walk, denoise, sampler.points(Edm(0.5), steps))
            self.assertAlmostEqual(mean, self.M, delta=delta, msg=name)
            self.assertAlmostEqual(var, self.V, delta=delta, msg=name)


class OrderTest(unittest.TestCase):
    """Halving the steps divides the error by 2 to the order; points are even in log SNR, away from its ends."""

    def error(self, walk, steps):
        log_snr = torch.linspace(-4, 1, steps + 1, dtype=DOUBLE)
        points, x = torch.sigmoid(log_snr), torch.tensor(1.3, dtype=DOUBLE)
        found = walk(gaussian_denoiser(0.2, 0.25), x, points, None)
        if walk is sampling.heun:
            found = found * points[-1].sqrt()  # it ends in EDM's x, which is the image only at no noise
        return (found - flow(x, 0.2, 0.25, points[0], points[-1])).abs().item()

    def test_orders(self):
        for walk, order in ((sampling.ddim, 1), (sampling.dpm_solver_2m, 2), (sampling.heun, 2)):
            ratio = self.error(walk, 200) / self.error(walk, 400)
            self.assertAlmostEqual(math.log2(ratio), order, delta=0.1, msg=walk.__name__)


class GoldenTest(unittest.TestCase):
    """Derived numbers: data N(0, 0.25), exact denoiser, levels 80 to 0.002 with rho = 7, from EDM's x = 80."""

    def run_from_80(self, walk, steps):
        levels = sampling.rho_levels(0.002, 80, steps)
        points = torch.cat([1 / (1 + levels**2), torch.ones(1, dtype=DOUBLE)])
        return walk(gaussian_denoiser(0.0, 0.25), 80 * points[0].sqrt(), points, None).item()

    def test_levels(self):
        levels = sampling.rho_levels(0.002, 80, 18)
        for i, value in ((0, 80.0), (1, 57.58598472124816), (9, 1.9233398370400518), (17, 0.002)):
            self.assertAlmostEqual(levels[i].item() / value, 1, delta=1e-12)

    def test_heun(self):
        for steps, value in ((5, 1.2578863076695737), (18, 0.527624637001047), (128, 0.5004301646406549)):
            self.assertAlmostEqual(self.run_from_80(sampling.heun, steps), value, delta=1e-10)

    def test_heun_does_not_correct_a_step_that_falls_too_far(self):
        calls = []
        denoise = gaussian_denoiser(0.0, 0.25)
        levels = sampling.rho_levels(0.002, 80, 3)
        points = torch.cat([1 / (1 + levels**2), torch.ones(1, dtype=DOUBLE)])
        sampling.heun(lambda x, t: (calls.append(t), denoise(x, t))[1], 80 * points[0].sqrt(), points, None)
        self.assertEqual(len(calls), 4)  # two, one from 2.5 to 0.002, one at the end

    def test_ddim_is_eulers_method(self):
        for steps, value in ((5, 0.23362893160807263), (18, 0.42303143640797725), (128, 0.4889226127358415)):
            self.assertAlmostEqual(self.run_from_80(sampling.ddim, steps), value, delta=1e-10)


class PointsTest(unittest.TestCase):
    def test_respacing(self):
        self.assertEqual(sampling.respaced_times(1000, 4), [1000, 750, 500, 250, 0])
        self.assertEqual(sampling.respaced_times(10, 4), [10, 8, 5, 3, 0])  # 7.5 and 2.5 go up
        self.assertEqual(sampling.respaced_times(1000, 1000), list(range(1000, -1, -1)))

    def test_every_walk_goes_from_noise_to_data_within_what_the_model_knows(self):
        for kind in PREDICTIONS.values():
            prediction = kind(0.5)
            for points_of in (sampling.own_points, sampling.rho_points):
                for steps in (1, 2, 50):
                    points = points_of(prediction, steps)
                    self.assertEqual(len(points), steps + 1)
                    self.assertEqual(points[-1].item(), 1)
                    self.assertTrue((points.diff() > 0).all())
                    self.assertGreaterEqual(points[0].item(), prediction.table[-1] * (1 - 1e-12))
                    self.assertLessEqual(points[-2].item(), prediction.table[1] * (1 + 1e-12))

    def test_budgets_are_kept_and_counted(self):
        model = GaussianModel(m=0.2, v=0.25)
        for name, sampler in sampling.SAMPLERS.items():
            # Heun's second of three steps falls too far to be corrected.
            for budget, nfe in ((5, 4 if name == "heun" else 5), (10, 9 if name == "heun" else 10)):
                steps = sampler.steps_within(budget)
                self.assertEqual(sampler.nfe(sampler.points(MeanVariance(1.0), steps)), nfe)
                model.calls = 0
                sampling.sample(model, MeanVariance(1.0), torch.tensor([0, 1]), torch.Generator().manual_seed(5),
                                sampler=name, num_steps=steps)
                self.assertEqual(model.calls, 2 * nfe, name)


class GaussianModel(torch.nn.Module):
    """Knows the exact answer for pixels that are N(m, v) independently: (v_hat, r) in closed form."""

    def __init__(self, m, v):
        super().__init__()
        self.m, self.v, self.calls = m, v, 0
        self.config = type("Config", (), {"channels_in": 1, "size": 16, "classes": 2})
        self.alpha_bar = torch.from_numpy(cosine_alpha_bar())

    def forward(self, x, t, label):
        self.calls += len(x)
        alpha_bar = self.alpha_bar[t.round().long()][:, None, None, None]
        signal, noise = alpha_bar.sqrt(), 1 - alpha_bar
        x0_var = 1 / (1 / self.v + alpha_bar / noise)
        x0_hat = x0_var * (self.m / self.v + signal * x.double() / noise)
        v_hat = (signal * x.double() - x0_hat) / noise.sqrt()
        return torch.cat([v_hat, torch.log(x0_var / noise).expand_as(v_hat)], dim=1).float()


class WholeSampleTest(unittest.TestCase):
    """With the exact answer and its variance every transition is exact, for any number of steps."""

    def test_moments_of_a_gaussian_in_three_steps(self):
        model = GaussianModel(m=0.2, v=0.25)
        labels = torch.zeros(64, dtype=torch.int64)
        x = sampling.sample(model, MeanVariance(1.0), labels, torch.Generator().manual_seed(5), num_steps=3, clip=False)
        # The last step gives the mean of x_0, whose variance lacks that of x_0 given x_t at t = 333.
        left = 1 / (1 / model.v + model.alpha_bar[333] / (1 - model.alpha_bar[333])).item()
        count = x.numel()
        self.assertAlmostEqual(x.mean().item(), 0.2, delta=5 * math.sqrt((0.25 - left) / count))  # 5 sigma: 6e-7
        self.assertAlmostEqual(x.var().item(), 0.25 - left, delta=5 * (0.25 - left) * math.sqrt(2 / count))

    def test_guidance_one_makes_no_second_call(self):
        model = GaussianModel(m=0.2, v=0.25)
        labels = torch.tensor([0, 1])
        for guidance, calls in ((1.0, 2 * 5), (2.0, 2 * 2 * 5)):
            model.calls = 0
            sampling.sample(model, MeanVariance(1.0), labels, torch.Generator().manual_seed(5), num_steps=5,
                            guidance=guidance)
            self.assertEqual(model.calls, calls)

    def test_the_bound_of_the_exact_model(self):
        """E KL = ½ [ln(1 + gV) + (1 + gv) / (1 + gV) - 1] with v the true x0_var, V the one used."""
        model = GaussianModel(m=0.0, v=0.25)
        alpha_bar = model.alpha_bar
        generator = torch.Generator().manual_seed(2)
        x0 = 0.5 * torch.randn(500, 1, 16, 16, generator=generator)
        times = (2, 50, 400)
        t_all = torch.tensor(times).repeat_interleave(500)
        image_all = torch.arange(500).repeat(3)
        labels = torch.zeros(500, dtype=torch.int64)
        eps_of = lambda t, image: torch.randn((len(t), 1, 16, 16), generator=generator)
        values = bound.bound_values(model, MeanVariance(1.0), x0, labels, t_all, image_all, alpha_bar, eps_of)
        for row, t in enumerate(times):
            c0, _, beta_tilde, _ = transition(alpha_bar[t], alpha_bar[t - 1])
            g = (c0**2 / beta_tilde).item()
            noise = 1 - alpha_bar[t].item()
            true_var = 1 / (1 / 0.25 + (1 - noise) / noise)
            for name, used in (("learned", true_var), ("fixed-small", 0.0), ("fixed-large", noise)):
                nats = 0.5 * (math.log1p(g * used) + (1 + g * true_var) / (1 + g * used) - 1)
                found = values[name][row * 500 :][:500].mean().item()
                # 128,000 squared normals: 0.4 % of standard error, and 2 % is five of them.
                self.assertAlmostEqual(found / (nats / math.log(2)), 1, delta=0.02, msg=f"{name} at t = {t}")


if __name__ == "__main__":
    unittest.main()
