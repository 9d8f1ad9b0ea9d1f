"""paddle_metaopt, out of the box."""

import paddle

import paddle_metaopt as metaopt

from . import paddle_nets

VERSIONS = {"paddle_metaopt": metaopt.__version__, "paddle": paddle.__version__}


def set_up(threads: int) -> None:
    if hasattr(metaopt, "tune_cpu"):
        metaopt.tune_cpu(threads)


class Adapter:
    def __init__(self, workload, episodes):
        self.net, self.named = paddle_nets.make(workload)
        self.episodes, self.loss_fn = paddle_nets.tensors(episodes), paddle_nets.loss_of(workload)
        choices = {
            "learning_rate": 1e-3,
            "parameters": self.net.parameters(),
            "inner_lr": workload.inner_lr,
            "adapt_steps": workload.steps,
            "first_order": workload.order == 1,
        }
        if workload.head_only:
            self.opt = metaopt.ANILOptimizer(head=self.net.classifier, **choices)
        else:
            self.opt = metaopt.MAMLOptimizer(**choices)

    def take(self, episodes):
        self.episodes = paddle_nets.tensors(episodes)

    def begin_training(self, lr):
        self.outer = self.opt
        self.opt.set_lr(lr)

    def weights(self):
        return {name: p.numpy() for name, p in self.named.items()}

    def run(self):
        self.opt.meta_loss(self.net, self.episodes, self.loss_fn).backward()

    def gradients(self):
        return {name: p.grad.numpy() for name, p in self.named.items()}

    def clear(self):
        self.opt.clear_grad()
