"""The Fréchet distance of two sets of images: of the Gaussians that fit their features.

|m_a - m_b|² + tr(C_a + C_b - 2 (C_a C_b)^½) (Dowson & Landau 1982; FID of Heusel et al. 2017 is this in
Inception's features, here it is in a small classifier's). It grows as the sets get smaller, so compare
sets of the same size only.
"""

import math

import torch


def moments(features, weight=None):
    """features [N, D] -> (mean [D], covariance [D, D]) in double; weight [N]: how often each counts."""
    features = features.double()
    weight = torch.ones(len(features)) if weight is None else weight
    weight = (weight / weight.sum()).double()
    mean = weight @ features
    centred = features - mean
    return mean, centred.T @ (weight[:, None] * centred)


def matrix_root(symmetric):
    values, vectors = torch.linalg.eigh(symmetric)
    return vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T


def frechet_distance(a, b):
    """Of two (mean, covariance). The eigenvalues of C_a C_b are those of C_a^½ C_b C_a^½, which is symmetric."""
    (mean_a, cov_a), (mean_b, cov_b) = a, b
    root = matrix_root(cov_a)
    shared = torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()
    return ((mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * shared).item()


def frechet_with_error(features, reference, groups=10):
    """(distance of the features [N, D] to the reference's moments, its standard error).

    The error is the jackknife's over groups of images: the spread of the distance as each is left out.
    Groups are taken a stride apart, so that each is mixed where the images are sorted.
    """
    group = torch.arange(len(features)) % groups
    left = torch.tensor([frechet_distance(moments(features[group != g]), reference) for g in range(groups)])
    error = math.sqrt((groups - 1) / groups * (left - left.mean()).square().sum().item())
    return frechet_distance(moments(features), reference), error
