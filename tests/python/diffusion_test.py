"""The trainer's process side against golden numbers, closed forms and numerical integration."""

import math
import os
import sys
import unittest

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "weights"))

import bound  # noqa: E402
from predictions import MeanVariance  # noqa: E402
from diffusion import (ContinuousSchedule, cosine_alpha_bar, decoder_nll_nats, q_sample,  # noqa: E402
                       transition, v_target, variance_kl_nats)

DOUBLE = torch.float64


class ScheduleTest(unittest.TestCase):
    def setUp(self):
        self.alpha_bar = cosine_alpha_bar()

    def test_golden_values(self):
        """design anchors count from 0: their abar_999 is alpha_bar[1000], their beta_998 the beta of t = 999."""
        self.assertEqual(self.alpha_bar[0], 1)
        self.assertAlmostEqual(self.alpha_bar[1000] / 2.4287669e-9, 1, delta=1e-7)
        beta = 1 - self.alpha_bar[1:] / self.alpha_bar[:-1]
        self.assertAlmostEqual(beta[998], 0.7499993929, delta=1e-9)
        self.assertAlmostEqual(beta[999], 0.999, delta=1e-12)

    def test_between_the_rows_log_snr_is_linear(self):
        schedule = ContinuousSchedule(self.alpha_bar)
        times = torch.tensor([1.0, 7.0, 500.0, 1000.0])
        expected = torch.from_numpy(self.alpha_bar[[1, 7, 500, 1000]])
        torch.testing.assert_close(schedule(times), expected, rtol=1e-9, atol=0)
        log_snr = torch.logit(schedule(torch.tensor([20.0, 20.25, 21.0])))
        self.assertAlmostEqual(log_snr[1].item(), (0.75 * log_snr[0] + 0.25 * log_snr[2]).item(), delta=1e-9)


class TransitionTest(unittest.TestCase):
    def setUp(self):
        table = torch.from_numpy(cosine_alpha_bar())
        self.alpha_bar_t, self.alpha_bar_s = table[[2, 100, 700, 1000]], table[[1, 40, 699, 350]]

    def test_posterior_agrees_with_bayes_rule(self):
        """1 / beta_tilde = 1 / (1 - alpha_bar_s) + a / beta: precisions add up."""
        c0, c1, beta_tilde, beta = transition(self.alpha_bar_t, self.alpha_bar_s)
        a = self.alpha_bar_t / self.alpha_bar_s
        precision = 1 / (1 - self.alpha_bar_s) + a / beta
        torch.testing.assert_close(beta_tilde, 1 / precision, rtol=1e-9, atol=0)
        torch.testing.assert_close(c0, beta_tilde * self.alpha_bar_s.sqrt() / (1 - self.alpha_bar_s), rtol=1e-9, atol=0)
        torch.testing.assert_close(c1, beta_tilde * a.sqrt() / beta, rtol=1e-9, atol=0)

    def test_fixed_large_is_the_forward_variance(self):
        c0, _, beta_tilde, beta = transition(self.alpha_bar_t, self.alpha_bar_s)
        torch.testing.assert_close(beta_tilde + c0**2 * (1 - self.alpha_bar_t), beta, rtol=1e-9, atol=0)

    def test_the_marginal_of_x_s_comes_out(self):
        """Var(x_s | x_0) = beta_tilde + c1² (1 - alpha_bar_t) = 1 - alpha_bar_s; its mean is sqrt(alpha_bar_s) x_0."""
        c0, c1, beta_tilde, _ = transition(self.alpha_bar_t, self.alpha_bar_s)
        torch.testing.assert_close(beta_tilde + c1**2 * (1 - self.alpha_bar_t), 1 - self.alpha_bar_s, rtol=1e-9, atol=0)
        torch.testing.assert_close(c0 + c1 * self.alpha_bar_t.sqrt(), self.alpha_bar_s.sqrt(), rtol=1e-9, atol=0)


class BoundTest(unittest.TestCase):
    def test_kl_is_the_one_of_two_gaussians(self):
        alpha_bar_t, alpha_bar_s = torch.tensor([0.6], dtype=DOUBLE), torch.tensor([0.9], dtype=DOUBLE)
        x0, x0_hat, r = (torch.full((1, 1, 1, 1), value) for value in (0.3, -0.2, -1.5))
        c0, _, beta_tilde, _ = (value.item() for value in transition(alpha_bar_t, alpha_bar_s))
        p_var = beta_tilde + c0**2 * 0.4 * math.exp(-1.5)
        expected = 0.5 * (math.log(p_var / beta_tilde) + (beta_tilde + (c0 * 0.5) ** 2) / p_var - 1)
        found = variance_kl_nats(x0, x0_hat, r, alpha_bar_t, alpha_bar_s).item()
        self.assertAlmostEqual(found, expected, delta=1e-6)

    def test_decoder_is_the_integral_over_a_bin(self):
        mu, sigma, x0 = 0.11, 0.02, 100 / 127.5 - 1 + 0.3
        grid = np.linspace(x0 - 1 / 255, x0 + 1 / 255, 20001)
        density = np.exp(-0.5 * ((grid - mu) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
        expected = -math.log(np.trapz(density, grid))
        found = decoder_nll_nats(*(torch.tensor([value], dtype=DOUBLE) for value in (x0, mu, 2 * math.log(sigma))))
        self.assertAlmostEqual(found.item(), expected, delta=1e-6)

    def test_decoder_probabilities_sum_to_one(self):
        levels = torch.arange(256, dtype=DOUBLE) / 127.5 - 1
        nll = decoder_nll_nats(levels, torch.full_like(levels, -0.9), torch.full_like(levels, 2 * math.log(0.1)))
        self.assertAlmostEqual(torch.exp(-nll).sum().item(), 1, delta=1e-9)

    def test_a_perfect_v_gives_the_image_back(self):
        generator = torch.Generator().manual_seed(1)
        x0, eps = torch.rand(3, 1, 4, 4, generator=generator), torch.randn(3, 1, 4, 4, generator=generator)
        alpha_bar = torch.tensor([0.99, 0.5, 0.01], dtype=DOUBLE)
        raw = torch.cat([v_target(x0, alpha_bar, eps), torch.full_like(x0, 99)], dim=1)
        x0_hat, r = MeanVariance(1.0).mean_and_r(raw, q_sample(x0, alpha_bar, eps), alpha_bar)
        torch.testing.assert_close(x0_hat, x0, rtol=0, atol=1e-5)
        self.assertEqual(r.max().item(), 4)

    def test_totals_and_their_errors(self):
        t_all = torch.tensor([1, 1, 2, 2, 2])
        values = torch.tensor([1.0, 3.0, 2.0, 2.0, 5.0], dtype=DOUBLE)
        total, error = bound.total_and_error(values, t_all, num_images=10)
        self.assertAlmostEqual(total, 2 + 3)
        self.assertAlmostEqual(error, math.sqrt(2 / 2 + 3 / 3))

    def test_the_error_of_a_small_test_set_is_the_noise_alone(self):
        t_all = torch.tensor([1, 1, 1, 1, 2, 2])
        values = torch.tensor([1.0, 8.0, 3.0, 6.0, 2.0, 5.0], dtype=DOUBLE)  # t = 1: two images, two rounds
        _, error = bound.total_and_error(values, t_all, num_images=2)
        self.assertAlmostEqual(error, math.sqrt(2 / 4 + 4.5 / 2))
        spread = bound.spread_of_images(values, t_all, num_images=2)
        self.assertEqual(spread["last_t"], 1)
        self.assertAlmostEqual(spread["standard_error"], 2.5)  # means 2 and 7
        self.assertEqual(bound.spread_of_images(values, t_all, num_images=4), {})

    def test_a_small_test_set_is_seen_in_whole_rounds(self):
        t_all, image_all = bound.draw_terms(1000, 185, 1.0, torch.Generator().manual_seed(1))
        counts = torch.bincount(t_all, minlength=1001)[1:]
        self.assertEqual(counts[[0, 9, 10, 100]].tolist(), [22 * 185, 3 * 185, 50, 12])
        self.assertTrue((torch.bincount(image_all[: 22 * 185]) == 22).all())

    def test_every_term_gets_its_images(self):
        t_all, image_all = bound.draw_terms(1000, 10000, 1.0, torch.Generator().manual_seed(1))
        counts = torch.bincount(t_all, minlength=1001)[1:]
        self.assertEqual(counts[[0, 1, 9, 10, 99, 100, 999]].tolist(), [4000, 500, 500, 50, 50, 12, 12])
        self.assertEqual(len(set(image_all[:4000].tolist())), 4000)


if __name__ == "__main__":
    unittest.main()
