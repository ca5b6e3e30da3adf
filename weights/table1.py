#!/usr/bin/env python3
"""The dead leaves of table 1 of the 2015 paper, its row and ours, into docs/paper.md: `weights/table1.py`.

Ours is the bound that weights/evaluate.py left in weights/dead-leaves.json, in bits/dim of grey levels, as the
paper counts: K is a density's, of grey levels dequantised and scaled to unit variance, in bits a pixel.
"""

import json
import os
import sys

from card import fill_between, table
from safetensors_io import read_safetensors
from transition_bound import NULL_BITS, above_null

HERE = os.path.dirname(os.path.abspath(__file__))
BY = "weights/table1.py"
PAPER = [["MCGSM (Theis et al. 2012), the paper's", "1.244", ""], ["Diffusion, the paper's", "1.489", "3.536"]]


def our_row(weights):
    """Cells: name, K, K - L_null."""
    with open(os.path.splitext(weights)[0] + ".json", encoding="utf-8") as file:
        result = json.load(file)
    _, metadata = read_safetensors(weights)
    bound = result["bound"]["learned"]
    gap = above_null(bound["bits_per_dim"], float(metadata["sigma_data"]) / 2)  # of [0, 1], half as wide as [-1, 1]
    error = bound["standard_error"]
    return [f"[{result['name']}](../weights/{result['name']}.md), ours", f"{gap + NULL_BITS:.3f} ± {error:.3f}",
            f"{gap:.3f} ± {error:.3f}"]


def block():
    rows = [*PAPER, our_row(os.path.join(HERE, "dead-leaves.safetensors"))]
    return "\n".join(table(["dead leaves, bits/pixel", "K", "K - L_null"], rows)) + "\n"


def main():
    fill_between(os.path.join(HERE, "../docs/paper.md"), BY, block())


if __name__ == "__main__":
    sys.exit(main())
