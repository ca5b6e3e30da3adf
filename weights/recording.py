"""Networks that can be compared layer by layer: the twin of what the core's graph names its buffers."""

from torch import nn


class Recording(nn.Module):
    """While `record` is on, `note` keeps a copy of each value in `activations`, by its buffer's name."""

    def __init__(self):
        super().__init__()
        self.record, self.activations = False, {}

    def note(self, name, value):
        if self.record:
            self.activations[name] = value.detach().float().clone()
        return value
