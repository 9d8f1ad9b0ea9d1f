"""higher: the loop of its MAML example. It has no first order; its issues answer with a gradient by hand."""

from importlib.metadata import version

import higher
import torch

from . import torch_nets
from .torch_nets import set_up

__all__ = ["VERSIONS", "Adapter", "set_up"]
VERSIONS = {**torch_nets.VERSIONS, "higher": version("higher")}


class Adapter(torch_nets.TorchAdapter):
    def __init__(self, workload, episodes):
        super().__init__(workload, episodes)
        self.inner_opt = torch.optim.SGD(self.adapted.parameters(), lr=workload.inner_lr)

    def run(self):
        second = self.workload.order == 2
        for (x, y), (query_x, query_y) in self.episodes:
            x, query_x = self.before_adapted(x), self.before_adapted(query_x)
            context = higher.innerloop_ctx(
                self.adapted, self.inner_opt, copy_initial_weights=False, track_higher_grads=second
            )
            with context as (fnet, diffopt):
                for _ in range(self.workload.steps):
                    diffopt.step(self.loss_fn(fnet(x), y))
                query_loss = self.loss_fn(fnet(query_x), query_y) / len(self.episodes)
                if second:
                    query_loss.backward()
                else:
                    self.first_order(query_loss, fnet)

    def first_order(self, query_loss, fnet):
        """The gradient at the adapted weights, laid on the net's; what lies before them gets its own."""
        body = list(self.net.body.parameters()) if self.workload.head_only else []
        targets = [*body, *self.adapted.parameters()]
        for p, gradient in zip(targets, torch.autograd.grad(query_loss, [*body, *fnet.parameters()])):
            p.grad = gradient if p.grad is None else p.grad + gradient
