"""Every prediction against its definition: targets turn back into x_0, EDM's preconditioning has unit variances."""

import json
import math
import os
import sys
import unittest

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "weights"))

from diffusion import q_sample  # noqa: E402
from predictions import PREDICTIONS, Edm, Eps, prediction_of  # noqa: E402

SIGMA_DATA = 0.6


def draw_images(count, seed=1):
    return SIGMA_DATA * torch.randn(count, 1, 4, 4, generator=torch.Generator().manual_seed(seed))


class EveryPredictionTest(unittest.TestCase):
    def each(self):
        return [kind(SIGMA_DATA) for kind in PREDICTIONS.values()]

    def test_its_target_turns_back_into_the_image(self):
        for prediction in self.each():
            draws = prediction.draw(draw_images(50), torch.Generator().manual_seed(2))
            x0, alpha_bar, eps = draw_images(50), draws["alpha_bar"], draws["eps"]
            x_t = q_sample(x0, alpha_bar, eps)
            x0_hat = prediction.to_x0(prediction.target(x0, alpha_bar, eps), x_t, alpha_bar)
            # eps divides float32's rounding of x_t by sqrt(alpha_bar), at least 0.006 on the linear schedule.
            torch.testing.assert_close(x0_hat, x0, rtol=0, atol=2e-4 if prediction.name == "eps" else 1e-5)

    def test_the_answer_splits_the_output_and_says_its_variance(self):
        for prediction in self.each():
            x0, alpha_bar = draw_images(2), torch.tensor([0.7, 0.2], dtype=torch.float64)
            eps = draw_images(2, seed=5)
            raw = prediction.target(x0, alpha_bar, eps)
            learned = prediction.images_out == 2
            raw = torch.cat([raw, torch.full_like(raw, -1)], dim=1) if learned else raw
            x0_hat, x0_var = prediction.answer(raw, q_sample(x0, alpha_bar, eps), alpha_bar)
            torch.testing.assert_close(x0_hat, x0, rtol=0, atol=1e-5)
            wanted = [0.3 * math.exp(-1), 0.8 * math.exp(-1)] if learned else [0.0, 0.0]
            torch.testing.assert_close(x0_var[:, 0, 0, 0], torch.tensor(wanted))

    def test_training_draws_the_network_time_of_its_noise(self):
        for prediction in self.each():
            draws = prediction.draw(draw_images(2000), torch.Generator().manual_seed(3))
            torch.testing.assert_close(prediction.model_t(draws["alpha_bar"]), draws["t"], rtol=1e-9, atol=1e-6)
            self.assertGreaterEqual(draws["t"].min().item(), 1)
            self.assertLessEqual(draws["t"].max().item(), 1000)

    def test_beyond_its_schedule_the_time_is_clamped(self):
        for prediction in self.each():
            outside = torch.tensor([1 - 1e-9, 1e-12], dtype=torch.float64)
            self.assertEqual(prediction.model_t(outside).tolist(), [1, 1000])

    def test_the_loss_of_the_target_itself_is_nothing(self):
        for prediction in self.each():
            x0 = draw_images(8)
            draws = prediction.draw(x0, torch.Generator().manual_seed(4))
            raw = prediction.target(x0, draws["alpha_bar"], draws["eps"])
            raw = torch.cat([raw] * prediction.images_out, dim=1)
            x_t = q_sample(x0, draws["alpha_bar"], draws["eps"])
            first = next(iter(prediction.losses(raw, x0, x_t, draws).values()))
            self.assertEqual(first.item(), 0)
            first = next(iter(prediction.losses(raw + 0.5, x0, x_t, draws).values()))
            self.assertAlmostEqual(first.item(), 0.25, delta=1e-6)

    def test_the_file_names_it(self):
        for prediction in self.each():
            metadata = {**prediction.metadata, "sigma_data": "0.6"}
            self.assertIs(type(prediction_of(metadata)), type(prediction))
            json.dumps(prediction.schedule)
        with self.assertRaisesRegex(SystemExit, "score"):
            prediction_of({"prediction": "score", "variance": "none", "num_steps": "1000", "sigma_data": "1"})


class EpsTest(unittest.TestCase):
    def test_its_schedule_is_the_published_linear_one(self):
        table = Eps(SIGMA_DATA).table
        self.assertEqual(table[0], 1)
        self.assertAlmostEqual(table[1], 1 - 1e-4, delta=1e-15)
        self.assertAlmostEqual(table[1000] / 4.0358297653757e-5, 1, delta=1e-9)


class EdmTest(unittest.TestCase):
    """Karras et al. 2022, table 1 and appendix B.6, in their own terms x = x_t / sqrt(alpha_bar)."""

    def setUp(self):
        self.edm = Edm(SIGMA_DATA)
        self.noise_level = torch.tensor([0.002, 0.05, 1.0, 7.0, 80.0], dtype=torch.float64)
        self.alpha_bar = 1 / (1 + self.noise_level**2)

    def test_preconditioning_is_the_papers(self):
        x, output = torch.full((5, 1, 1, 1), 1.3), torch.full((5, 1, 1, 1), -0.4)
        s, d = self.noise_level, SIGMA_DATA
        x_t = x * self.alpha_bar.sqrt().float()[:, None, None, None]
        c_in, c_skip, c_out = 1 / (s**2 + d**2).sqrt(), d**2 / (s**2 + d**2), s * d / (s**2 + d**2).sqrt()
        found = self.edm.to_x0(output, x_t, self.alpha_bar)[:, 0, 0, 0].double()
        torch.testing.assert_close(found, c_skip * 1.3 + c_out * -0.4, rtol=1e-5, atol=1e-6)
        found = self.edm.scale_input(x_t, self.alpha_bar)[:, 0, 0, 0].double()
        torch.testing.assert_close(found, c_in * 1.3, rtol=1e-5, atol=1e-6)

    def test_input_and_target_have_unit_variance(self):
        """What c_in, c_skip and c_out are chosen for (appendix B.6, eq. 114 to 117)."""
        x0, eps = draw_images(20000), draw_images(20000, seed=7) / SIGMA_DATA
        for alpha_bar in self.alpha_bar:
            level = alpha_bar.expand(20000)
            seen = self.edm.scale_input(q_sample(x0, level, eps), level)
            target = self.edm.target(x0, level, eps)
            for value in (seen, target):  # 320,000 normals: the variance's error is 0.25 %, and 1.5 % six of it
                self.assertAlmostEqual(value.square().mean().item(), 1, delta=0.015)

    def test_the_loss_is_edms(self):
        """lambda(sigma) |D - x0|² with lambda = (sigma² + sigma_data²) / (sigma sigma_data)²."""
        x0, eps, output = draw_images(5), draw_images(5, seed=7) / SIGMA_DATA, draw_images(5, seed=9)
        x_t = q_sample(x0, self.alpha_bar, eps)
        weight = (self.noise_level**2 + SIGMA_DATA**2) / (self.noise_level * SIGMA_DATA) ** 2
        squared = (self.edm.to_x0(output, x_t, self.alpha_bar) - x0).double().square().mean(dim=(1, 2, 3))
        expected = (weight * squared)[1:].mean().item()  # not the smallest noise: c_out there is float32's rounding
        draws = {"alpha_bar": self.alpha_bar[1:], "eps": eps[1:]}
        found = self.edm.losses(output[1:], x0[1:], x_t[1:], draws)["edm mse"].item()
        self.assertAlmostEqual(found / expected, 1, delta=1e-4)

    def test_the_network_time_is_affine_in_c_noise(self):
        c_noise = self.noise_level.log() / 4
        low, high = math.log(0.002) / 4, math.log(80) / 4
        expected = 1000 * (c_noise - low) / (high - low)
        found = self.edm.model_t(self.alpha_bar)
        torch.testing.assert_close(found[1:], expected[1:], rtol=0, atol=1e-6)
        self.assertEqual(found[0].item(), 1)

    def test_noise_is_drawn_log_normally(self):
        alpha_bar = self.edm.draw(draw_images(20000), torch.Generator().manual_seed(3))["alpha_bar"]
        log_noise_level = 0.5 * torch.log((1 - alpha_bar) / alpha_bar)
        self.assertAlmostEqual(log_noise_level.mean().item(), -1.2, delta=5 * 1.2 / math.sqrt(20000))
        self.assertAlmostEqual(log_noise_level.std().item(), 1.2, delta=5 * 1.2 / math.sqrt(40000))


if __name__ == "__main__":
    unittest.main()
