#!/usr/bin/env python3
"""Measures the toys: `weights/toys/measure.py --runs DIR`, with NAME-SEED.safetensors of three seeds in DIR.

Calls `undiffuse toy` and writes the table in docs/paper.md, two charts in docs/images/ and all numbers in
weights/toys/measured.json. Nothing in them is typed by hand.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, ".."))

from card import fill_between, table  # noqa: E402
from chart import COLOURS, Axis, text  # noqa: E402

SEEDS = (1, 2, 3)
NETWORKS = {"swiss-roll-radial-basis": "Swiss roll, 16 radial-basis units, cosine schedule",
            "swiss-roll-perceptron": "Swiss roll, perceptron, cosine schedule",
            "swiss-roll-learned-schedule": "Swiss roll, perceptron, learned schedule",
            "heartbeat": "Binary heartbeat"}
STEP_COUNTS = (2, 3, 4, 6, 9, 14, 20, 40)


def undiffuse(args, *arguments):
    done = subprocess.run([args.tool, "toy", *map(str, arguments)], check=True, capture_output=True, text=True)
    return done.stdout


def measure_seeds(args, name):
    results = []
    for seed in SEEDS:
        file = os.path.join(args.runs, f"{name}-{seed}.safetensors")
        result = json.loads(undiffuse(args, "bound", file, "--json", "--draws", args.draws))
        if name == "heartbeat":
            result["heartbeats"] = int(undiffuse(args, "sample", file, "--count", 1000).split()[0])
        results.append({key: value for key, value in result.items() if not isinstance(value, list)})
        print(name, seed, f"{result['bound']['bits']:.4f} {result['gap']['bits']:.4f}", flush=True)
    return results


def measure_steps(args, name):
    """What the reverse steps' true distributions differ from the network's, and from the best of its form, by S."""
    rows = []
    for steps in STEP_COUNTS:
        file = os.path.join(args.runs, f"{name}-1.safetensors")
        found = json.loads(undiffuse(args, "bound", file, "--json", "--draws", args.draws, "--steps", steps))
        mean = lambda kl: sum(kl[:-1]) / (len(kl) - 1)  # of the learned steps
        rows.append({"steps": steps, "network": mean(found["true_kl"]), "best": mean(found["true_kl_best"]),
                     "bound": found["bound"], "best_bound": found["best"]})
    return rows


def spread(values):
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"


def rows_of(results):
    for name, title in NETWORKS.items():
        seeds = results[name]
        of = lambda key: [row[key]["bits"] for row in seeds]
        null, data = seeds[0]["null"], seeds[0]["data"]
        yield [title, spread(of("bound")), spread([bits - null for bits in of("bound")]), spread(of("best")),
               spread(of("gap")), f"{data:.3f}", f"{max(row['bound']['standard_error'] for row in seeds):.3f}"]


def block(results):
    head = ["ours", "K", "K - L_null", "K*", "K* - K", "data", "standard error of a K"]
    valid = ", ".join(str(row["heartbeats"]) for row in results["heartbeat"])
    return "\n".join([*table(head, rows_of(results)), "",
                      f"Of 1,000 samples of each heartbeat {valid} are one of the five sequences."]) + "\n"


class Line:
    """A linear axis, with chart.Axis's call."""

    def __init__(self, low, high, start, length):
        self.low, self.scale, self.start = low, length / (high - low), start

    def __call__(self, value):
        return round(self.start + (value - self.low) * self.scale, 1)


def line_chart(lines, x_name, y_name, x_ticks, y_ticks, y_axis, level=None):
    """lines: {name: [(x, y)]}; a level is (name, y)."""
    left, top, width, height = 70, 24, 430, 250
    x_axis = Axis(x_ticks[0], x_ticks[-1], left, width)
    y_axis = y_axis(y_ticks[0], y_ticks[-1], top + height, -height)
    parts = [f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#999"/>']
    parts += [f'<path d="M{left} {y_axis(y):g}h{width}" stroke="#ddd"/>' + text(left - 6, y_axis(y) + 4, f"{y:g}", "end")
              for y in y_ticks]
    parts += [text(x_axis(x), top + height + 16, x) for x in x_ticks]
    if level:
        parts.append(f'<path d="M{left} {y_axis(level[1]):g}h{width}" stroke="#555" stroke-dasharray="4 3"/>'
                     + text(left + 6, y_axis(level[1]) - 5, level[0], "start"))
    for (name, points), colour in zip(lines.items(), COLOURS):
        at = [(x_axis(x), y_axis(y)) for x, y in points]
        parts.append(f'<polyline points="{" ".join(f"{x:g},{y:g}" for x, y in at)}" fill="none" stroke="{colour}"'
                     ' stroke-width="2"/>')
        parts += [f'<circle cx="{x:g}" cy="{y:g}" r="3" fill="{colour}"/>' for x, y in at]
    for i, (name, colour) in enumerate(zip(lines, COLOURS)):
        y = top + 18 + 18 * i
        parts.append(f'<path d="M{left + width + 16} {y}h18" stroke="{colour}" stroke-width="2"/>'
                     + text(left + width + 40, y + 4, name, "start"))
    middle = top + height / 2
    parts += [text(left + width / 2, top + height + 38, x_name),
              text(16, middle, y_name, more=f' transform="rotate(-90 16 {middle:g})"')]
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 330" font-family="sans-serif" font-size="12"'
            ' fill="#222">\n<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n")


def charts(results):
    limits = results["limits"]
    lines = {f"K*, {family}": [(T, row["bits"]) for T, row in zip(limits["T"], rows)]
             for family, rows in limits["best"].items()}
    lines["K*, learned at T = 40"] = [(40, results["swiss-roll-learned-schedule"][0]["best"]["bits"])]
    yield "toy-limits.svg", line_chart(lines, "T, steps", "bits", limits["T"], [-4.5, -4, -3.5, -3, -2.5, -2, -1.5, -1],
                                       Line, ("log likelihood of the data", limits["data"]))
    rows = results["steps"]
    kl = {"radial-basis network": [(row["steps"], row["network"]) for row in rows["swiss-roll-radial-basis"]],
          "perceptron": [(row["steps"], row["network"]) for row in rows["swiss-roll-perceptron"]],
          "best Gaussian": [(row["steps"], row["best"]) for row in rows["swiss-roll-perceptron"]]}
    yield "toy-kl.svg", line_chart(kl, "steps of a run", "mean KL of a step, bits", list(STEP_COUNTS),
                                   [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5], Axis)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", required=True, help="folder with the weights files of three seeds")
    parser.add_argument("--tool", default=os.path.join(ROOT, "build", "release", "native", "tool", "undiffuse"))
    parser.add_argument("--draws", type=int, default=4000, help="of x_t at each step")
    args = parser.parse_args()
    results = {name: measure_seeds(args, name) for name in NETWORKS}
    results["steps"] = {name: measure_steps(args, name) for name in ("swiss-roll-radial-basis", "swiss-roll-perceptron")}
    results["limits"] = json.loads(undiffuse(args, "limits", "--json", "--draws", args.draws // 4))
    with open(os.path.join(HERE, "measured.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    for name, svg in charts(results):
        with open(os.path.join(ROOT, "docs", "images", name), "w", encoding="utf-8") as file:
            file.write(svg)
    fill_between(os.path.join(ROOT, "docs", "paper.md"), "weights/toys/measure.py", block(results))


if __name__ == "__main__":
    sys.exit(main())
