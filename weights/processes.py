"""One training run on several processes, as torchrun starts them; alone, everything here does nothing.

Every process draws the same random numbers for the whole batch and works on its own share of it, so
that N processes train the same weights as one does, up to the order of sums.
"""

import os
import sys

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel


class Processes:
    def __init__(self):
        self.rank, self.count = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        self.on_this_machine = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
        self.device = torch.device("cpu")
        if torch.cuda.is_available():
            self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
            torch.cuda.set_device(self.device)
        if self.count > 1:
            distributed.init_process_group("nccl" if self.device.type == "cuda" else "gloo")

    @property
    def first(self):
        """The one process that writes and prints."""
        return self.rank == 0

    def share(self, batch):
        """This process's part of a batch, on its device."""
        part = len(batch) // self.count
        return batch[self.rank * part : (self.rank + 1) * part].to(self.device)

    def wrap(self, model):
        """The model to call in training: its gradients become means over all processes."""
        return DistributedDataParallel(model) if self.count > 1 else model

    def any(self, flag):
        """True on all processes if it is on one: nobody may stop alone."""
        if self.count == 1:
            return flag
        flags = torch.tensor([float(flag)], device=self.device)
        distributed.all_reduce(flags, distributed.ReduceOp.MAX)
        return flags.item() > 0

    def leave(self):
        """Ends the process, of several, at once. Gloo's own way out now and then never ended in PyTorch 1.13
        (seen once in 50 runs, in one process after the other had gone), and everything is saved by now."""
        if self.count > 1:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
