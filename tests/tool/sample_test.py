"""`undiffuse sample`: the session's pictures, whatever the count and the threads."""

import os
import subprocess
import unittest

import numpy as np

from support import ROOT, TOOL, WEIGHTS, ToolTest, images_of, read_png


class SampleTest(ToolTest):
    def sheet(self, name, *arguments):
        self.succeed("sample", *arguments, "--out", self.path(name))
        levels, settings = read_png(self.path(name))
        return images_of(levels), settings

    def test_the_default_settings_give_the_golden_picture(self):
        """Across processors the final image differs by no more than 2/255 in [-1, 1], so by one level."""
        golden = np.fromfile(os.path.join(ROOT, "tests", "data", "default-picture.f32"), "<f4").reshape(28, 28, 1)
        images, settings = self.sheet("default.png")
        self.assertEqual((images.shape, settings), ((1, 28, 28, 1), ""))
        wanted = np.rint((golden.clip(-1, 1) + 1) * 127.5)
        self.assertLessEqual(np.abs(images[0] - wanted).max(), 1)

    def test_more_images_never_change_the_first(self):
        few = ["--settings", "steps=3&class=each"]
        sixteen, settings = self.sheet("16.png", *few, "--images", 16)
        self.assertEqual(settings, "class=each&steps=3&images=16")
        self.assertEqual(len(sixteen), 16)
        self.assertEqual(len(np.unique(sixteen, axis=0)), 16)
        for count, opens_as in ((1, 1), (3, 4), (21, 16)):
            images, settings = self.sheet(f"{count}.png", *few, "--count", count)
            self.assertEqual(len(images), count)
            self.assertEqual(settings, "class=each&steps=3" + (f"&images={opens_as}" if opens_as > 1 else ""))
            shared = min(count, 16)
            np.testing.assert_array_equal(images[:shared], sixteen[:shared])

    def test_threads_do_not_change_the_file(self):
        for threads in (1, 2, 3):
            self.succeed("sample", "--steps", 3, "--count", 5, "--threads", threads, "--out", self.path(f"{threads}"))
        files = [self.read(name) for name in "123"]
        self.assertEqual(files[0], files[1])
        self.assertEqual(files[0], files[2])

    def test_single_options_go_over_the_string(self):
        one, settings = self.sheet("a.png", "--settings", "steps=9&seed=5&class=7", "--steps", 2, "--seed", 6)
        other, _ = self.sheet("b.png", "--class", 7, "--seed", 6, "--steps", 2)
        self.assertEqual(settings, "class=7&steps=2&seed=6")
        np.testing.assert_array_equal(one, other)

    def test_a_file_brings_itself_back(self):
        images, settings = self.sheet("a.png", "--steps", 4, "--sampler", "ddim", "--eta", "0.5", "--class", "any")
        again, _ = self.sheet("b.png", "--settings", settings)
        np.testing.assert_array_equal(images, again)

    def test_a_model_is_named_or_a_path(self):
        named, _ = self.sheet("a.png", "--steps", 2, "--model", "mnist-mean-variance")
        by_path, settings = self.sheet("b.png", "--steps", 2, "--model", WEIGHTS)
        np.testing.assert_array_equal(named, by_path)
        self.assertEqual(settings, "steps=2")

    def test_frames_are_a_picture_a_step(self):
        images, _ = self.sheet("a.png", "--steps", 3, "--count", 2, "--frames", self.path("frames"))
        frames = sorted(os.listdir(self.path("frames")))
        self.assertEqual(frames, [f"step-000{i}.png" for i in range(4)])
        levels = [images_of(read_png(self.path(f"frames/{name}"))[0]) for name in frames]
        np.testing.assert_array_equal(levels[3], images)
        other, _ = self.sheet("b.png", "--steps", 5, "--count", 2, "--frames", self.path("more"))
        start = images_of(read_png(self.path("more/step-0000.png"))[0])
        np.testing.assert_array_equal(start, levels[0])  # x_T does not depend on the steps
        self.assertFalse(np.array_equal(levels[1], levels[2]))

    def test_a_terminal_sees_the_steps(self):
        terminal, its_end = os.openpty()
        subprocess.run([TOOL, "sample", "--steps", "40", "--out", self.path("a.png")], stderr=its_end, check=True)
        os.close(its_end)
        shown = os.read(terminal, 65536).decode()
        os.close(terminal)
        self.assertRegex(shown, r"^\r\[#*\.+\] \d+/40 steps")
        self.assertTrue(shown.endswith("\r\033[K"))  # the line is gone afterwards

    def test_nothing_else_is_left(self):
        self.sheet("a.png", "--steps", 1, "--frames", self.path("frames"))
        self.assertEqual(self.files(), ["a.png", "frames"])


if __name__ == "__main__":
    unittest.main()
