"""The same by hand in Paddle, where Paddle's own double gradients are right: what our overhead is measured against."""

import paddle
import paddle.nn.functional as F

from . import Unsupported, paddle_nets
from .ours import VERSIONS, set_up

__all__ = ["VERSIONS", "Adapter", "set_up"]


def linear(x, weights):
    return x @ weights[0] + weights[1]


def mlp(x, weights):
    while len(weights) > 2:
        x, weights = F.relu(linear(x, weights)), weights[2:]
    return linear(x, weights)


def squared_error(output, y):
    return ((output - y) ** 2).mean()


def cross_entropy(output, y):
    """Of operators alone, for Paddle's has no second derivative."""
    output = output - output.max(1, keepdim=True).detach()
    return (output.exp().sum(1).log() - (output * F.one_hot(y, output.shape[1])).sum(1)).mean()


class Adapter:
    """Second order for the MLP, and for ANIL, where one linear layer adapts; first order for every net."""

    def __init__(self, workload, episodes):
        self.inner_lr, self.steps, self.order = workload.inner_lr, workload.steps, workload.order
        self.net, self.named = paddle_nets.make(workload)
        self.parameters, self.episodes = list(self.named.values()), paddle_nets.tensors(episodes)
        if workload.head_only:
            self.task, self.body, self.head = self.functional, self.net.features, linear
            self.adapted = self.parameters[-2:]
        elif workload.net.ways is None:
            self.task, self.body, self.head = self.functional, lambda x: x, mlp
            self.adapted = self.parameters
        elif workload.order == 1:
            self.task = self.in_place
        else:
            raise Unsupported("Paddle's own second derivatives are wrong or missing for this net")
        self.loss_fn = cross_entropy if workload.net.ways else squared_error

    def run(self):
        for (x, y), (query_x, query_y) in self.episodes:
            self.task(x, y, query_x, query_y)

    def functional(self, x, y, query_x, query_y):
        """The body's output, computed once, through the head on fast weights."""
        x, query_x, fast = self.body(x), self.body(query_x), self.adapted
        for _ in range(self.steps):
            loss = self.loss_fn(self.head(x, fast), y)
            gradients = paddle.grad(loss, fast, create_graph=self.order == 2, retain_graph=True)
            fast = [w - self.inner_lr * g for w, g in zip(fast, gradients)]
        (self.loss_fn(self.head(query_x, fast), query_y) / len(self.episodes)).backward()

    def in_place(self, x, y, query_x, query_y):
        """The net's own weights moved and put back: the gradient where they end is the first-order one."""
        before = [p.detach().clone() for p in self.parameters]
        for _ in range(self.steps):
            gradients = paddle.grad(F.cross_entropy(self.net(x), y), self.parameters)
            with paddle.no_grad():
                for p, g in zip(self.parameters, gradients):
                    p.subtract_(self.inner_lr * g)
        (F.cross_entropy(self.net(query_x), query_y) / len(self.episodes)).backward()
        with paddle.no_grad():
            for p, value in zip(self.parameters, before):
                paddle.assign(value, p)

    def gradients(self):
        return {name: p.grad.numpy() for name, p in self.named.items()}

    def clear(self):
        for p in self.parameters:
            p.clear_gradient()
