"""What is measured for table 2 of the 2015 paper: weights/table2.json, and from it docs/paper.md and the card.

parzen.py and transition_bound.py call `record`; nothing in the tables is typed by hand.
"""

import hashlib
import json
import os

from card import fill_between, table

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.path.join(HERE, "table2.json")
BY = "weights/table2.py"
PAPER = [["Stacked CAE", "174 ± 2.3"], ["DBN", "199 ± 2.9"], ["Deep GSN", "309 ± 1.6"], ["Diffusion", "317 ± 2.7"],
         ["Adversarial net", "325 ± 2.9"], ["Perfect model: training images", "349 ± 3.3"]]
TITLES = {"training images": "Perfect model: training images", "mnist-2015": "2015 network (mnist-2015)",
          "mnist-mean-variance": "U-Net (mnist-mean-variance)"}


def parzen_rows(results):
    """As TITLES has them, those of more samples first."""
    for name, title in TITLES.items():
        rows = [row for row in results["parzen"].values() if row["name"] == name]
        for row in sorted(rows, key=lambda row: -row["samples"]):
            yield [title, f"{row['samples']:,}", f"{row['steps']:,}" if row["steps"] else "",
                   f"{row['bits']:.1f} ± {row['standard_error']:.1f}", f"{row['bandwidth']:.3f}"]


def parzen_lines(results):
    return table(["Parzen estimate, ours", "samples", "steps", "bits", "bandwidth"], parzen_rows(results))


def bound_lines(results):
    row = results["bound"]["mnist-2015"]
    return [f"Bound of mnist-2015 on the test images: K - L_null = {row['above_null']:.3f} ±"
            f" {row['standard_error']:.3f} bits/pixel ({row['model_calls']:,} model calls in",
            f"float32; ± one standard error), which is {row['bits_per_dim']:.3f} bits/dim of grey levels. The fixed step",
            f"t = 1 alone keeps the bits/dim above {row['best_bits_per_dim']:.3f}."]


def blocks(results):
    """{file: what stands between its marks}."""
    bound = bound_lines(results) if "mnist-2015" in results["bound"] else []
    paper = [*table(["MNIST, the paper's", "bits"], PAPER), "", *parzen_lines(results), "", *bound]
    card = [*bound, "", *parzen_lines(results)]
    return {"../docs/paper.md": "\n".join(paper) + "\n", "mnist-2015.md": "\n".join(card) + "\n"}


def sha256(path):
    """Of a weights file: what a number was measured on."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def load():
    if not os.path.exists(PATH):
        return {"parzen": {}, "bound": {}}
    with open(PATH, encoding="utf-8") as file:
        return json.load(file)


def record(kind, result):
    """kind "parzen" or "bound"; replaces what the same measurement gave before."""
    results = load()
    key = f"{result['name']}, {result['samples']} samples" if kind == "parzen" else result["name"]
    results[kind][key] = result
    with open(PATH, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    for name, block in blocks(results).items():
        fill_between(os.path.join(HERE, name), BY, block)
