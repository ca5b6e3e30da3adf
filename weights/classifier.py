#!/usr/bin/env python3
"""Reads digits: a small convolutional network that judges samples, trained apart from any model here.

`weights/classifier.py --data DIR --out FILE` trains it (minutes); evaluate.py does so by itself where
the file is missing.
"""

import argparse
import math
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

from data import load_split

NEEDED_ACCURACY = 0.99  # of a judge: on test images that neither network has seen


class Classifier(nn.Module):
    """[B,1,28,28] in [-1, 1] -> logits [B, classes]."""

    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.conv3 = nn.Conv2d(64, 64, 3, padding=1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for channels in (32, 64, 64))
        self.dropout = nn.Dropout(0.3)
        self.hidden = nn.Linear(64 * 7 * 7, 128)
        self.logits = nn.Linear(128, classes)

    def forward(self, x):
        h = F.max_pool2d(F.relu(self.norms[0](self.conv1(x))), 2)
        h = F.max_pool2d(F.relu(self.norms[1](self.conv2(h))), 2)
        h = F.relu(self.norms[2](self.conv3(h)))
        return self.logits(self.dropout(F.relu(self.hidden(h.flatten(1)))))


@torch.no_grad()
def read_classes(classifier, images, batch=500):
    """The class that the classifier sees in each image."""
    classifier.eval()
    return torch.cat([classifier(part).argmax(dim=1) for part in images.split(batch)])


def shifted(x, generator, most=2):
    """The batch moved by up to `most` pixels each way: the one augmentation that digits need."""
    dy, dx = torch.randint(-most, most + 1, (2,), generator=generator).tolist()
    padded = F.pad(x, (most,) * 4, value=-1.0)
    height, width = x.shape[2:]
    return padded[:, :, most + dy : most + dy + height, most + dx : most + dx + width]


def train_classifier(data, epochs=4, batch=128, lr=2e-3, seed=1):
    """-> (Classifier, test accuracy)."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x0, labels = load_split(data, "train")
    classifier = Classifier(int(labels.max()) + 1)
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=lr, weight_decay=0.01)
    steps, began = epochs * (len(x0) // batch), time.time()
    for step in range(steps):
        if step % (len(x0) // batch) == 0:
            order = torch.randperm(len(x0), generator=generator)
        pick = order[step % (len(x0) // batch) * batch :][:batch]
        for group in optimizer.param_groups:
            group["lr"] = lr * 0.5 * (1 + math.cos(math.pi * step / steps))
        classifier.train()
        loss = F.cross_entropy(classifier(shifted(x0[pick], generator)), labels[pick])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if (step + 1) % 200 == 0:
            print(f"classifier: step {step + 1}/{steps}  loss {loss.item():.4f}  {time.time() - began:.0f} s",
                  flush=True)
    return classifier, measure_accuracy(classifier, data)


def measure_accuracy(classifier, data):
    x0, labels = load_split(data, "t10k")
    return (read_classes(classifier, x0) == labels).double().mean().item()


def load_or_train(path, data):
    """-> (Classifier, test accuracy), from `path` or trained and kept there."""
    if os.path.exists(path):
        state = torch.load(path)
        classifier = Classifier(state["logits.weight"].shape[0])
        classifier.load_state_dict(state)
        accuracy = measure_accuracy(classifier, data)
    else:
        classifier, accuracy = train_classifier(data)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        torch.save(classifier.state_dict(), path)
    print(f"classifier: {accuracy:.2%} of the test images read right", flush=True)
    if accuracy < NEEDED_ACCURACY:
        raise SystemExit(f"A judge needs {NEEDED_ACCURACY:.0%}: delete {path} and train it longer.")
    return classifier, accuracy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with the four IDX files")
    parser.add_argument("--out", default="build/evaluation/classifier.pt")
    args = parser.parse_args()
    load_or_train(args.out, args.data)


if __name__ == "__main__":
    sys.exit(main())
