#!/usr/bin/env python3
"""Quality against model calls of every model, from the JSONs beside the weights: `weights/chart.py`.

Draws weights/quality.svg, a panel a model and a line a sampler, and writes the table in
weights/README.md. Nothing in either is typed by hand.
"""

import glob
import json
import math
import os
import sys

from card import fill_between, quality_rows, table
from sampling import SAMPLERS

HERE = os.path.dirname(os.path.abspath(__file__))
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # Okabe & Ito's, told apart by any eye
WIDTH, HEIGHT, LEFT, TOP, GAP = 190, 150, 62, 64, 66  # of a panel; around them
COLUMNS = 3


def load_results(folder=HERE):
    """The evaluation of each weights file that has one, models of the same data side by side."""
    results = []
    for path in glob.glob(os.path.join(folder, "*.safetensors")):
        path = os.path.splitext(path)[0] + ".json"
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                results.append(json.load(file))
    return sorted(results, key=lambda result: (result["data"], result["name"]))


def judged(results):
    """Those whose samples were judged: models without classes are not."""
    return [result for result in results if "quality" in result]


def same_data(results):
    """[[results of one data set], ...]."""
    return [[result for result in results if result["data"] == data] for data in
            sorted({result["data"] for result in results})]


class Axis:
    """Logarithmic, from data to pixels."""

    def __init__(self, low, high, start, length):
        self.low, self.span, self.start, self.length = math.log(low), math.log(high / low), start, length

    def __call__(self, value):
        return round(self.start + (math.log(value) - self.low) / self.span * self.length, 1)


def ticks(low, high):
    """1, 2 and 5 times powers of ten within."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [digit * 10.0**power for power in powers for digit in (1, 2, 5) if low <= digit * 10.0**power <= high]


def y_range(group):
    """Of all models of one data set, so that their panels compare."""
    values = [row["frechet"] for result in group for row in [*result["quality"]["rows"], result["quality"]["floor"]]]
    return min(values) / 1.2, max(values) * 1.2


def text(x, y, content, anchor="middle", more=""):
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{more}>{content}</text>'


def frame(result, x_axis, y_axis, left, top, limits):
    """Title, grid and numbers of a panel, and the floor."""
    parts = [text(left + WIDTH / 2, top - 10, result["name"], more=' font-weight="bold"')]
    for value in ticks(*limits):
        y = y_axis(value)
        parts.append(f'<path d="M{left} {y:g}h{WIDTH}" stroke="#ddd"/>' + text(left - 6, y + 4, f"{value:g}", "end"))
    for budget in sorted({row["budget"] for row in result["quality"]["rows"]}):
        parts.append(text(x_axis(budget), top + HEIGHT + 16, budget))
    floor = y_axis(result["quality"]["floor"]["frechet"])
    parts.append(f'<path d="M{left} {floor:g}h{WIDTH}" stroke="#555" stroke-dasharray="4 3"/>')
    parts.append(f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>')
    return parts


def lines(result, x_axis, y_axis):
    for name, colour in zip(SAMPLERS, COLOURS):
        rows = [row for row in result["quality"]["rows"] if row["sampler"] == name]
        at = [(x_axis(row["nfe"]), y_axis(row["frechet"])) for row in rows]
        points = " ".join(f"{x:g},{y:g}" for x, y in at)
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:g}" cy="{y:g}" r="2.5" fill="{colour}"/>' for x, y in at)


def panel(result, left, top, limits):
    x_axis = Axis(3.5, 56, left, WIDTH)
    y_axis = Axis(*limits, top + HEIGHT, -HEIGHT)
    return [*frame(result, x_axis, y_axis, left, top, limits), *lines(result, x_axis, y_axis)]


def legend():
    parts, x = [], LEFT
    for sampler, colour in zip(SAMPLERS.values(), COLOURS):
        parts.append(f'<path d="M{x} 18h18" stroke="{colour}" stroke-width="2"/>'
                     + text(x + 24, 22, sampler.title, "start"))
        x += 40 + 8 * len(sampler.title)
    return [*parts, f'<path d="M{x} 18h18" stroke="#555" stroke-dasharray="4 3"/>'
            + text(x + 24, 22, "training images", "start")]


def place(index):
    """Left and top of a panel."""
    return LEFT + index % COLUMNS * (WIDTH + GAP), TOP + index // COLUMNS * (HEIGHT + GAP)


def chart(results):
    panels = [(result, y_range(group)) for group in same_data(results) for result in group]
    parts = legend()
    for index, (result, limits) in enumerate(panels):
        parts += panel(result, *place(index), limits)
    width = LEFT + COLUMNS * (WIDTH + GAP) - GAP + 20
    bottom = place(len(panels) - 1)[1] + HEIGHT
    middle = (TOP + bottom) / 2
    turned = f' transform="rotate(-90 16 {middle:g})"'
    parts.append(text(width / 2, bottom + 40, "model calls for a sample"))
    parts.append(text(16, middle, "Fréchet distance to the test images", more=turned))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + 48}" font-family="sans-serif"'
            ' font-size="12" fill="#222">\n<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts)
            + "\n</svg>\n")


def quality_table(results):
    budgets = sorted({row["budget"] for result in results for row in result["quality"]["rows"]})
    rows = []
    for group in same_data(results):
        for result in group:
            first = f"[{result['name']}]({result['name']}.md)"
            for row in quality_rows(result["quality"]):
                rows.append([first, *row])
                first = ""
        floor = group[0]["quality"]["floor"]
        rows.append([f"{group[0]['data']}: training images", "",
                     f"{floor['frechet']:.2f} ± {floor['standard_error']:.2f}", *[""] * (len(budgets) - 1)])
    return table(["model", "sampler", *(f"{budget} calls" for budget in budgets)], rows)


def readme_block(results):
    return "\n".join(["![Fréchet distance against model calls](quality.svg)", "", *quality_table(results)]) + "\n"


def main():
    results = judged(load_results())
    if not results:
        raise SystemExit("No weights file has a JSON of results beside it: run weights/evaluate.py first.")
    with open(os.path.join(HERE, "quality.svg"), "w", encoding="utf-8") as file:
        file.write(chart(results))
    fill_between(os.path.join(HERE, "README.md"), "weights/chart.py", readme_block(results))


if __name__ == "__main__":
    sys.exit(main())
