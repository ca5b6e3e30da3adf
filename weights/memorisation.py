"""Does a model of a small data set copy its training images? Samples and test images, each against its nearest one.

Distances are root mean squares over pixels, the least over shifts by up to two pixels (training shifts, too).
They are smaller for smooth images whether copied or not, so look at the sheet of pairs as well.
"""

import torch

from augment import MOST_SHIFT
from contact_sheet import write_contact_sheet
from sampling import sample_labels

SHOWN = 64


def shifts(images, most=MOST_SHIFT):
    """Every shift of the images by whole pixels, white moving in."""
    height, width = images.shape[2:]
    padded = torch.nn.functional.pad(images, (most,) * 4, value=1.0)
    for dy in range(2 * most + 1):
        for dx in range(2 * most + 1):
            yield padded[:, :, dy : dy + height, dx : dx + width]


def nearest(images, training):
    """-> (distance of each image to its nearest training image [N], which it is [N])."""
    flat = training.flatten(1)
    best, which = torch.full((len(images),), float("inf")), torch.zeros(len(images), dtype=torch.int64)
    for moved in shifts(images):
        value, index = torch.cdist(moved.flatten(1), flat).min(dim=1)
        which = torch.where(value < best, index, which)
        best = torch.minimum(best, value)
    return best / flat.shape[1] ** 0.5, which


def quantile(values, weight, share):
    """The least value up to which at least `share` of the weight lies."""
    order = values.argsort()
    total = weight[order].cumsum(0) / weight.sum()
    return values[order][torch.searchsorted(total, share).clamp(max=len(values) - 1)].item()


def compare(samples, train, test):
    """-> ({...}, index of each sample's nearest training image)."""
    distance, which = nearest(samples, train.x0)
    held_out, _ = nearest(test.x0, train.x0)
    middle, closest = (quantile(held_out, test.weight, share) for share in (0.5, 0.05))
    return {"samples": len(samples), "test_images": len(test.x0), "median_distance": distance.median().item(),
            "median_distance_of_test": middle, "nearer_than_half_of_test": (distance < middle).double().mean().item(),
            "nearer_than_95_percent_of_test": (distance < closest).double().mean().item()}, which


def measure_memorisation(model, prediction, train, test, sheet, count=1000, seed=1):
    """Ancestral, 50 steps, classes as in training; `sheet` gets pairs: a sample, then its nearest image."""
    pick = train.pick(count, torch.Generator().manual_seed(seed))
    samples = sample_labels(model, prediction, train.label[pick], seed)
    result, which = compare(samples, train, test)
    pairs = torch.stack([samples[:SHOWN], train.x0[which[:SHOWN]]], dim=1).flatten(0, 1)
    write_contact_sheet(sheet, pairs.numpy(), columns=16)
    return result
