#!/usr/bin/env python3
"""Measures the numbers of a model card: `weights/evaluate.py --weights FILE --data DIR --card FILE`.

The bound in bits/dim on the test images, for the learned and both fixed variances; the share of
class-conditional samples that a separately trained classifier reads as their class. Leaves
<name>.json, <name>.md and contact sheets under --out, and fills the card's measured part.
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
from classifier import load_or_train, read_classes
from contact_sheet import write_contact_sheet
from data import load_split
from export import read_model
from predictions import prediction_of
from sampling import VARIANCES, sample_classes

# (guidance, variance), all clipped: the choices whose samples are read.
SAMPLED = ((1.0, "learned"), (1.5, "learned"), (1.5, "fixed-small"), (1.5, "fixed-large"))
BEGIN, END = "<!-- measured: begin (weights/evaluate.py --card) -->", "<!-- measured: end -->"


def measure_reading(model, prediction, classifier, per_class, num_steps, seed, guidance, variance):
    """-> ({share, standard_error, ...}, images): one choice's samples, read by the classifier."""
    images, labels = sample_classes(model, prediction, per_class, seed, num_steps=num_steps, guidance=guidance,
                                    variance=variance)
    right = (read_classes(classifier, images) == labels).double()
    share = right.mean().item()
    # The error of a share that is not all or none, so that 2,000 of 2,000 does not read as ± 0.
    smoothed = (right.sum().item() + 1) / (len(right) + 2)
    by_class = [round(part.mean().item(), 4) for part in right.split(per_class)]
    result = {"guidance": guidance, "variance": variance, "samples": len(images), "share_read_right": share,
              "standard_error": math.sqrt(smoothed * (1 - smoothed) / len(images)), "by_class": by_class}
    return result, images


def measure_readings(model, prediction, args):
    """Every choice of SAMPLED; leaves a contact sheet of each, a row a class -> (accuracy, readings)."""
    classifier, accuracy = load_or_train(os.path.join(args.out, "classifier.pt"), args.data)
    per_class = args.samples // model.config.classes
    readings = []
    for guidance, variance in SAMPLED:
        began = time.time()
        reading, images = measure_reading(model, prediction, classifier, per_class, args.steps, args.seed, guidance,
                                          variance)
        readings.append(reading)
        print(f"guidance {guidance}, {variance}: {reading['share_read_right']:.2%} read right "
              f"({time.time() - began:.0f} s)", flush=True)
        sheet = torch.cat([part[:10] for part in images.split(per_class)])
        path = os.path.join(args.out, f"sheet-guidance-{guidance}-{variance}.png")
        write_contact_sheet(path, sheet[:, 0].numpy(), columns=min(10, per_class))
    return accuracy, readings


def evaluate(args):
    model, metadata = read_model(args.weights)
    model = model.to(memory_format=torch.channels_last)  # faster on processors
    began = time.time()
    bound = measure_bound(model, prediction_of(metadata), *load_split(args.data, "t10k"), args.seed, args.effort)
    print(f"bound: {bound['learned']['bits_per_dim']:.3f} bits/dim ({time.time() - began:.0f} s)", flush=True)
    accuracy, readings = measure_readings(model, prediction_of(metadata), args)
    with open(args.weights, "rb") as file:
        content = file.read()
    return {"name": metadata["name"], "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content),
            "parameters": sum(value.numel() for value in model.parameters()), "seed": args.seed, "bound": bound,
            "classifier_accuracy": accuracy, "steps": args.steps, "readings": readings}


def bound_rows(bound):
    for name in VARIANCES:
        row, terms = bound[name], list(bound[name]["terms"].values())[1:]
        above = f"{row['above_learned']:+.3f} ± {row['above_learned_standard_error']:.3f}" if name != "learned" else ""
        yield (f"| {name} | {row['bits_per_dim']:.3f} ± {row['standard_error']:.3f} | {above} | "
               + " | ".join(f"{term:.3f}" for term in terms) + " |")


def card_block(result):
    """The measured part of a model card, in Markdown."""
    bound, readings = result["bound"], result["readings"]
    terms = list(bound["learned"]["terms"])[1:]
    lines = [
        f"Weights: {result['bytes']:,} bytes, {result['parameters']:,} parameters, SHA-256 `{result['sha256']}`.",
        "",
        "Variational bound on the test images, in bits/dim (discrete, true class, guidance 1, no clipping, all",
        f"1,000 terms; {bound['model_calls']:,} model calls in float32; ± one standard error), lower is better:",
        "",
        "| variance | bound | above learned | " + " | ".join(terms) + " |",
        "|---|---|---|" + "---|" * len(terms),
        *bound_rows(bound),
        "",
        "All three rows share weights, images and noise. At t = 1 both fixed variances are beta_tilde of t = 2,",
        "as in improved DDPM: fixed-small's own is 0, and fixed-large's own, beta, gives a worse bound.",
        f"KL of the prior: {bound['learned']['terms']['prior']:.1e}.",
        "",
        f"Share of {readings[0]['samples']:,} class-conditional samples ({result['steps']} ancestral steps,"
        " x0_hat clipped) that a separately",
        f"trained classifier ({result['classifier_accuracy']:.2%} right on the test images) reads as their class:",
        "",
        "| guidance | variance | read right | worst class |",
        "|---|---|---|---|",
        *(f"| {row['guidance']} | {row['variance']} | {row['share_read_right']:.2%} ± {row['standard_error']:.2%} | "
          f"{min(row['by_class']):.1%} |" for row in readings),
        "",
        f"Measured with seed {result['seed']}.",
    ]
    return "\n".join(lines) + "\n"


def fill_card(path, block):
    """Replaces what stands between the two marks; the rest of the card is written by hand."""
    with open(path) as file:
        text = file.read()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{path} has no lines '{BEGIN}' and '{END}': add them where the numbers go.")
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    with open(path, "w") as file:
        file.write(f"{head}{BEGIN}\n{block}{END}{tail}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True, help="weights file (.safetensors)")
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--out", default="build/evaluation", help="folder for the results")
    parser.add_argument("--card", metavar="FILE", help="model card whose measured part is replaced")
    parser.add_argument("--samples", type=int, default=2000, help="for each choice, a tenth a class")
    parser.add_argument("--steps", type=int, default=50, help="of each sample")
    parser.add_argument("--effort", type=float, default=1.0, help="scales the images per term of the bound")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    args = parse_arguments()
    os.makedirs(args.out, exist_ok=True)
    result = evaluate(args)
    block = card_block(result)
    stem = os.path.join(args.out, result["name"])
    with open(stem + ".json", "w") as file:
        json.dump(result, file, indent=1)
    with open(stem + ".md", "w") as file:
        file.write(block)
    if args.card:
        fill_card(args.card, block)
    print(block)


if __name__ == "__main__":
    sys.exit(main())
