#!/usr/bin/env python3
"""Trains a Swiss roll: `weights/toys/train_swiss_roll.py --network radial-basis|perceptron --out FILE.safetensors`.

Sohl-Dickstein et al. 2015, appendix D.1.1: two dimensions, T = 40, a network whose hidden layer never sees t
and a readout for each step. The readout's four numbers are v and r of each coordinate, which make x0_hat and
x0_var as in the image models. It ascends the bound K, whose expectation over x_0 given x_t is
in closed form and taken exactly. With --learn-schedule beta_2..T ascend it too: x_t is a function of them and of
noise that stays as it was drawn (2.4.1, "frozen noise").
"""

import argparse
import math
import sys

import torch
from torch import nn

import swiss_roll
from descent import descend
from step_network import StepNetwork
from toy_file import write_toy

EARLY = 14  # t up to which the roll's thickness shows
LOG_VAR_RANGE = (-14.0, 4.0)  # of r in x0_var = (1 - alpha_bar) exp(r), as in the image models
NETWORKS = {
    "radial-basis": {"architecture": "radial-basis", "hidden": [16]},
    "perceptron": {"architecture": "perceptron", "hidden": [128, 128, 64], "activation": "tanh"},
}


class Betas(nn.Module):
    """beta_1..T, of which beta_2..T may be learned as logits."""

    def __init__(self, beta, learned):
        super().__init__()
        beta = torch.from_numpy(beta)
        self.first = beta[:1]
        self.logits = nn.Parameter(torch.logit(beta[1:]), requires_grad=learned)

    def alpha_bar(self):
        """[T + 1] in double."""
        alpha = torch.cat([torch.ones(1).double(), 1 - self.first, torch.sigmoid(-self.logits)])
        return torch.cumprod(alpha, 0)


def edge_entropies_bits(alpha_bar):
    """H_q(X_T|X_0) - H_q(X_1|X_0) - H_p(X_T) of two coordinates."""
    entropy = lambda var: 0.5 * torch.log2(2 * math.pi * math.e * var)
    return 2 * (entropy(1 - alpha_bar[-1]) - entropy(1 - alpha_bar[1]) - entropy(torch.ones(())))


def kl_bits(network, alpha_bar, t, draws, generator):
    """[times]: means of E KL(q(x_{t-1} | x_t, x_0) || p(x_{t-1} | x_t)) over `draws` of x_t, exact over x_0 given x_t."""
    at, before = alpha_bar[t][:, None, None], alpha_bar[t - 1][:, None, None]
    x0 = swiss_roll.sample((len(t), draws), generator)
    x_t = at.sqrt() * x0 + (1 - at).sqrt() * torch.randn(x0.shape, generator=generator)
    mean, var = swiss_roll.exact_answer(x_t, at)
    v, r = network(x_t, t).chunk(2, dim=-1)
    x0_hat = at.sqrt() * x_t - (1 - at).sqrt() * v
    beta = 1 - at / before
    g = before * beta / ((1 - at) * (1 - before))  # c0² / beta_tilde
    g_var = g * (1 - at) * r.clamp(*LOG_VAR_RANGE).exp()
    kl = 0.5 * (torch.log1p(g_var) + (1 + g * (var + (mean - x0_hat) ** 2)) / (1 + g_var) - 1)
    return kl.sum(dim=-1).mean(dim=1) / math.log(2)


def bound_bits(network, alpha_bar, draws, generator):
    """An estimate of K. The steps with little noise left have nearly all of the KL, and nearly all of the draws."""
    first, rest = torch.arange(2, EARLY + 1), torch.arange(EARLY + 1, len(alpha_bar))
    kl = kl_bits(network, alpha_bar.float(), first, draws, generator).sum()
    kl = kl + kl_bits(network, alpha_bar.float(), rest, max(1, draws // 8), generator).sum()
    return edge_entropies_bits(alpha_bar) - kl


def train(network, betas, args):
    generator = torch.Generator().manual_seed(args.seed)

    def loss():
        bound = bound_bits(network, betas.alpha_bar(), args.draws, generator)
        return -bound, "K", bound.item()

    descend(network, loss, args.steps, args.lr, warm_up=200, others=[(betas.parameters(), 1e-2)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--out", required=True, help="the weights file to write")
    parser.add_argument("--name", help="the model's name (default: swiss-roll and the network)")
    parser.add_argument("--schedule", choices=("cosine", "constant-rate"), default="cosine")
    parser.add_argument("--learn-schedule", action="store_true", help="beta_2..T from --schedule on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--draws", type=int, default=48, help="points at each early t in a training step")
    parser.add_argument("--lr", type=float, help="peak learning rate of Adam (default: by the network)")
    args = parser.parse_args()
    args.lr = args.lr or {"radial-basis": 3e-2, "perceptron": 3e-3}[args.network]
    torch.set_num_threads(1)
    config = {**NETWORKS[args.network], "inputs": 2, "outputs": 4, "num_steps": swiss_roll.NUM_STEPS,
              "readouts": swiss_roll.NUM_STEPS}
    network = StepNetwork(config, seed=args.seed, spread=3.0)
    if args.network == "radial-basis":
        start = torch.from_numpy(swiss_roll.both_sides(len(network.hidden.centre))).float()
        network.hidden.centre.data = start + 0.05 * torch.randn(start.shape, generator=torch.Generator().manual_seed(args.seed))
    betas = Betas(swiss_roll.betas(args.schedule), args.learn_schedule)
    train(network, betas, args)
    data = {"kind": "points", "dimensions": 2, "source": "swiss-roll"}
    write_toy(args.out, network, args.name or f"swiss-roll-{args.network}", data, "v", {"family": "table"},
              betas.alpha_bar().detach().numpy())


if __name__ == "__main__":
    sys.exit(main())
