"""Quality against the number of model calls: every sampler at a few budgets, by Fréchet distance and by reading.

Samples get the classes of as many training images, which are the floor: what a perfect model would score.
"""

import time

import torch

from classifier import look_at
from frechet import frechet_with_error, moments
from sampling import SAMPLERS, sample_labels

NFES = (5, 10, 20, 50)  # model calls for each image, at most


def judged(classifier, images, labels, reference):
    """-> {frechet, standard_error, read_right} of images that should be of these labels."""
    features, seen = look_at(classifier, images)
    distance, error = frechet_with_error(features, reference)
    return {"frechet": distance, "standard_error": error, "read_right": (seen == labels).double().mean().item()}


def quality_row(name, budget, prediction, draw, judge):
    """One sampler within one budget; draw(sampler=, num_steps=) -> images, judge(images) -> its numbers."""
    sampler, began = SAMPLERS[name], time.time()
    steps = sampler.steps_within(budget)
    row = {"sampler": name, "budget": budget, "nfe": sampler.nfe(sampler.points(prediction, steps)),
           **judge(draw(sampler=name, num_steps=steps))}
    print(f"{name}, {row['nfe']} calls: Fréchet distance {row['frechet']:.3f} ± {row['standard_error']:.3f} "
          f"({time.time() - began:.0f} s)", flush=True)
    return row


def measure_quality(model, prediction, classifier, train, test, count=2000, seed=1, long=False, **choices):
    """-> {images, floor, rows}: a row for each sampler and budget; guidance 1, x0_hat clipped.

    long: 1,000 ancestral steps as well, which cost six times all the rest; choices are Denoiser's.
    """
    reference = moments(look_at(classifier, test.x0)[0], test.weight)
    pick = train.pick(count, torch.Generator().manual_seed(seed))
    labels = train.label[pick]
    judge = lambda images: judged(classifier, images, labels, reference)
    draw = lambda **sampler: sample_labels(model, prediction, labels, seed, **sampler, **choices)
    budgets = [(name, budget) for name in SAMPLERS for budget in NFES]
    rows = [quality_row(name, budget, prediction, draw, judge) for name, budget in budgets]
    result = {"images": count, "floor": judge(train.x0[pick]), "rows": rows}
    if long:
        result["thousand_ancestral_steps"] = quality_row("ancestral", 1000, prediction, draw, judge)
    return result
