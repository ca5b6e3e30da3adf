"""The 2015 paper's network for MNIST, as its reference implementation has it: the twin of
core/network/paper_network.cpp.

Sohl-Dickstein et al. (2015), appendix D.2, with the reference code's defaults for MNIST: convolutions (one
scale) beside a dense pathway, then layers that see one pixel at a time. (The paper's text has the dense pathway
alone for MNIST.) None of it sees t: a pixel gets coefficients over bumps in time, and reading them at t gives
z_mu and z_sigma, of which predictions.Transition makes the mean and variance of the step t -> t-1.

Module names are the tensor names of the weights file. Letters as in unet.py, J bumps.
"""

import math
from dataclasses import asdict, dataclass

import torch
from torch import nn
from torch.nn import functional as F

from predictions import NUM_STEPS
from recording import Recording

LEAK = 0.05  # slope of the convolutions' activation below 0


@dataclass
class PaperNetworkConfig:
    """What the weights file says of the network; `core/network/paper_network.h` reads the same keys."""

    size: int = 28  # height and width of the image, in pixels
    channels: int = 1  # image channels
    conv_channels: int = 20  # of every 3x3 convolution
    conv_layers: int = 4
    dense_hidden: int = 500  # units of the dense pathway's hidden layers
    dense_layers: int = 4
    dense_channels: int = 2  # the dense pathway's outputs for each pixel
    upper_channels: int = 20  # of the hidden layers that see one pixel at a time
    upper_layers: int = 2
    bumps: int = 10  # J

    classes = 0  # every image is of "any class"

    @property
    def channels_in(self):
        return self.channels

    def to_dict(self):
        return asdict(self)


def bump_basis(t, bumps, num_steps=NUM_STEPS):
    """t [B] -> g_j(t) [B, J], sum 1 over j: Gaussian bumps whose centres divide 1..T evenly, each as wide
    (standard deviation) as half the distance between centres, as in the reference code."""
    centres = torch.linspace(-1, 1, bumps, device=t.device)
    width = 1 / (bumps - 1)
    u = (2 * (t.double() - 1) / (num_steps - 1) - 1).float()
    return torch.softmax(-((u[:, None] - centres) ** 2) / (2 * width**2), dim=1)


def layers(kind, widths, **options):
    return nn.ModuleList(kind(a, b, **options) for a, b in zip(widths, widths[1:]))


class PaperNetwork(Recording):
    """(x_t [B,C,H,W], t [B]) -> (z_mu, z_sigma) [B,2C,H,W]; a label is taken and not looked at."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        c, pixels = config.channels, config.channels * config.size**2
        dense_out = config.dense_channels * config.size**2
        merged = config.conv_channels + config.dense_channels
        self.conv = layers(nn.Conv2d, [c] + [config.conv_channels] * config.conv_layers, kernel_size=3, padding=1)
        self.dense = layers(nn.Linear, [pixels] + [config.dense_hidden] * (config.dense_layers - 1) + [dense_out])
        upper = [merged] + [config.upper_channels] * (config.upper_layers - 1) + [2 * c * config.bumps]
        self.upper = layers(nn.Conv2d, upper, kernel_size=1)
        self.resting = False  # the convolutions
        self.start()

    @torch.no_grad()
    def start(self):
        """Weights that keep the size of what passes, the pathways weighing alike, and no coefficients: then
        the reverse transition is the forward kernel."""
        for layer in [*self.conv, *self.dense, *self.upper]:
            nn.init.zeros_(layer.bias)
        for layer in self.conv:
            nn.init.kaiming_normal_(layer.weight, a=LEAK)
        self.pass_the_image()
        for layer in [*self.dense, *self.upper]:
            nn.init.normal_(layer.weight, std=1 / math.sqrt(layer.weight[0].numel()))
        conv, dense = self.config.conv_channels, self.config.dense_channels
        self.upper[0].weight[:, :conv] *= math.sqrt((conv + dense) / (2 * conv))
        self.upper[0].weight[:, conv:] *= math.sqrt((conv + dense) / (2 * dense))
        nn.init.zeros_(self.upper[-1].weight)

    @torch.no_grad()
    def pass_the_image(self):
        """The first 2C channels of the convolutions become the image's positive and negative part: the mean needs
        x_t itself at every pixel, and the dense pathway is too narrow for its noise."""
        c = self.config.channels
        for i, layer in enumerate(self.conv):
            layer.weight[: 2 * c] = layer.bias[: 2 * c] = 0
            for k in range(2 * c):
                layer.weight[k, k % c if i == 0 else k, 1, 1] = -1 if i == 0 and k >= c else 1

    @torch.no_grad()
    def rest_convolutions(self):
        """From here on the convolutions only pass the image, for a start that trains several times as fast. What
        the upper layers make of their other channels is 0 then, and stays it until they are used."""
        self.resting = True
        self.conv.requires_grad_(False)
        self.pass_the_image()  # as a fresh network does, whatever the weights were
        nn.init.zeros_(self.upper[0].weight[:, 2 * self.config.channels : self.config.conv_channels])

    def hidden_weights(self):
        """What Muon trains: the dense pathway, which decides at large t what becomes a digit, and the convolutions
        after the first."""
        return [layer.weight for layer in [*self.dense, *self.conv[1:]]]

    def convolved(self, x):
        if self.resting:
            return F.leaky_relu(torch.cat([x, -x], dim=1), LEAK ** len(self.conv))
        for i, layer in enumerate(self.conv):
            x = self.note(f"conv.{i}", F.leaky_relu(layer(x), LEAK))
        return x

    def dense_image(self, x):
        whole = x.flatten(1)
        for i, layer in enumerate(self.dense):
            whole = layer(whole) if i + 1 == len(self.dense) else torch.tanh(layer(whole))
            self.note(f"dense.{i}", whole)
        return whole.view(-1, self.config.dense_channels, *x.shape[2:])

    def first_upper(self, x):
        """What the first of the upper layers makes of both pathways."""
        first, h = self.upper[0], torch.cat([self.convolved(x), self.dense_image(x)], dim=1)
        if not self.resting:
            return first(h)
        used = [*range(2 * self.config.channels), *range(self.config.conv_channels, first.in_channels)]
        return F.conv2d(h, first.weight[:, used], first.bias)

    def before_last(self, x):
        """What the last of the upper layers sees."""
        h = torch.tanh(self.first_upper(x))
        for i, layer in enumerate(self.upper[1:-1], start=1):
            h = torch.tanh(layer(self.note(f"upper.{i - 1}", h)))
        return self.note(f"upper.{len(self.upper) - 2}", h)

    def coefficients(self, x):
        """[B,C,H,W] -> y [B,2CJ,H,W]: for z_mu J to a channel, then for z_sigma."""
        return self.note(f"upper.{len(self.upper) - 1}", self.upper[-1](self.before_last(x)))

    def read(self, y, t):
        """The coefficients at time t: z_k = sum_j y_kj g_j(t)."""
        b, _, height, width = y.shape
        g = bump_basis(t, self.config.bumps)[:, None, :, None, None]
        return (y.reshape(b, -1, self.config.bumps, height, width) * g).sum(2)

    def weights_at(self, t):
        """The last layer's weights [B,2C,U] and biases [B,2C] read at t, in float32."""
        last, g = self.upper[-1], bump_basis(t, self.config.bumps)
        with torch.autocast(t.device.type, enabled=False):
            weight = torch.einsum("bj,kju->bku", g, last.weight.view(-1, self.config.bumps, last.in_channels))
            return weight, torch.einsum("bj,kj->bk", g, last.bias.view(-1, self.config.bumps))

    def read_at_once(self, h, t):
        """read(coefficients) without the coefficients, as both are linear: the last layer has a tenth of its outputs
        then, and training without convolutions (--dense-only) is faster by 27 % (4,220 images/s for 3,320, batch 512 on a
        core of an AMD EPYC; with them, frozen or not, by 0.5 %)."""
        weight, bias = self.weights_at(t)
        return torch.bmm(weight, h.flatten(2)).view(len(h), -1, *h.shape[2:]) + bias[:, :, None, None]

    def forward(self, x, t, label=None):
        if self.record:
            return self.note("output", self.read(self.coefficients(x), t))
        return self.read_at_once(self.before_last(x), t)
