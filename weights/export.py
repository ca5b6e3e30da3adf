#!/usr/bin/env python3
"""Turns a checkpoint into a weights file: `weights/export.py --checkpoint FILE --out FILE`.

Or a weights file into ONNX, for benchmarks: `weights/export.py --weights FILE --onnx FILE`.

The file holds float16 tensors named as in unet.py or paper_network.py and, in its `__metadata__`, all that a program
needs to sample the model; core/run/model.cpp reads the same keys.
"""

import argparse
import hashlib
import json
import sys

import numpy as np
import torch

from paper_network import PaperNetwork, PaperNetworkConfig
from safetensors_io import read_safetensors, write_safetensors
from unet import UNet, UNetConfig

PIXEL_RANGE = [-1, 1]
ARCHITECTURES = {"unet": (UNet, UNetConfig), "paper-2015": (PaperNetwork, PaperNetworkConfig)}


def model_metadata(config, name, prediction, class_names, architecture="unet", pixel_range=PIXEL_RANGE):
    """The `__metadata__` of a weights file: every value a string, those with structure JSON."""
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    data = {"height": config.size, "width": config.size, "channels": config.channels_in, "range": pixel_range}
    return {
        "format_version": "1",
        "architecture": architecture,
        "config": compact(config.to_dict()),
        "name": name,
        "card": f"{name}.md",
        "data": compact(data),
        **prediction.metadata,  # prediction, variance, num_steps
        "schedule": compact(prediction.schedule),
        "sigma_data": f"{prediction.sigma_data:.6g}",
        "class_names": compact(class_names),
    }


def pixel_range(metadata):
    """(x of black, x of white) on the model's scale."""
    return json.loads(metadata["data"])["range"]


def to_grey(x, metadata):
    """Images on the model's scale -> [0, 1], not clipped."""
    black, white = pixel_range(metadata)
    return (x - black) / (white - black)


def from_grey(grey, metadata):
    """And back."""
    black, white = pixel_range(metadata)
    return black + (white - black) * grey


def measure_sigma_data(x0):
    """Standard deviation over all pixels of the training images, on the scale of PIXEL_RANGE.

    To the six digits of the weights file, so that EDM's network is used with the number it was trained with.
    """
    return float(f"{x0.double().std(unbiased=False).item():.6g}")


def write_model(path, model, metadata):
    """One model as a weights file; refuses weights that float16 cannot hold."""
    tensors = {key: value.detach().cpu().numpy().astype(np.float16) for key, value in model.state_dict().items()}
    for key, value in tensors.items():
        if not np.isfinite(value).all():
            raise SystemExit(f"{key} has values beyond float16 (65504): lower the learning rate and train again.")
    write_safetensors(path, tensors, metadata)


def build_model(metadata):
    """The network that a weights file's metadata describes, with fresh weights."""
    network, config = ARCHITECTURES[metadata["architecture"]]
    return network(config(**json.loads(metadata["config"])))


def read_model(path):
    """A weights file -> (its network in float32 for evaluation, its metadata)."""
    tensors, metadata = read_safetensors(path)
    if metadata.get("format_version") != "1" or metadata.get("architecture") not in ARCHITECTURES:
        raise SystemExit(f"{path} is no image model of format version 1: export it again with this version's"
                         " export.py.")
    model = build_model(metadata)
    model.load_state_dict({key: torch.from_numpy(value.astype(np.float32)) for key, value in tensors.items()})
    return model.eval(), metadata


def read_checkpoint(path):
    """A checkpoint (train.py's Run.state) -> (network with its averaged weights, the weights file's metadata)."""
    state = torch.load(path, map_location="cpu")
    model = build_model(state["metadata"])
    model.load_state_dict(state["average"])
    return model, state["metadata"]


@torch.no_grad()
def reference_activations(model, seed=1, t=321.5, label=7):
    """Inputs of one model call and every named buffer, NHWC as in the core (the embedding [1,1,1,E]).

    t is fractional on purpose: schedules other than the trained one ask for such times.
    """
    config = model.config
    shape = (1, config.channels_in, config.size, config.size)
    x = torch.from_numpy(np.random.RandomState(seed).standard_normal(shape).astype(np.float32))
    model.record = True
    model(x, torch.tensor([t]), torch.tensor([label]))
    model.record = False
    tensors = {"input.x": x.permute(0, 2, 3, 1), "input.t": torch.tensor([t]),
               "input.label": torch.tensor([float(label)])}
    for name, value in model.activations.items():
        tensors[name] = value.permute(0, 2, 3, 1) if value.dim() == 4 else value[:, None, None, :]
    return {name: value.contiguous().numpy() for name, value in tensors.items()}


def write_onnx(path, model):
    """For benchmarks of other runtimes: inputs x [B,C,H,W], t [B], label [B]; output raw."""
    config = model.config
    x = torch.zeros(1, config.channels_in, config.size, config.size)
    inputs = (x, torch.ones(1), torch.zeros(1, dtype=torch.int64))
    names = ["x", "t", "label"]
    axes = {name: {0: "batch"} for name in names + ["raw"]}
    torch.onnx.export(model, inputs, path, opset_version=16, input_names=names, output_names=["raw"], dynamic_axes=axes)


def report(args):
    """What a model card wants to know."""
    state = torch.load(args.checkpoint, map_location="cpu")
    with open(args.out, "rb") as file:
        content = file.read()
    print(f"{args.out}: {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")
    print(f"trained for {state['step']} steps in {state['seconds'] / 60:.0f} minutes")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--checkpoint", help="checkpoint.pt of train.py; needs --out")
    source.add_argument("--weights", help="a weights file that is there already")
    parser.add_argument("--out", help="weights file to write (.safetensors)")
    parser.add_argument("--name", help="the model's and its card's name (default: as trained)")
    parser.add_argument("--activations", metavar="FILE", help="also write reference activations for the C++ tests")
    parser.add_argument("--onnx", metavar="FILE", help="also write an ONNX file (opset 16)")
    args = parser.parse_args()
    if bool(args.checkpoint) != bool(args.out):
        parser.error("--checkpoint and --out belong together")
    return args


def write_weights(args):
    model, metadata = read_checkpoint(args.checkpoint)
    if args.name:
        metadata.update(name=args.name, card=f"{args.name}.md")
    write_model(args.out, model, metadata)
    report(args)


def main():
    args = parse_arguments()
    if args.checkpoint:
        write_weights(args)
    model, _ = read_model(args.weights or args.out)  # from the file: with the weights rounded to float16
    if args.activations:
        write_safetensors(args.activations, reference_activations(model))
    if args.onnx:
        write_onnx(args.onnx, model)


if __name__ == "__main__":
    sys.exit(main())
