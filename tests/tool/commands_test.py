"""`undiffuse models`, `bench` and the help."""

import json
import unittest

from support import ToolTest


class CommandsTest(ToolTest):
    def test_models_says_what_there_is(self):
        lines = self.succeed("models").splitlines()
        row = next(line.split() for line in lines if line.startswith("mnist-mean-variance "))
        self.assertEqual(row[1:6], ["28x28x1", "v", "learned", "1000", "10"])

    def test_bench_measures_both_batches(self):
        result = json.loads(self.succeed("bench", "--seconds", 0, "--threads", 2, "--json"))
        self.assertEqual([(run["batch"], run["threads"]) for run in result["runs"]], [(1, 2), (16, 2)])
        for run in result["runs"]:
            for what in ("call", "step"):
                self.assertGreater(run[what]["min_ms"], 0)
                self.assertGreaterEqual(run[what]["median_ms"], run[what]["min_ms"])
        self.assertIn("median", self.succeed("bench", "--seconds", 0, "--threads", 1))

    def test_help_tells_the_table(self):
        self.assertIn("sample", self.succeed("--help"))
        self.assertRegex(self.succeed("--version"), r"^\d+\.\d+\.\d+$")
        for command in ("models", "sample", "trace", "bound", "inpaint", "denoise", "bench"):
            self.assertIn("Usage: undiffuse " + command, self.succeed(command, "--help"))
        text = self.succeed("sample", "--help")
        for words in ("--schedule NAME=cosine", "linear, cosine, constant-rate, rho.", "--steps INT=50", "1 to 1000.",
                      "--sampler NAME=ancestral", "--variance NAME=learned"):
            self.assertIn(words, text)
        self.assertNotIn("--speed", text)  # a view's, no part of the picture


if __name__ == "__main__":
    unittest.main()
