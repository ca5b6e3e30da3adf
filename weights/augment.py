"""Small changes that leave an emoji itself: shifts by whole pixels, and for some a zoom outward.

No flips: letters, clocks, flags and hands would become others. Whole pixels, because a fraction blurs.
"""

import torch
from torch.nn import functional as F

MOST_SHIFT = 2  # pixels, each way
ZOOMED = 0.25  # share of images
LEAST_ZOOM = 0.9


def augmented(x0, generator):
    """[B,C,H,W] in [-1, 1] on white -> the same, changed."""
    batch, height = len(x0), x0.shape[2]
    zoom = LEAST_ZOOM + (1 - LEAST_ZOOM) * torch.rand(batch, generator=generator)
    zoom = torch.where(torch.rand(batch, generator=generator) < ZOOMED, zoom, torch.ones(batch))
    shift = torch.randint(-MOST_SHIFT, MOST_SHIFT + 1, (batch, 2), generator=generator)
    theta = torch.zeros(batch, 2, 3)  # where each output pixel looks; the image spans [-1, 1]
    theta[:, 0, 0] = theta[:, 1, 1] = 1 / zoom
    theta[:, :, 2] = shift * 2 / height
    grid = F.affine_grid(theta, list(x0.shape), align_corners=False)
    # Outside lies 0 in grid_sample; in terms of x0 - 1 that is white.
    return F.grid_sample(x0 - 1, grid, padding_mode="zeros", align_corners=False) + 1
