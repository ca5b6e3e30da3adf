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


def measure_quality(model, prediction, classifier, train, test, count=2000, seed=1):
    """-> {images, floor, rows}: a row for each sampler and budget; guidance 1, x0_hat clipped."""
    reference = moments(look_at(classifier, test.x0)[0], test.weight)
    pick = train.pick(count, torch.Generator().manual_seed(seed))
    labels, rows = train.label[pick], []
    for name, sampler in SAMPLERS.items():
        for budget in NFES:
            steps, began = sampler.steps_within(budget), time.time()
            images = sample_labels(model, prediction, labels, seed, sampler=name, num_steps=steps)
            rows.append({"sampler": name, "budget": budget, "nfe": sampler.nfe(steps),
                         **judged(classifier, images, labels, reference)})
            print(f"{name}, {rows[-1]['nfe']} calls: Fréchet distance {rows[-1]['frechet']:.3f} "
                  f"± {rows[-1]['standard_error']:.3f} ({time.time() - began:.0f} s)", flush=True)
    return {"images": count, "floor": judged(classifier, train.x0[pick], labels, reference), "rows": rows}
