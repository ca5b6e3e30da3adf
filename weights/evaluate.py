#!/usr/bin/env python3
"""Measures a model: `weights/evaluate.py --weights FILE --data DIR [--card FILE]`.

Quality against the number of model calls for every sampler; with a learned variance the bound in
bits/dim; where a classifier reads the images well, the share of samples that it reads as their class;
for colour records, whether samples copy training images. Of a model without classes, the bound alone.
Leaves the numbers beside the weights, as FILE with .json for .safetensors (weights/chart.py draws them),
contact sheets under --out, and fills the card's measured part.
"""

import argparse
import hashlib
import json
import math
import os
import sys
import time
from dataclasses import asdict, dataclass

import torch

from bound import measure_bound
from card import card_block, fill_between
from classifier import load_or_train, read_classes
from contact_sheet import write_contact_sheet
from data import load_dataset
from export import read_model
from memorisation import measure_memorisation
from predictions import prediction_of
from quality import measure_quality
from sampling import sample_classes

@dataclass(frozen=True)
class Choice:
    """How samples that are read were drawn; x0_hat is clipped."""

    guidance: float = 1.5
    variance: str = "fixed-small"
    sampler: str = "ancestral"
    steps: int = 50

    @property
    def nfe(self):
        return self.steps * (1 if self.guidance == 1 else 2)  # the samplers chosen here call once a step

    def __str__(self):
        return f"guidance {self.guidance}, {self.variance}, {self.sampler}, {self.nfe} calls"


FEW_CALLS = [Choice(sampler=sampler, steps=20) for sampler in ("ddim", "dpm-solver-2m")]  # 40, with guidance
CHOICES = {"learned": [Choice(1.0, "learned"), Choice(variance="learned"), *FEW_CALLS],
           "none": [Choice(1.0), *FEW_CALLS]}


def measure_reading(model, prediction, classifier, per_class, args, choice):
    """-> ({share_read_right, standard_error, ...}, images): one choice's samples, read by the classifier."""
    images, labels = sample_classes(model, prediction, per_class, args.seed, sampler=choice.sampler,
                                    num_steps=choice.steps, guidance=choice.guidance, variance=choice.variance,
                                    bfloat16=not args.float32)
    right = (read_classes(classifier, images) == labels).double()
    share = right.mean().item()
    # The error of a share that is not all or none, so that 2,000 of 2,000 does not read as ± 0.
    smoothed = (right.sum().item() + 1) / (len(right) + 2)
    by_class = [round(part.mean().item(), 4) for part in right.split(per_class)]
    result = {**asdict(choice), "nfe": choice.nfe, "samples": len(images), "share_read_right": share,
              "standard_error": math.sqrt(smoothed * (1 - smoothed) / len(images)), "by_class": by_class}
    return result, images


def measure_readings(model, prediction, classifier, stem, args):
    """Every one of CHOICES; leaves a contact sheet of each, a row a class."""
    per_class = args.samples // model.config.classes
    readings = []
    for choice in CHOICES[prediction.metadata["variance"]]:
        began = time.time()
        reading, images = measure_reading(model, prediction, classifier, per_class, args, choice)
        readings.append(reading)
        print(f"{choice}: {reading['share_read_right']:.2%} read right ({time.time() - began:.0f} s)", flush=True)
        sheet = torch.cat([part[:10] for part in images.split(per_class)])
        name = f"{stem}-{choice.sampler}-{choice.steps}-guidance-{choice.guidance}-{choice.variance}.png"
        write_contact_sheet(name, sheet.numpy(), columns=min(10, per_class))
    return readings


def describe(args, model, metadata, prediction):
    with open(args.weights, "rb") as file:
        content = file.read()
    return {"name": metadata["name"], "data": os.path.basename(os.path.abspath(args.data)), "predict": prediction.name,
            "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content),
            "parameters": sum(value.numel() for value in model.parameters()), "seed": args.seed,
            "precision": "float32" if args.float32 else "bfloat16"}


def measure_samples(model, prediction, train, test, stem, args):
    """What is seen in samples: by a classifier of the data set, and where it is small beside its images."""
    data = os.path.basename(os.path.abspath(args.data))
    classifier, accuracy = load_or_train(os.path.join(args.out, f"classifier-{data}.pt"), args.data)
    judges = test.judge_accuracy > 0
    result = {"classifier_accuracy": accuracy,
              "readings": measure_readings(model, prediction, classifier, stem, args) if judges else [],
              "quality": measure_quality(model, prediction, classifier, train, test, args.samples, args.seed,
                                         args.long, bfloat16=not args.float32)}
    if train.augment:  # a set so small may be learned by heart
        sheet = f"{stem}-nearest.png"
        result["memorisation"] = measure_memorisation(model, prediction, train, test, sheet, args.samples // 2,
                                                      args.seed)
    return result


def evaluate(args):
    model, metadata = read_model(args.weights)
    model, prediction = model.to(memory_format=torch.channels_last), prediction_of(metadata)  # faster on processors
    if prediction.name == "transition":
        raise SystemExit(f"{args.weights} has a bound of its own: measure it with parzen.py and transition_bound.py.")
    train, test = load_dataset(args.data, "train"), load_dataset(args.data, "t10k")
    result = describe(args, model, metadata, prediction)
    if prediction.metadata["variance"] == "learned":
        result["bound"] = measure_bound(model, prediction, test.x0, test.label, args.seed, args.effort)
        print(f"bound: {result['bound']['learned']['bits_per_dim']:.3f} bits/dim", flush=True)
    if model.config.classes:  # without classes there is no classifier that could judge samples
        result.update(measure_samples(model, prediction, train, test, os.path.join(args.out, result["name"]), args))
    return result


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True, help="weights file (.safetensors)")
    parser.add_argument("--data", required=True, help="the folder that it was trained on")
    parser.add_argument("--out", default="build/evaluation", help="folder for the classifier and contact sheets")
    parser.add_argument("--card", metavar="FILE", help="model card whose measured part is replaced")
    parser.add_argument("--samples", type=int, default=2000, help="for each number")
    parser.add_argument("--effort", type=float, default=1.0, help="scales the images per term of the bound")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--long", action="store_true", help="also the quality of 1,000 ancestral steps")
    parser.add_argument("--float32", action="store_true", help="no bfloat16 for the network that draws samples")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the processor")
    return parser.parse_args()


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    os.makedirs(args.out, exist_ok=True)
    result = evaluate(args)
    with open(os.path.splitext(args.weights)[0] + ".json", "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    block = card_block(result)
    if args.card:
        fill_between(args.card, "weights/evaluate.py --card", block)
    print(block)


if __name__ == "__main__":
    sys.exit(main())
