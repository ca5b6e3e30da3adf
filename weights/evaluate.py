#!/usr/bin/env python3
"""Measures a model: `weights/evaluate.py --weights FILE --data DIR [--card FILE]`.

Quality against the number of model calls for every sampler; with a learned variance the bound in
bits/dim; where a classifier reads the images well, the share of samples that it reads as their class;
for colour records, whether samples copy training images. Leaves the numbers beside the weights, as
FILE with .json for .safetensors (weights/chart.py draws them), contact sheets under --out, and fills
the card's measured part.
"""

import argparse
import hashlib
import json
import math
import os
import sys
import time

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

# (guidance, variance), all clipped: the choices whose samples are read.
SAMPLED = {"learned": ((1.0, "learned"), (1.5, "learned"), (1.5, "fixed-small"), (1.5, "fixed-large")),
           "none": ((1.0, "fixed-small"), (1.5, "fixed-small"), (1.5, "fixed-large"))}


def measure_reading(model, prediction, classifier, per_class, args, guidance, variance):
    """-> ({share, standard_error, ...}, images): one choice's samples, read by the classifier."""
    images, labels = sample_classes(model, prediction, per_class, args.seed, num_steps=args.steps, guidance=guidance,
                                    variance=variance)
    right = (read_classes(classifier, images) == labels).double()
    share = right.mean().item()
    # The error of a share that is not all or none, so that 2,000 of 2,000 does not read as ± 0.
    smoothed = (right.sum().item() + 1) / (len(right) + 2)
    by_class = [round(part.mean().item(), 4) for part in right.split(per_class)]
    result = {"guidance": guidance, "variance": variance, "samples": len(images), "share_read_right": share,
              "standard_error": math.sqrt(smoothed * (1 - smoothed) / len(images)), "by_class": by_class}
    return result, images


def measure_readings(model, prediction, classifier, stem, args):
    """Every choice of SAMPLED; leaves a contact sheet of each, a row a class."""
    per_class = args.samples // model.config.classes
    readings = []
    for guidance, variance in SAMPLED[prediction.metadata["variance"]]:
        began = time.time()
        reading, images = measure_reading(model, prediction, classifier, per_class, args, guidance, variance)
        readings.append(reading)
        print(f"guidance {guidance}, {variance}: {reading['share_read_right']:.2%} read right "
              f"({time.time() - began:.0f} s)", flush=True)
        sheet = torch.cat([part[:10] for part in images.split(per_class)])
        write_contact_sheet(f"{stem}-guidance-{guidance}-{variance}.png", sheet.numpy(), columns=min(10, per_class))
    return readings


def describe(args, model, metadata, prediction):
    with open(args.weights, "rb") as file:
        content = file.read()
    return {"name": metadata["name"], "data": os.path.basename(os.path.abspath(args.data)), "predict": prediction.name,
            "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content),
            "parameters": sum(value.numel() for value in model.parameters()), "seed": args.seed, "steps": args.steps}


def evaluate(args):
    model, metadata = read_model(args.weights)
    model, prediction = model.to(memory_format=torch.channels_last), prediction_of(metadata)  # faster on processors
    train, test = load_dataset(args.data, "train"), load_dataset(args.data, "t10k")
    result = describe(args, model, metadata, prediction)
    classifier, accuracy = load_or_train(os.path.join(args.out, f"classifier-{result['data']}.pt"), args.data)
    result["classifier_accuracy"] = accuracy
    if prediction.metadata["variance"] == "learned":
        result["bound"] = measure_bound(model, prediction, test.x0, test.label, args.seed, args.effort)
        print(f"bound: {result['bound']['learned']['bits_per_dim']:.3f} bits/dim", flush=True)
    stem = os.path.join(args.out, result["name"])
    judges = test.judge_accuracy > 0
    result["readings"] = measure_readings(model, prediction, classifier, stem, args) if judges else []
    result["quality"] = measure_quality(model, prediction, classifier, train, test, args.samples, args.seed)
    if train.augment:  # a set so small may be learned by heart
        sheet = f"{stem}-nearest.png"
        result["memorisation"] = measure_memorisation(model, prediction, train, test, sheet, args.samples // 2,
                                                      args.seed)
    return result


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True, help="weights file (.safetensors)")
    parser.add_argument("--data", required=True, help="the folder that it was trained on")
    parser.add_argument("--out", default="build/evaluation", help="folder for the classifier and contact sheets")
    parser.add_argument("--card", metavar="FILE", help="model card whose measured part is replaced")
    parser.add_argument("--samples", type=int, default=2000, help="for each number")
    parser.add_argument("--steps", type=int, default=50, help="of each sample that is read")
    parser.add_argument("--effort", type=float, default=1.0, help="scales the images per term of the bound")
    parser.add_argument("--seed", type=int, default=1)
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
