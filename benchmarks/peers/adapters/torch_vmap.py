"""A yardstick: torch.func's vmap over the tasks, grad within it and round it."""

import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from workloads import LSTM

from . import Unsupported, torch_nets
from .torch_nets import VERSIONS, set_up

__all__ = ["VERSIONS", "Adapter", "set_up"]

#: The dimensions that a norm's statistics are taken over, and the shape of its weight.
NORMS = {nn.BatchNorm2d: ((0, 2, 3), (-1, 1, 1)), nn.LayerNorm: ((-1,), (-1,))}


class Norm(nn.Module):
    """A norm of simple operations: the second derivative of torch's own is off by 1e-3 to 1e-2 under vmap."""

    def __init__(self, norm):
        super().__init__()
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps
        self.over, self.shape = NORMS[type(norm)]

    def forward(self, x):
        variance, mean = torch.var_mean(x, self.over, correction=0, keepdim=True)
        x = (x - mean) * torch.rsqrt(variance + self.eps)
        return x * self.weight.reshape(self.shape) + self.bias.reshape(self.shape)


def replace_norms(module):
    for name, child in module.named_children():
        if type(child) in NORMS:
            setattr(module, name, Norm(child))
        else:
            replace_norms(child)


class Adapter(torch_nets.TorchAdapter):
    def __init__(self, workload, episodes):
        if isinstance(workload.net, LSTM):
            raise Unsupported("torch has no batching rule for its LSTM")
        super().__init__(workload, episodes)
        replace_norms(self.net)
        self.batch = [torch.stack(parts) for parts in zip(*((*s, *q) for s, q in self.episodes))]
        self.found = {}

    def run(self):
        def mean_query_loss(weights):
            return vmap(self.query_loss, in_dims=(None, 0, 0, 0, 0))(weights, *self.batch).mean()

        self.found = grad(mean_query_loss)({name: p.detach() for name, p in self.net.named_parameters()})

    def query_loss(self, weights, x, y, query_x, query_y):
        slow = {name: w for name, w in weights.items() if self.workload.head_only and not name.startswith("head.")}
        fast = {name: w for name, w in weights.items() if name not in slow}
        if self.workload.head_only:
            body = {name.partition(".")[2]: w for name, w in slow.items()}
            x, query_x = functional_call(self.net.body, body, x), functional_call(self.net.body, body, query_x)
            fast = {name.partition(".")[2]: w for name, w in fast.items()}

        def loss(fast, x, y):
            return self.loss_fn(functional_call(self.adapted, fast, x), y)

        for _ in range(self.workload.steps):
            gradients = grad(loss)(fast, x, y)
            if self.workload.order == 1:
                gradients = {name: g.detach() for name, g in gradients.items()}
            fast = {name: w - self.workload.inner_lr * gradients[name] for name, w in fast.items()}
        return loss(fast, query_x, query_y)

    def gradients(self):
        place = {id(p): name for name, p in self.net.named_parameters()}
        return torch_nets.by_name(self.workload, [self.found[place[id(p)]] for p in torch_nets.in_order(self.net)])

    def clear(self):
        self.found = {}
