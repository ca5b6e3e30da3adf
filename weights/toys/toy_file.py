"""Weights files of the toys; core/run/toys/toy_model.cpp reads the same keys."""

import json
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from safetensors_io import read_safetensors, write_safetensors  # noqa: E402
from step_network import StepNetwork  # noqa: E402


def write_toy(path, network, name, data, prediction, schedule, alpha_bar=None):
    """alpha_bar [T + 1], for a schedule of family "table"; kept in float32, which the network's weights need not be."""
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    metadata = {"format_version": "1", "architecture": network.config["architecture"],
                "activation": network.config.get("activation", "none"), "name": name, "card": "README.md",
                "data": compact(data), "prediction": prediction, "num_steps": str(network.config["num_steps"]),
                "schedule": compact(schedule)}
    tensors = network.tensors()
    if alpha_bar is not None:
        tensors["beta"] = (1 - alpha_bar[1:] / alpha_bar[:-1]).astype(np.float32)
    write_safetensors(path, tensors, metadata)


def config_of(tensors, metadata):
    """What StepNetwork is made from; the tensors' shapes say most of it."""
    readouts, outputs, units = tensors["readout_weight"].shape
    config = {"architecture": metadata["architecture"], "activation": metadata["activation"], "outputs": outputs,
              "num_steps": int(metadata["num_steps"]), "readouts": readouts, "hidden": [units]}
    if "hidden.centre" in tensors:
        return {**config, "inputs": tensors["hidden.centre"].shape[1]}
    layers = [value for name, value in sorted(tensors.items()) if name.startswith("hidden.weight.")]
    return {**config, "inputs": layers[0].shape[1], "hidden": [len(weight) for weight in layers]}


def read_toy(path):
    """-> (StepNetwork, metadata, beta [T] or None)."""
    tensors, metadata = read_safetensors(path)
    beta = tensors.pop("beta", None)
    return StepNetwork(config_of(tensors, metadata)).load(tensors), metadata, beta
