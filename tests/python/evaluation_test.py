"""What judges samples: the Fréchet distance, distances to training images, cards and charts."""

import json
import hashlib
import math
import os
import sys
import tempfile
import unittest
import xml.etree.ElementTree
import zlib

import numpy as np
import torch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "weights"))

import card  # noqa: E402
import chart  # noqa: E402
import memorisation  # noqa: E402
from classifier import Classifier, look_at  # noqa: E402
from contact_sheet import write_contact_sheet  # noqa: E402
from data import Dataset  # noqa: E402
from export import read_model  # noqa: E402
from evaluate import CHOICES  # noqa: E402
from frechet import frechet_distance, frechet_with_error, moments  # noqa: E402
from predictions import Edm  # noqa: E402
import quality  # noqa: E402
from quality import NFES, measure_quality  # noqa: E402
import table1  # noqa: E402
from unet import UNet, UNetConfig  # noqa: E402

DOUBLE = torch.float64


class FrechetTest(unittest.TestCase):
    def test_of_axis_aligned_gaussians(self):
        """|m_a - m_b|² + sum of (sd_a - sd_b)²."""
        a = torch.tensor([1.0, 2.0], dtype=DOUBLE), torch.diag(torch.tensor([4.0, 9.0], dtype=DOUBLE))
        b = torch.tensor([1.0, 0.0], dtype=DOUBLE), torch.diag(torch.tensor([1.0, 25.0], dtype=DOUBLE))
        self.assertAlmostEqual(frechet_distance(a, b), 4 + 1 + 4, delta=1e-9)

    def test_of_covariances_that_do_not_commute(self):
        """In two dimensions tr((C_a C_b)^½) = sqrt(tr(C_a C_b) + 2 sqrt(det(C_a C_b)))."""
        cov_a = torch.tensor([[2.0, 0.7], [0.7, 1.0]], dtype=DOUBLE)
        cov_b = torch.tensor([[0.5, -0.2], [-0.2, 3.0]], dtype=DOUBLE)
        product = cov_a @ cov_b
        shared = math.sqrt(product.trace() + 2 * math.sqrt(torch.linalg.det(product)))
        zero = torch.zeros(2, dtype=DOUBLE)
        expected = (cov_a.trace() + cov_b.trace()).item() - 2 * shared
        self.assertAlmostEqual(frechet_distance((zero, cov_a), (zero, cov_b)), expected, delta=1e-9)

    def test_a_set_is_at_no_distance_from_itself_even_where_it_is_flat(self):
        features = torch.randn(20, 30, generator=torch.Generator().manual_seed(1))  # fewer images than features
        self.assertAlmostEqual(frechet_distance(moments(features), moments(features)), 0, delta=1e-6)

    def test_weights_count_as_copies_do(self):
        features = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
        copies = torch.tensor([1, 2, 1, 3, 1])
        copied = features.repeat_interleave(copies, dim=0)
        for found, expected in zip(moments(features, copies.double()), moments(copied)):
            torch.testing.assert_close(found, expected)

    def test_the_jackknife_knows_the_error_of_a_mean(self):
        """One feature of fixed variance, far from the reference: the distance is (m - m_b)² + small, and so its
        standard error 2 |m - m_b| sd / sqrt(N)."""
        generator = torch.Generator().manual_seed(1)
        reference = torch.zeros(1, dtype=DOUBLE), torch.ones(1, 1, dtype=DOUBLE)
        found = [frechet_with_error(100 + torch.randn(1000, 1, generator=generator), reference)[1] for _ in range(50)]
        # Ten groups: each error is good to 24 %, the mean of 50 to 3.4 %; 17 % is five of those.
        self.assertAlmostEqual(sum(found) / 50 / (2 * 100 / math.sqrt(1000)), 1, delta=0.17)


class QualityTest(unittest.TestCase):
    def test_every_sampler_is_measured_at_every_budget(self):
        torch.manual_seed(1)
        config = UNetConfig(channels_out=1, size=8, widths=[8], embedding=16, groups=4, classes=3)
        images = Dataset(torch.rand(40, 1, 8, 8) * 2 - 1, torch.arange(40) % 3, ["a", "b", "c"])
        found = measure_quality(UNet(config).eval(), Edm(0.5), Classifier(1, 8, 3), images, images, count=40)
        self.assertEqual([row["budget"] for row in found["rows"]], list(NFES) * 4)
        for row in found["rows"]:
            self.assertGreater(row["frechet"], 0)
            self.assertLessEqual(row["nfe"], row["budget"])
        self.assertLess(found["floor"]["frechet"], min(row["frechet"] for row in found["rows"]))

    def test_a_thousand_steps_are_a_row_of_their_own(self):
        draw = lambda sampler, num_steps: (sampler, num_steps)
        judge = lambda drawn: {"frechet": 1.0, "standard_error": 0.1, "drawn": drawn}
        row = quality.quality_row("ancestral", 1000, Edm(0.5), draw, judge)
        self.assertEqual((row["drawn"], row["nfe"]), (("ancestral", 1000), 1000))

    def test_guided_choices_stay_within_forty_calls_or_are_the_page_s_fifty_steps(self):
        for choices in CHOICES.values():
            self.assertEqual({choice.nfe for choice in choices}, {50, 100, 40} if len(choices) > 3 else {50, 40})

    def test_the_classifier_reads_its_own_features(self):
        torch.manual_seed(1)
        classifier, images = Classifier(3, 32, 10), torch.randn(7, 3, 32, 32)
        features, seen = look_at(classifier, images)
        self.assertEqual(tuple(features.shape), (7, 128))
        self.assertEqual(seen.tolist(), classifier(images).argmax(dim=1).tolist())


class MemorisationTest(unittest.TestCase):
    def setUp(self):
        generator = torch.Generator().manual_seed(1)
        images = torch.ones(60, 3, 12, 12)
        images[:, :, 3:9, 3:9] = torch.rand(60, 3, 6, 6, generator=generator) * 2 - 1
        label = torch.zeros(60, dtype=torch.int64)
        self.train = Dataset(images[:40], label[:40], ["a"], torch.ones(40))
        self.test = Dataset(images[40:50], label[:10], ["a"], torch.ones(10))
        self.fresh = images[50:]

    def test_shifted_copies_are_found_out(self):
        copies = torch.roll(self.train.x0[5:15], (2, -1), dims=(2, 3))
        result, which = memorisation.compare(copies, self.train, self.test)
        self.assertEqual(which.tolist(), list(range(5, 15)))
        self.assertLess(result["median_distance"], 1e-3)
        self.assertEqual(result["nearer_than_95_percent_of_test"], 1)

    def test_new_images_are_as_far_as_held_out_ones(self):
        result, _ = memorisation.compare(self.fresh, self.train, self.test)
        self.assertAlmostEqual(result["median_distance"] / result["median_distance_of_test"], 1, delta=0.1)
        self.assertLess(result["nearer_than_95_percent_of_test"], 0.6)

    def test_distances_are_root_mean_squares(self):
        distance, _ = memorisation.nearest(torch.full((1, 1, 6, 6), 1.0), torch.full((1, 1, 6, 6), 0.5))
        self.assertAlmostEqual(distance.item(), 0.5, delta=1e-6)

    def test_quantiles_weigh(self):
        values, weight = torch.tensor([3.0, 1.0, 2.0]), torch.tensor([1.0, 1.0, 2.0])
        self.assertEqual([memorisation.quantile(values, weight, share) for share in (0.1, 0.5, 0.8)], [1, 2, 3])


class ContactSheetTest(unittest.TestCase):
    def pixels(self, images, channels):
        with tempfile.TemporaryDirectory() as folder:
            write_contact_sheet(f"{folder}/sheet.png", images, columns=2, enlarge=1, gap=1)
            with open(f"{folder}/sheet.png", "rb") as file:
                content = file.read()
        width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
        start = content.index(b"IDAT") + 4
        rows = np.frombuffer(zlib.decompress(content[start:]), np.uint8).reshape(height, 1 + width * channels)
        self.assertEqual(content[25], {1: 0, 3: 2}[channels])  # PNG's colour type
        self.assertFalse(rows[:, 0].any())
        return rows[:, 1:].reshape(height, width, channels)

    def test_images_stand_where_they_belong_in_grey_and_in_colour(self):
        for channels in (1, 3):
            images = np.zeros((3, channels, 2, 2), np.float32)
            images[2, -1, 1, 0] = 1  # lower left pixel, last channel
            found = self.pixels(images, channels)
            self.assertEqual(found.shape, (7, 7, channels))
            self.assertEqual(found[5, 1].tolist(), [128] * (channels - 1) + [255])
            self.assertEqual(found[4, 4].tolist(), [96] * channels)  # the fourth image is missing


def made_up_result(name, data):
    rows = [{"sampler": sampler, "budget": budget, "nfe": budget, "frechet": 100 / budget + i, "standard_error": 0.1,
             "read_right": 0.9} for i, sampler in enumerate(chart.SAMPLERS) for budget in NFES]
    floor = {"frechet": 0.5, "standard_error": 0.05, "read_right": 0.99}
    return {"name": name, "data": data, "bytes": 1000, "parameters": 400, "sha256": "ab", "seed": 1,
            "precision": "bfloat16", "readings": [], "quality": {"images": 2000, "floor": floor, "rows": rows}}


class ChartTest(unittest.TestCase):
    RESULTS = [made_up_result("digits-v", "digits"), made_up_result("digits-eps", "digits"),
               made_up_result("faces-edm", "faces")]

    def test_a_panel_for_each_model_with_every_point_inside(self):
        root = xml.etree.ElementTree.fromstring(chart.chart(self.RESULTS))
        tag = lambda name: root.findall(f"{{http://www.w3.org/2000/svg}}{name}")
        self.assertEqual(len(tag("polyline")), 3 * len(chart.SAMPLERS))
        frames = [{key: float(frame.get(key)) for key in ("x", "y", "width", "height")} for frame in tag("rect")[1:]]
        self.assertEqual(len(frames), 3)
        for circle in tag("circle"):
            x, y = float(circle.get("cx")), float(circle.get("cy"))
            self.assertTrue(any(f["x"] < x < f["x"] + f["width"] and f["y"] < y < f["y"] + f["height"] for f in frames))
        words = [text.text for text in tag("text")]
        for result in self.RESULTS:
            self.assertIn(result["name"], words)

    def test_the_table_says_what_was_measured(self):
        lines = chart.quality_table(self.RESULTS)
        numbers = "20.00 ± 0.10 | 10.00 ± 0.10 | 5.00 ± 0.10 | 2.00 ± 0.10"
        self.assertIn(f"| [digits-v](digits-v.md) | Ancestral | {numbers} |", lines)
        self.assertIn("| digits: training images |  | 0.50 ± 0.05 |  |  |  |", lines)
        self.assertEqual({line.count("|") for line in lines}, {7})

    def test_axes_are_logarithmic(self):
        axis = chart.Axis(1, 100, 10, 200)
        self.assertEqual([axis(1), axis(10), axis(100)], [10, 110, 210])
        self.assertEqual(chart.ticks(0.4, 25), [0.5, 1, 2, 5, 10, 20])


class CardTest(unittest.TestCase):
    def test_only_what_stands_between_the_marks_changes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/card.md"
            with open(path, "w") as file:
                file.write(f"before\n{card.BEGIN.format('x')}\nold\n{card.END}\nafter\n")
            card.fill_between(path, "x", "new\n")
            with open(path) as file:
                self.assertEqual(file.read(), f"before\n{card.BEGIN.format('x')}\nnew\n{card.END}\nafter\n")
            with open(path, "a") as file:
                file.write(f"{card.BEGIN.format('z')}\n{card.END}\nend\n")
            card.fill_between(path, "z", "second\n")
            with open(path) as file:
                self.assertTrue(file.read().endswith(f"new\n{card.END}\nafter\n{card.BEGIN.format('z')}\nsecond\n"
                                                     f"{card.END}\nend\n"))
            with self.assertRaisesRegex(SystemExit, "has no lines"):
                card.fill_between(path, "y", "new\n")

    def test_every_part_that_was_measured_is_in_the_block(self):
        result = made_up_result("emoji-v", "emoji")
        result["memorisation"] = {"samples": 10, "nearer_than_half_of_test": 0.5, "median_distance": 0.2,
                                  "nearer_than_95_percent_of_test": 0.1, "median_distance_of_test": 0.3}
        result["classifier_accuracy"] = 0.99
        result["readings"] = [{"guidance": 1.5, "variance": "fixed-small", "sampler": "ddim", "steps": 20, "nfe": 40,
                               "samples": 100, "share_read_right": 0.98, "standard_error": 0.014,
                               "by_class": [0.97, 0.99]}]
        result["quality"]["thousand_ancestral_steps"] = {"frechet": 1.5, "standard_error": 0.1}
        block = card.card_block(result)
        for part in ("| DDIM | 40 | 1.5 | fixed-small | 98.00% ± 1.40% | 97.0% |", "steps: 1.50 ± 0.10.",
                     "1,000 bytes", "2,000 training images score 0.50 ± 0.05", "| DDIM | 21.00 ± 0.10 |",
                     "Of 10 samples 50.0%"):
            self.assertIn(part, block)
        self.assertNotIn("bound", block)
        del result["readings"]
        self.assertIn("a separately trained classifier (99.00% right on the test images)", card.card_block(result))
        del result["quality"]
        self.assertNotIn("training images score", card.card_block(result))


class CommittedNumbersTest(unittest.TestCase):
    """Numbers, weights, chart and table in the repository belong together."""

    def test_each_json_is_of_the_weights_beside_it(self):
        for result in chart.load_results():
            path = os.path.join(ROOT, "weights", result["name"] + ".safetensors")
            with open(path, "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).hexdigest(), result["sha256"], result["name"])
            self.assertEqual(read_model(path)[1]["name"], result["name"])

    def test_chart_and_table_are_drawn_from_the_jsons(self):
        results = chart.judged(chart.load_results())
        if not results:
            self.skipTest("no model is evaluated yet")
        with open(os.path.join(ROOT, "weights", "quality.svg"), encoding="utf-8") as file:
            self.assertEqual(file.read(), chart.chart(results), "run weights/chart.py")
        with open(os.path.join(ROOT, "weights", "README.md"), encoding="utf-8") as file:
            self.assertIn(chart.readme_block(results), file.read(), "run weights/chart.py")

    def test_dead_leaves_row_is_of_the_json(self):
        with open(os.path.join(ROOT, "docs", "paper.md"), encoding="utf-8") as file:
            self.assertIn(table1.block(), file.read(), "run weights/table1.py")


if __name__ == "__main__":
    unittest.main()
