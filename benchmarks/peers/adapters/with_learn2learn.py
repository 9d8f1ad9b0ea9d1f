"""learn2learn: the loop of its README, and of its ANIL example for the head alone."""

from learn2learn._version import __version__
from learn2learn.algorithms.maml import MAML

from . import torch_nets
from .torch_nets import set_up

__all__ = ["VERSIONS", "Adapter", "set_up"]
VERSIONS = {**torch_nets.VERSIONS, "learn2learn": __version__}


class Adapter(torch_nets.TorchAdapter):
    def __init__(self, workload, episodes):
        super().__init__(workload, episodes)
        self.maml = MAML(self.adapted, lr=workload.inner_lr, first_order=workload.order == 1)

    def run(self):
        for (x, y), (query_x, query_y) in self.episodes:
            x, query_x = self.before_adapted(x), self.before_adapted(query_x)
            learner = self.maml.clone()
            for _ in range(self.workload.steps):
                learner.adapt(self.loss_fn(learner(x), y))
            self.loss_fn(learner(query_x), query_y).backward()
        for p in self.net.parameters():
            p.grad.data.mul_(1.0 / len(self.episodes))
