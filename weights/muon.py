"""Muon (Jordan et al. 2024): momentum whose every direction counts alike, for the weights of hidden layers.

The gradient of such a layer is mostly a few strong directions. Muon takes the momentum's singular values for 1, so that
weak ones, which tell rare strokes apart, are learned at the same pace. Against AdamW alone: the 2015 network after
1,000 steps of its start misses 0.100 bits a pixel at t >= 512, not 0.111; the U-Net on emoji has a squared error of 0.285
after 300 steps, not 0.341. A step of the U-Net takes as long, to a few percent, one of the 2015 network's start 1.4
times as long.
"""

import math

import torch

MOMENTUM = 0.95
UPDATE_SIZE = 0.4  # root mean square of an update over the learning rate, about what AdamW's is: one rate serves both
# Coefficients a, b, c of X <- aX + bXX'X + c(XX')²X, Jordan's: five rounds bring singular values in [0.01, 1] to
# [0.7, 1.2], which is as good as 1 here and faster than to reach it.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
ROUNDS = 5


def orthogonalised(matrix):
    """[M,N] -> the same with singular values of about 1, in bfloat16 within."""
    a, b, c = NEWTON_SCHULZ
    wide = matrix.shape[0] <= matrix.shape[1]
    x = (matrix if wide else matrix.t()).bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(ROUNDS):
        square = x @ x.t()
        x = a * x + (b * square + c * (square @ square)) @ x
    return (x if wide else x.t()).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Of parameters [M,...], each as a matrix of M rows; weight_decay is AdamW's."""

    def __init__(self, matrices, lr, weight_decay):
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:  # none: it is at rest
                    self.step_matrix(parameter, group)

    def step_matrix(self, parameter, group):
        momentum = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
        momentum.mul_(MOMENTUM).add_(parameter.grad)
        ahead = (parameter.grad + MOMENTUM * momentum).flatten(1)
        # An orthogonal M x N matrix has entries of root mean square 1 / sqrt(max(M, N)).
        update = orthogonalised(ahead) * UPDATE_SIZE * math.sqrt(max(ahead.shape))
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(update.view_as(parameter), alpha=-group["lr"])
