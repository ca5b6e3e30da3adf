"""The networks of the 2015 paper's toys: hidden layers that never see t, and a linear readout for each step.

The twin of core/network/step_network.cpp; same tensor names. A radial-basis network has one hidden layer of
normalised Gaussian bumps, h_j(x) ∝ exp(-|x - centre_j|² / 2 width_j²) with sum 1; a multilayer perceptron
has layers of sigmoid or tanh units. With fewer readouts than steps they stand at evenly spread times in
[1, T] and are interpolated linearly between them.
"""

import math

import numpy as np
import torch
from torch import nn

ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh}


class RadialBasis(nn.Module):
    def __init__(self, inputs, units, generator):
        super().__init__()
        self.centre = nn.Parameter(1.2 * torch.randn(units, inputs, generator=generator))
        self.log_width = nn.Parameter(torch.full((units,), math.log(0.3)))

    def forward(self, x):
        # |x - c|² = |x|² - 2 x c + |c|², as products of matrices
        squares = (x * x).sum(-1, keepdim=True) - 2 * x @ self.centre.T + (self.centre**2).sum(-1)
        return torch.softmax(-squares / (2 * torch.exp(2 * self.log_width)), dim=-1)


class Perceptron(nn.Module):
    """`spread` scales the first layer: units that turn over a shorter distance see finer detail."""

    def __init__(self, inputs, hidden, activation, spread, generator):
        super().__init__()
        self.activation = ACTIVATIONS[activation]
        gain = 4.0 if activation == "sigmoid" else 1.0  # a sigmoid's slope at 0 is a quarter of a tanh's
        self.weight, self.bias = nn.ParameterList(), nn.ParameterList()
        for i, units in enumerate(hidden):
            scale = gain * (spread if i == 0 else 1.0) / math.sqrt(inputs)
            self.weight.append(nn.Parameter(scale * torch.randn(units, inputs, generator=generator)))
            self.bias.append(nn.Parameter(scale * torch.randn(units, generator=generator)))
            inputs = units

    def forward(self, x):
        for weight, bias in zip(self.weight, self.bias):
            x = self.activation(x @ weight.T + bias)
        return x


class StepNetwork(nn.Module):
    """config: architecture ("radial-basis" or "perceptron"), inputs, outputs, hidden [units of each layer],
    activation, num_steps (T), readouts."""

    def __init__(self, config, seed=1, spread=1.0):
        super().__init__()
        self.config = config
        generator = torch.Generator().manual_seed(seed)
        inputs, hidden = config["inputs"], config["hidden"]
        if config["architecture"] == "radial-basis":
            self.hidden = RadialBasis(inputs, hidden[0], generator)
        else:
            self.hidden = Perceptron(inputs, hidden, config["activation"], spread, generator)
        # From zero, where a model is the forward kernel run backwards.
        self.readout_weight = nn.Parameter(torch.zeros(config["readouts"], config["outputs"], hidden[-1]))
        self.readout_bias = nn.Parameter(torch.zeros(config["readouts"], config["outputs"]))

    def readout(self, t):
        """t [times] in [1, T] -> weight [times, outputs, units], bias [times, outputs]."""
        last = self.config["readouts"] - 1
        position = (t.double() - 1) * (last / (self.config["num_steps"] - 1))
        low = position.floor().long().clamp(0, max(last - 1, 0))
        high, part = (low + 1).clamp(max=last), (position - low).float()
        weight = torch.lerp(self.readout_weight[low], self.readout_weight[high], part[:, None, None])
        return weight, torch.lerp(self.readout_bias[low], self.readout_bias[high], part[:, None])

    def forward(self, x, t):
        """x [times, draws, inputs] at t [times] -> [times, draws, outputs]."""
        weight, bias = self.readout(t)
        return torch.baddbmm(bias[:, None], self.hidden(x), weight.transpose(1, 2))

    def tensors(self):
        """{name in the weights file: float16 array}."""
        arrays = {name: value.detach().numpy().astype(np.float16) for name, value in self.state_dict().items()}
        for name, value in arrays.items():
            if not np.isfinite(value).all():
                raise SystemExit(f"{name} has values beyond float16 (65504): lower the learning rate and train again.")
        return arrays

    def load(self, tensors):
        self.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in tensors.items()})
        return self
