"""The installed core builds a program of somebody else's, and the installed tool finds its models."""

import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tool"))

from support import ToolTest, images_of, read_png  # noqa: E402


class ConsumerTest(ToolTest):
    def call(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_it_draws_a_seven(self):
        cmake, prefix, build = os.environ["CMAKE"], self.path("prefix"), self.path("build")
        self.call(cmake, "--install", os.environ["UNDIFFUSE_BUILD"], "--prefix", prefix)
        self.call(cmake, "-S", HERE, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release")
        self.call(cmake, "--build", build)
        weights = os.path.join(prefix, "share", "undiffuse", "weights")
        self.call(os.path.join(build, "draw_a_seven"), os.path.join(weights, "mnist-mean-variance.safetensors"),
                  self.path("seven.png"))
        levels, settings = read_png(self.path("seven.png"))
        self.assertEqual((images_of(levels).shape, settings), ((1, 28, 28, 1), "class=7&steps=20"))

        tool = os.path.join(prefix, "bin", "undiffuse")
        self.assertIn(f"in {weights}\n", self.call(tool, "models"))
        self.call(tool, "sample", "--class", "7", "--steps", "20", "--out", self.path("tool.png"))
        self.assertEqual(self.read("seven.png"), self.read("tool.png"))


if __name__ == "__main__":
    unittest.main()
