"""`undiffuse inpaint`, `denoise` and `coarse`: what is known stays, what is not is drawn."""

import unittest

import numpy as np
from PIL import Image

from support import ToolTest, chunks_of, images_of, read_png

SIZE = 28


class PosteriorTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.succeed("sample", "--class", 7, "--steps", 20, "--out", self.path("seven.png"))
        self.seven = images_of(read_png(self.path("seven.png"))[0])[0]

    def sheet(self, command, *arguments, image="seven.png"):
        self.succeed(command, "--image", self.path(image), "--class", 7, "--steps", 20, "--images", 4, *arguments,
                     "--out", self.path("out.png"))
        return images_of(self.levels("out.png"))

    def levels(self, name):
        picture = np.asarray(Image.open(self.path(name)))
        return picture[:, :, None] if picture.ndim == 2 else picture

    def test_the_known_half_stays_and_the_other_is_drawn(self):
        for flags in ([], ["--clean"]):
            given, *samples = self.sheet("inpaint", "--missing", "bottom", *flags)
            np.testing.assert_array_equal(given[: SIZE // 2], self.seven[: SIZE // 2])
            self.assertEqual(set(given[SIZE // 2 :].ravel()), {128})  # mid-grey
            for sample in samples:
                self.assertLessEqual(np.abs(sample[: SIZE // 2] - self.seven[: SIZE // 2]).max(), 1)
            self.assertEqual(len(np.unique([sample[SIZE // 2 :] for sample in samples], axis=0)), 4)

    def test_a_mask_is_black_where_the_picture_is_missing(self):
        mask = np.full((SIZE, SIZE), 255, np.uint8)
        mask[:, : SIZE // 2] = 0
        Image.fromarray(mask).save(self.path("mask.png"))
        by_mask = self.sheet("inpaint", "--mask", self.path("mask.png"))
        np.testing.assert_array_equal(by_mask, self.sheet("inpaint", "--missing", "left"))

    def test_denoised_images_are_nearer_to_the_clean_one(self):
        distance = lambda image: np.sqrt(np.mean((image - self.seven) ** 2))
        for flags in ([], ["--perturbed"]):
            noisy, *samples = self.sheet("denoise", "--noise", 0.4, *flags)
            for sample in samples:
                self.assertLess(distance(sample), 0.7 * distance(noisy), flags)
            self.assertEqual(len(np.unique(samples, axis=0)), 4)

    def test_a_noisy_picture_gets_no_more_noise(self):
        given, *_ = self.sheet("denoise", "--noise", 0.4, "--noisy")
        np.testing.assert_array_equal(given, self.seven)

    def test_a_coarse_picture_is_what_the_samples_look_like_from_afar(self):
        cells = lambda image: image.reshape(4, 7, 4, 7, -1).mean(axis=(1, 3, 4))
        target = cells(self.seven.astype(float))
        distances = {}
        for strength in (0.05, 1):
            coarse, *samples = self.sheet("coarse", "--strength", strength)
            self.assertLess(np.abs(coarse - np.repeat(np.repeat(target, 7, 0), 7, 1)[:, :, None]).max(), 1)
            distances[strength] = np.mean([np.abs(cells(sample.astype(float)) - target).mean() for sample in samples])
        self.assertLess(distances[1], 0.5 * distances[0.05])

    def test_the_sheet_holds_its_settings_and_its_evidence(self):
        self.sheet("inpaint", "--missing", "bottom")
        texts = dict(body.split(b"\0") for kind, body in chunks_of(self.read("out.png")) if kind == b"tEXt")
        self.assertEqual(texts[b"undiffuse"], b"class=7&steps=20&images=4")
        way, height, width, channels, _, image, known = texts[b"undiffuse evidence"].decode().split()
        self.assertEqual((way, height, width, channels), ("known-renoised", "28", "28", "1"))
        half = SIZE * SIZE // 2
        self.assertEqual(known, "1" * half + "0" * half)
        values = np.frombuffer(bytes.fromhex(image), ">f4").reshape(SIZE, SIZE)
        np.testing.assert_allclose(values, self.seven[:, :, 0] / 127.5 - 1, atol=1e-6)  # float32

    def test_pictures_that_do_not_fit_are_refused(self):
        Image.fromarray(np.zeros((30, 20), np.uint8)).save(self.path("odd.png"))
        with open(self.path("text.png"), "w") as file:
            file.write("no picture")
        for name, sentence in (("odd.png", "20 x 30 pixels, the model's have 28 x 28"), ("text.png", "no PNG that can")):
            for command in ("inpaint", "denoise", "coarse"):
                self.refused(sentence, command, "--image", self.path(name), "--out", self.path("out.png"))
        self.refused("--noise", "denoise", "--image", self.path("seven.png"), "--noise", 0, "--out", self.path("o.png"))


if __name__ == "__main__":
    unittest.main()
