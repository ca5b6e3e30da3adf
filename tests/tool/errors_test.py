"""What goes wrong ends with one sentence, exit code 2, and nothing half-written."""

import os
import signal
import struct
import subprocess
import time
import unittest

from support import TOOL, WEIGHTS, ToolTest, start


class ErrorsTest(ToolTest):
    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def test_wrong_options(self):
        out = ["--out", self.path("a.png")]
        self.refused("There is no command 'paint'", "paint")
        self.refused("A subcommand is required")
        self.refused("--out is required", "sample")
        self.refused("--colour", "sample", *out, "--colour", "red")
        self.refused("--steps 0: Steps is a whole number from 1 to 1000.", "sample", *out, "--steps", 0)
        self.refused("--steps ten: Steps takes a number, not 'ten'.", "sample", *out, "--steps", "ten")
        self.refused("Schedule is one of linear, cosine", "sample", *out, "--schedule", "3&steps=2")
        self.refused("Class is one of any, each or a number, not ''.", "sample", *out, "--class", "")
        self.refused("--guidance -1: Guidance is from 0 to 8.", "sample", *out, "--guidance", -1)
        self.refused("This model's classes are 0 to 9.", "sample", *out, "--class", 12)
        without = ["--model", "mnist-2015", "--steps", 1]
        self.refused("--class: this model has no classes.", "sample", *out, *without, "--class", 3)
        self.refused("--guidance: this model has no classes.", "sample", *out, *without, "--guidance", 2)
        self.refused("There is no setting 'colour'.", "sample", *out, "--settings", "colour=red")
        self.refused("--count", "sample", *out, "--count", 0)
        self.refused("--threads", "sample", *out, "--threads", "many")
        self.assertEqual(self.files(), [])

    def test_models_that_cannot_be_read(self):
        out = ["--steps", 1, "--out", self.path("a.png")]
        self.refused("There is no model 'nothing' in", "sample", *out, "--model", "nothing")
        self.refused("cannot be opened", "sample", *out, "--model", self.path("nothing.safetensors"))
        self.refused("is a folder", "sample", *out, "--model", self.folder + "/")
        with open(WEIGHTS, "rb") as file:
            cut = self.write("cut.safetensors", file.read()[:100000])
        self.refused("cut.safetensors: ", "sample", *out, "--model", cut)
        self.refused("which holds no .safetensors file", "sample", *out, UNDIFFUSE_WEIGHTS=self.path("nowhere"))
        self.refused("which holds no .safetensors file", "models", UNDIFFUSE_WEIGHTS=self.path("nowhere"))
        self.assertEqual(self.files(), ["cut.safetensors"])

    def test_outputs_that_cannot_be_written(self):
        os.mkdir(self.path("full"))
        self.write("full/kept.txt", b"kept")
        for command in ("sample", "trace"):
            self.refused("is a folder", command, "--steps", 1, "--out", self.folder)
            self.refused("cannot be written", command, "--steps", 1, "--out", self.path("none/a"))
        frames = ["sample", "--steps", 1, "--out", self.path("a.png"), "--frames"]
        self.refused("is there already", *frames, self.path("full"))
        self.refused("cannot be made", *frames, self.path("none/frames"))
        os.mkdir(self.path("busy.part"))
        self.refused("busy.part is in the way", *frames, self.path("busy"))
        self.assertEqual(self.files(), ["busy.part", "full"])
        self.assertEqual(os.listdir(self.path("full")), ["kept.txt"])

    def test_a_file_that_does_not_fit(self):
        code = f"ulimit -f 1; trap '' XFSZ; exec '{TOOL}' trace --steps 1 --out '{self.path('a.npz')}'"
        done = subprocess.run(["sh", "-c", code], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (2, f"{self.path('a.npz')} cannot be written: File too large.\n"))
        self.assertEqual(self.files(), [])

    def test_files_that_are_no_test_images(self):
        images = lambda *shape: b"\0\0\x08" + bytes([len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
        good = self.write("good", images(2, 28, 28) + bytes(2 * 784))
        self.refused("cannot be opened", "bound", self.path("nothing"))
        self.refused("unpack it first", "bound", self.write("packed", b"\x1f\x8b" + bytes(50)))
        for name, content in (("empty", b""), ("text", b"hello, world"), ("cut", images(2, 28, 28) + bytes(1567)),
                              ("none", images(0, 28, 28)), ("huge", images(2**31, 2**31, 4) + bytes(100))):
            self.refused("not an IDX file", "bound", self.write(name, content))
        self.refused("its images are not of the model's size", "bound", self.write("small", images(1, 2, 2) + bytes(4)))
        self.refused("no label for each", "bound", good, self.write("one", images(1) + b"\0"))
        self.refused("it has a label 10", "bound", good, self.write("ten", images(2) + b"\0\x0a"))
        self.refused("--steps: this model has 1000", "bound", good, "--steps", 1001)

    def test_ctrl_c_leaves_nothing(self):
        process = start("sample", "--steps", 1000, "--count", 16, "--out", self.path("a.png"), "--frames",
                        self.path("frames"))
        deadline = time.time() + 60
        while not os.path.exists(self.path("frames.part/step-0002.png")) and time.time() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        self.assertEqual((process.returncode, out, err), (130, "", "Interrupted: nothing was written.\n"))
        self.assertEqual(self.files(), [])


if __name__ == "__main__":
    unittest.main()
