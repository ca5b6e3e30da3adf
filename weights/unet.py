"""The U-Net of every image model here, in PyTorch: the twin of core/network/unet.cpp.

Module names are the tensor names of the weights file, and the keys of `activations` (filled while
`record` is on) are the buffer names of the core's graph, so that the two can be compared layer by
layer. Letters: B batch, C channels, H height, W width, E embedding width.
"""

import math
from dataclasses import asdict, dataclass, field

import torch
from torch import nn
from torch.nn import functional as F

from recording import Recording


@dataclass
class UNetConfig:
    """What the weights file says of the network; `core/network/unet.h` reads the same keys."""

    channels_in: int = 1  # image channels
    channels_out: int = 2  # image channels x (mean, variance)
    size: int = 28  # height and width of the image, in pixels
    fold: int = 2  # pixel-unshuffle factor: the network sees size/fold, with fold² times the channels
    widths: list = field(default_factory=lambda: [64, 80])  # channels at each resolution
    blocks: int = 1  # residual blocks at each resolution, each way
    groups: int = 8  # of every group norm
    heads: int = 2  # of the attention in the middle
    embedding: int = 128  # E
    classes: int = 10  # the label `classes` stands for "any class"

    def to_dict(self):
        return asdict(self)


# Networks by the image's shape (channels, size), of at most 2 MB (grey) and 4 MB (colour) in float16.
DEFAULT_WIDTHS = {(1, 28): [64, 80], (3, 32): [96, 112]}


def timestep_embedding(t, width):
    """[B] -> [B, width]: cos then sin of t at width/2 wavelengths from 2 pi to 10000 x 2 pi."""
    half = width // 2
    frequencies = torch.exp(-math.log(10000.0) * torch.arange(half, device=t.device) / half)
    angles = t.float()[:, None] * frequencies[None]
    return torch.cat([torch.cos(angles), torch.sin(angles)], dim=1)


class GroupNorm(nn.GroupNorm):
    """In float32 always: bfloat16 autocast would hand it mixed types."""

    def forward(self, x):
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())


class ResidualBlock(nn.Module):
    """x + conv(silu(norm(conv(silu(norm(x)))) scaled and shifted by the embedding)."""

    def __init__(self, channels_in, channels_out, config):
        super().__init__()
        self.norm1 = GroupNorm(config.groups, channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.modulation = nn.Linear(config.embedding, 2 * channels_out)
        self.norm2 = GroupNorm(config.groups, channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        same = channels_in == channels_out
        self.skip = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x, e):
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.modulation(e)[:, :, None, None].chunk(2, dim=1)
        h = F.silu(self.norm2(h) * (1 + scale) + shift)
        return self.skip(x) + self.conv2(h)


class Attention(nn.Module):
    """Self-attention over the H x W positions, with a residual."""

    def __init__(self, channels, config):
        super().__init__()
        self.heads = config.heads
        self.norm = GroupNorm(config.groups, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.proj = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.proj.weight)
        nn.init.zeros_(self.proj.bias)

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(b, 3, self.heads, c // self.heads, h * w).unbind(1)
        scores = torch.einsum("bhdq,bhdk->bhqk", q, k) / math.sqrt(c // self.heads)
        mixed = torch.einsum("bhqk,bhdk->bhdq", scores.softmax(dim=-1), v)
        return x + self.proj(mixed.reshape(b, c, h, w))


class UNet(Recording):
    """(x_t [B,C,H,W], t [B], label [B]) -> raw output [B, channels_out, H, W]."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        e, widths, folded = config.embedding, config.widths, config.fold**2
        self.time = nn.Sequential(nn.Linear(e, e), nn.SiLU(), nn.Linear(e, e))
        self.label = nn.Embedding(config.classes + 1, e)
        self.stem = nn.Conv2d(config.channels_in * folded, widths[0], 3, padding=1)

        self.down, self.downsample, skips, c = nn.ModuleList(), nn.ModuleList(), [], widths[0]
        for level, width in enumerate(widths):
            blocks = nn.ModuleList()
            for _ in range(config.blocks):
                blocks.append(ResidualBlock(c, width, config))
                c = width
                skips.append(c)
            self.down.append(blocks)
            if level + 1 < len(widths):
                self.downsample.append(nn.Conv2d(c, c, 3, stride=2, padding=1))

        self.mid1 = ResidualBlock(c, c, config)
        self.attention = Attention(c, config)
        self.mid2 = ResidualBlock(c, c, config)

        self.up, self.upsample = nn.ModuleList(), nn.ModuleList()
        for level in reversed(range(len(widths))):
            blocks = nn.ModuleList()
            for _ in range(config.blocks):
                blocks.append(ResidualBlock(c + skips.pop(), widths[level], config))
                c = widths[level]
            self.up.append(blocks)
            if level > 0:
                self.upsample.append(nn.Conv2d(c, widths[level - 1], 3, padding=1))
                c = widths[level - 1]

        self.head_norm = GroupNorm(config.groups, c)
        self.head = nn.Conv2d(c, config.channels_out * folded, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def hidden_weights(self):
        """What Muon trains: every convolution between the first and the last."""
        ends = (self.stem.weight, self.head.weight)
        return [weight for weight in self.parameters() if weight.dim() == 4 and all(weight is not end for end in ends)]

    def forward(self, x, t, label):
        e = self.time(timestep_embedding(t, self.config.embedding)) + self.label(label)
        e = self.note("embedding", F.silu(e))
        h = self.note("stem", self.stem(F.pixel_unshuffle(x, self.config.fold)))
        skips = []
        for level, blocks in enumerate(self.down):
            for i, block in enumerate(blocks):
                h = self.note(f"down.{level}.{i}", block(h, e))
                skips.append(h)
            if level < len(self.downsample):
                h = self.note(f"downsample.{level}", self.downsample[level](h))
        h = self.note("mid1", self.mid1(h, e))
        h = self.note("attention", self.attention(h))
        h = self.note("mid2", self.mid2(h, e))
        for level, blocks in enumerate(self.up):
            for i, block in enumerate(blocks):
                h = self.note(f"up.{level}.{i}", block(torch.cat([h, skips.pop()], dim=1), e))
            if level < len(self.upsample):
                h = F.interpolate(h, scale_factor=2, mode="nearest")
                h = self.note(f"upsample.{level}", self.upsample[level](h))
        h = self.head(F.silu(self.head_norm(h)))
        return self.note("output", F.pixel_shuffle(h, self.config.fold))
