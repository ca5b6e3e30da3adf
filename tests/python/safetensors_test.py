"""The safetensors writer and reader, and the exporter on a tiny U-Net."""

import json
import os
import struct
import sys
import tempfile
import unittest

import numpy as np
import torch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "weights"))

import export  # noqa: E402
from predictions import MeanVariance  # noqa: E402
from safetensors_io import read_safetensors, write_safetensors  # noqa: E402
from unet import UNet, UNetConfig  # noqa: E402

TINY = UNetConfig(size=8, widths=[8, 16], embedding=16, groups=4, classes=3)


def tiny_unet():
    """Every weight random: a fresh U-Net's last layers are zero and would hide mistakes before them."""
    torch.manual_seed(3)
    model = UNet(TINY)
    for value in model.parameters():
        torch.nn.init.normal_(value, std=0.2)
    return model.eval()


def tiny_metadata():
    return export.model_metadata(TINY, "tiny", MeanVariance(0.5), ["a", "b", "c"])


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "file.safetensors")


class SafetensorsTest(InFolder):
    TENSORS = {"b": np.arange(3, dtype=np.float16), "a": np.float32([[1.5, -2.0], [3.25, 0.0]]),
               "c": np.zeros((2, 0), np.float32), "odd": np.float16([7])}

    def header(self):
        with open(self.path, "rb") as file:
            content = file.read()
        (length,) = struct.unpack_from("<Q", content)
        return length, json.loads(content[8 : 8 + length]), content

    def test_round_trip(self):
        write_safetensors(self.path, self.TENSORS, {"key": "väl\"ue"})
        tensors, metadata = read_safetensors(self.path)
        self.assertEqual(metadata, {"key": "väl\"ue"})
        self.assertEqual(set(tensors), set(self.TENSORS))
        for name, array in self.TENSORS.items():
            self.assertEqual(tensors[name].dtype, array.dtype)
            self.assertEqual(tensors[name].shape, array.shape)
            np.testing.assert_array_equal(tensors[name], array)

    def test_layout_has_no_gaps_and_aligns_every_tensor(self):
        write_safetensors(self.path, self.TENSORS)
        length, header, content = self.header()
        self.assertEqual((8 + length) % 8, 0)
        end = 0
        for name, entry in header.items():
            self.assertEqual(entry["data_offsets"][0], end, name)
            self.assertEqual(end % self.TENSORS[name].itemsize, 0, name)
            end = entry["data_offsets"][1]
        self.assertEqual(8 + length + end, len(content))

    def test_same_tensors_in_another_order_give_the_same_bytes(self):
        write_safetensors(self.path, self.TENSORS, {"x": "1", "y": "2"})
        first = self.header()[2]
        write_safetensors(self.path, dict(reversed(self.TENSORS.items())), {"y": "2", "x": "1"})
        self.assertEqual(first, self.header()[2])


class ExportTest(InFolder):
    def test_the_file_holds_the_float16_weights_and_the_metadata(self):
        model = tiny_unet()
        export.write_model(self.path, model, tiny_metadata())
        loaded, metadata = export.read_model(self.path)
        self.assertEqual(loaded.config, TINY)
        for name, value in model.state_dict().items():
            torch.testing.assert_close(loaded.state_dict()[name], value.half().float(), rtol=0, atol=0)
        self.assertTrue(all(isinstance(value, str) for value in metadata.values()))
        self.assertEqual(json.loads(metadata["data"]), {"height": 8, "width": 8, "channels": 1, "range": [-1, 1]})
        self.assertEqual(json.loads(metadata["class_names"]), ["a", "b", "c"])
        self.assertEqual(metadata["card"], "tiny.md")
        self.assertEqual(float(metadata["sigma_data"]), 0.5)

    def test_weights_beyond_float16_are_refused_by_name(self):
        model = tiny_unet()
        with torch.no_grad():
            model.stem.bias[0] = 1e6
        with self.assertRaisesRegex(SystemExit, "stem.bias"):
            export.write_model(self.path, model, tiny_metadata())

    def test_reference_activations_are_the_model_in_nhwc(self):
        model = tiny_unet()
        tensors = export.reference_activations(model, label=TINY.classes)
        x = torch.from_numpy(tensors["input.x"]).permute(0, 3, 1, 2)
        with torch.no_grad():
            raw = model(x, torch.from_numpy(tensors["input.t"]), torch.from_numpy(tensors["input.label"]).long())
        self.assertEqual(tensors["output"].shape, (1, 8, 8, 2))
        np.testing.assert_allclose(tensors["output"], raw.permute(0, 2, 3, 1).numpy(), rtol=1e-5, atol=1e-5)
        self.assertEqual(tensors["embedding"].shape, (1, 1, 1, TINY.embedding))
        self.assertEqual(tensors["down.1.0"].shape, (1, 2, 2, 16))


class CommittedFilesTest(unittest.TestCase):
    """The files in the repository belong together: the activations come from these very weights."""

    def test_activations_fit_the_weights(self):
        for weights, activations in (("mnist-mean-variance", "unet"), ("mnist-2015", "mnist-2015")):
            with self.subTest(weights):
                model, _ = export.read_model(os.path.join(ROOT, "weights", f"{weights}.safetensors"))
                stored, _ = read_safetensors(os.path.join(ROOT, "tests", "data", f"{activations}-activations.safetensors"))
                computed = export.reference_activations(model)
                self.assertEqual(set(stored), set(computed))
                for name, value in stored.items():
                    # Libraries differ in the order of their sums, so not to the bit.
                    tolerance = 1e-4 * np.abs(value).max()
                    np.testing.assert_allclose(computed[name], value, rtol=0, atol=tolerance, err_msg=name)

    def test_the_weights_are_small_and_named_as_their_card(self):
        path = os.path.join(ROOT, "weights", "mnist-mean-variance.safetensors")
        self.assertLess(os.path.getsize(path), 2_000_000)
        _, metadata = read_safetensors(path)
        self.assertTrue(os.path.exists(os.path.join(ROOT, "weights", metadata["card"])))
        self.assertAlmostEqual(float(metadata["sigma_data"]), 0.6162, delta=1e-4)  # 2 x MNIST's 0.3081


if __name__ == "__main__":
    unittest.main()
