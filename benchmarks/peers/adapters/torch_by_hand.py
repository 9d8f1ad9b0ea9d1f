"""The reference: torch's autograd and `functional_call`, no library between."""

import torch
from torch.func import functional_call

from .torch_nets import VERSIONS, TorchAdapter, set_up

__all__ = ["VERSIONS", "Adapter", "set_up"]


class Adapter(TorchAdapter):
    def run(self):
        second = self.workload.order == 2
        for (x, y), (query_x, query_y) in self.episodes:
            x, query_x = self.before_adapted(x), self.before_adapted(query_x)
            fast = dict(self.adapted.named_parameters())
            for _ in range(self.workload.steps):
                loss = self.loss_fn(functional_call(self.adapted, fast, x), y)
                gradients = torch.autograd.grad(loss, list(fast.values()), create_graph=second, retain_graph=True)
                fast = {name: w - self.workload.inner_lr * g for (name, w), g in zip(fast.items(), gradients)}
            query_loss = self.loss_fn(functional_call(self.adapted, fast, query_x), query_y)
            (query_loss / len(self.episodes)).backward()
