"""TorchOpt: the loop of its MAML example."""

import torch
import torchopt

from . import Unsupported, torch_nets
from .torch_nets import set_up

__all__ = ["VERSIONS", "Adapter", "set_up"]
VERSIONS = {**torch_nets.VERSIONS, "torchopt": torchopt.__version__}


class Adapter(torch_nets.TorchAdapter):
    def __init__(self, workload, episodes):
        if workload.order == 1:
            raise Unsupported("TorchOpt has no first order")
        super().__init__(workload, episodes)
        self.inner_opt = torchopt.MetaSGD(self.adapted, lr=workload.inner_lr)

    def run(self):
        query_losses = []
        net_state = torchopt.extract_state_dict(self.adapted, by="reference", detach_buffers=True)
        opt_state = torchopt.extract_state_dict(self.inner_opt, by="reference")
        for (x, y), (query_x, query_y) in self.episodes:
            x, query_x = self.before_adapted(x), self.before_adapted(query_x)
            for _ in range(self.workload.steps):
                self.inner_opt.step(self.loss_fn(self.adapted(x), y))
            query_losses.append(self.loss_fn(self.adapted(query_x), query_y))
            torchopt.recover_state_dict(self.adapted, net_state)
            torchopt.recover_state_dict(self.inner_opt, opt_state)
        torch.mean(torch.stack(query_losses)).backward()
