"""A yardstick: JAX's jit of grad of vmap, compiled before the timing."""

import os

import jax
import jax.numpy as jnp
import numpy as np
from workloads import MLP, ConvNet, weights

from . import Unsupported

VERSIONS = {"jax": jax.__version__}


def set_up(threads: int) -> None:
    os.environ["JAX_PLATFORMS"] = "cpu"  # both are read when the first array is made
    os.environ["NPROC"] = str(threads)


def linear(w, name, x):
    return x @ w[f"{name}.weight"] + w[f"{name}.bias"]


def mlp(spec, w, x):
    last = len(spec.sizes) - 2
    for i in range(last):
        x = jax.nn.relu(linear(w, f"linear{i}", x))
    return linear(w, f"linear{last}", x)


def strided_convolutions(spec, w, x):
    for i in range(4):
        x = jax.lax.conv(x, w[f"block{i}.conv.weight"], (2, 2), ((1, 1), (1, 1)))
        x = x + w[f"block{i}.conv.bias"][:, None, None]
        mean, variance = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
        scale, shift = (w[f"block{i}.norm.{part}"][:, None, None] for part in ("weight", "bias"))
        x = jax.nn.relu((x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + shift)
    return x.reshape(len(x), -1)


def squared_error(output, y):
    return jnp.mean((output - y) ** 2)


def cross_entropy(output, y):
    return -jnp.take_along_axis(jax.nn.log_softmax(output), y[:, None], 1).mean()


class Adapter:
    def __init__(self, workload, episodes):
        spec = workload.net
        if not isinstance(spec, (MLP, ConvNet)) or getattr(spec, "pool", False):
            raise Unsupported("a yardstick for the small nets only")
        jax.config.update("jax_enable_x64", workload.dtype == "float64")
        self.weights = {name: jnp.asarray(value) for name, value in weights(workload).items()}
        self.batch = [jnp.asarray(np.stack(parts)) for parts in zip(*((*s, *q) for s, q in episodes))]
        self.compiled = jax.jit(jax.grad(lambda w, *batch: self.mean_query_loss(workload, w, *batch)))

    def mean_query_loss(self, workload, w, *batch):
        loss_fn = squared_error if workload.net.ways is None else cross_entropy
        spec, is_mlp = workload.net, isinstance(workload.net, MLP)

        def body(w, x):
            return x if is_mlp else strided_convolutions(spec, w, x)

        def head(w, x):
            return mlp(spec, w, x) if is_mlp else linear(w, "head", x)

        def task(x, y, query_x, query_y):
            fast = {n: p for n, p in w.items() if not workload.head_only or n.startswith("head")}
            if workload.head_only:
                x, query_x = body(w, x), body(w, query_x)

            def loss(fast, x, y):
                return loss_fn(head(fast, x if workload.head_only else body(fast, x)), y)

            for _ in range(workload.steps):
                gradients = jax.grad(loss)(fast, x, y)
                if workload.order == 1:
                    gradients = jax.lax.stop_gradient(gradients)
                fast = jax.tree.map(lambda p, g: p - workload.inner_lr * g, fast, gradients)
            return loss(fast, query_x, query_y)

        return jax.vmap(task)(*batch).mean()

    def run(self):
        self.found = jax.block_until_ready(self.compiled(self.weights, *self.batch))

    def gradients(self):
        return {name: np.asarray(gradient) for name, gradient in self.found.items()}

    def clear(self):
        self.found = {}
