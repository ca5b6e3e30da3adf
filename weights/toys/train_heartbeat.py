#!/usr/bin/env python3
"""Trains the heartbeat: `weights/toys/train_heartbeat.py --out FILE.safetensors [--seed 1]`.

Sohl-Dickstein et al. 2015, appendix D.1.2: 20 bits, T = 2000, a perceptron of three layers of 50 sigmoid
units and a readout for each step. It ascends the bound K. There are five sequences, so the expectation over
x_0 given x_t is a sum over them and taken exactly: what is left of a term of K is, but for a constant,
KL(exact reverse transition || the network's). A cross entropy of x_0 goes with it, which has the same
optimum and is felt at all t alike; the bound alone hardly moves the hidden layers at first.
"""

import argparse
import json
import sys

import torch
from torch.nn import functional

import bernoulli
from descent import descend
from bernoulli import NUM_BITS, NUM_STEPS
from toy_file import write_toy
from step_network import StepNetwork

TIMES, DRAWS = 64, 16  # of x_t in a training step


def draw_times(generator):
    """Of 2..T, one in each of TIMES equal parts."""
    part = (torch.arange(TIMES) + torch.rand(TIMES, generator=generator)) / TIMES
    return (2 + (part * (NUM_STEPS - 1)).floor()).long().clamp(max=NUM_STEPS)


def losses(network, sequences, generator):
    """-> (what K falls short of its best by, in bits/sequence; cross entropy of x_0, in nats/bit)."""
    t = draw_times(generator)
    x0 = sequences[torch.randint(len(sequences), (TIMES, DRAWS), generator=generator)]
    x_t = bernoulli.q_sample(x0, t, generator)
    logits = bernoulli.null_logits(x_t, t) + network(2 * x_t - 1, t)
    exact = bernoulli.exact_x0_hat(x_t, t, sequences)
    f_b = bernoulli.reverse(x_t, torch.sigmoid(logits), t)
    gap = bernoulli.kl_bits(bernoulli.reverse(x_t, exact, t), f_b).sum(dim=-1).mean() * (NUM_STEPS - 1)
    return gap, functional.binary_cross_entropy_with_logits(logits, exact) * NUM_BITS


def train(network, args):
    generator, sequences = torch.Generator().manual_seed(args.seed), bernoulli.heartbeats()

    def loss():
        gap, cross_entropy = losses(network, sequences, generator)
        return gap + cross_entropy, "gap", gap.item()

    descend(network, loss, args.steps, args.lr, warm_up=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="the weights file to write")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--lr", type=float, default=2e-2, help="peak learning rate of Adam")
    parser.add_argument("--readouts", type=int, default=101, help="stored ones; those of the steps between are interpolated")
    args = parser.parse_args()
    torch.set_num_threads(1)
    config = {"architecture": "perceptron", "inputs": NUM_BITS, "outputs": NUM_BITS, "hidden": [50, 50, 50],
              "activation": "sigmoid", "num_steps": NUM_STEPS, "readouts": args.readouts}
    network = StepNetwork(config, seed=args.seed)
    train(network, args)
    data = {"kind": "bits", "size": NUM_BITS, "base_rate": bernoulli.BASE_RATE}
    write_toy(args.out, network, "heartbeat", data, "x0-logit", {"family": "even"})


if __name__ == "__main__":
    sys.exit(main())
