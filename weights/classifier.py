#!/usr/bin/env python3
"""Reads images: a small convolutional network that judges samples, trained apart from any model here.

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

from augment import augmented
from data import load_dataset

STEPS, BATCH = 1872, 128  # four epochs of MNIST


class Classifier(nn.Module):
    """[B,C,H,W] in [-1, 1] -> logits [B, classes]; H = W = size."""

    def __init__(self, channels=1, size=28, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.conv3 = nn.Conv2d(64, 64, 3, padding=1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for channels in (32, 64, 64))
        self.dropout = nn.Dropout(0.3)
        self.hidden = nn.Linear(64 * (size // 4) ** 2, 128)
        self.logits = nn.Linear(128, classes)

    def features(self, x):
        """[B, 128]: what the classes are read from."""
        h = F.max_pool2d(F.relu(self.norms[0](self.conv1(x))), 2)
        h = F.max_pool2d(F.relu(self.norms[1](self.conv2(h))), 2)
        h = F.relu(self.norms[2](self.conv3(h)))
        return F.relu(self.hidden(h.flatten(1)))

    def forward(self, x):
        return self.logits(self.dropout(self.features(x)))


@torch.no_grad()
def look_at(classifier, images, batch=500):
    """-> (features [N, 128], the class seen in each image [N])."""
    classifier.eval()
    features = torch.cat([classifier.features(part) for part in images.split(batch)])
    return features, classifier.logits(features).argmax(dim=1)


def read_classes(classifier, images):
    return look_at(classifier, images)[1]


def shifted(x, generator, most=2):
    """The batch moved by up to `most` pixels each way: the one augmentation that digits need."""
    dy, dx = torch.randint(-most, most + 1, (2,), generator=generator).tolist()
    padded = F.pad(x, (most,) * 4, value=-1.0)
    height, width = x.shape[2:]
    return padded[:, :, most + dy : most + dy + height, most + dx : most + dx + width]


def changed(dataset, pick, generator):
    x0 = dataset.x0[pick]
    return augmented(x0, generator) if dataset.augment else shifted(x0, generator)


def one_epoch(dataset, generator):
    """Indices of as many images as there are, as training draws them."""
    if dataset.weight is None:
        return torch.randperm(len(dataset.x0), generator=generator)
    return dataset.pick(len(dataset.x0), generator)


def train_classifier(dataset, lr=2e-3, seed=1):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    classifier = Classifier(*dataset.x0.shape[1:3], len(dataset.class_names))
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=lr, weight_decay=0.01)
    in_epoch, began = len(dataset.x0) // BATCH, time.time()
    for step in range(STEPS):
        if step % in_epoch == 0:
            order = one_epoch(dataset, generator)
        pick = order[step % in_epoch * BATCH :][:BATCH]
        for group in optimizer.param_groups:
            group["lr"] = lr * 0.5 * (1 + math.cos(math.pi * step / STEPS))
        classifier.train()
        loss = F.cross_entropy(classifier(changed(dataset, pick, generator)), dataset.label[pick])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if (step + 1) % 200 == 0:
            print(f"classifier: step {step + 1}/{STEPS}  loss {loss.item():.4f}  {time.time() - began:.0f} s",
                  flush=True)
    return classifier


def measure_accuracy(classifier, test):
    return (read_classes(classifier, test.x0) == test.label).double().mean().item()


def load_or_train(path, data):
    """-> (Classifier, test accuracy), from `path` or trained and kept there."""
    test = load_dataset(data, "t10k")
    if os.path.exists(path):
        classifier = Classifier(*test.x0.shape[1:3], len(test.class_names))
        classifier.load_state_dict(torch.load(path))
    else:
        classifier = train_classifier(load_dataset(data, "train"))
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        torch.save(classifier.state_dict(), path)
    accuracy = measure_accuracy(classifier, test)
    print(f"classifier: {accuracy:.2%} of the test images read right", flush=True)
    if accuracy < test.judge_accuracy:
        raise SystemExit(f"A judge needs {test.judge_accuracy:.0%}: delete {path} and train it longer.")
    return classifier, accuracy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with the four IDX files, or with colour records")
    parser.add_argument("--out", default="build/evaluation/classifier.pt")
    args = parser.parse_args()
    load_or_train(args.out, args.data)


if __name__ == "__main__":
    sys.exit(main())
