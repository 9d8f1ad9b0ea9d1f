"""A physics-informed net: Burgers' equation, solved by the second derivatives of a net, against the exact solution.

    python examples/pinn.py

No data is needed: the net is trained to satisfy u_t + u u_x = ν u_xx, and has the initial and boundary values by its
form.
"""

from __future__ import annotations

import argparse
import math
import time

import matplotlib
import numpy as np
import paddle

import paddle_metaopt as metaopt

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

VISCOSITY = 0.05


class Solution(paddle.nn.Layer):
    """u(x, t) on [-1, 1] × [0, 1], with u(x, 0) = -sin(πx) and u(±1, t) = 0 whatever the weights are."""

    def __init__(self, width=32):
        super().__init__()
        sizes = [2, width, width, width, 1]
        layers = [layer for a, b in zip(sizes, sizes[1:]) for layer in (paddle.nn.Linear(a, b), paddle.nn.GELU())]
        self.net = paddle.nn.Sequential(*layers[:-1])

    def forward(self, x, t):
        return t * (1 - x * x) * self.net(paddle.concat([2 * x, 2 * t - 1], axis=1)) - paddle.sin(math.pi * x)


def residual(u, x, t):
    """How far u is from satisfying the equation, at each point."""
    value = u(x, t)
    u_x, u_t = paddle.grad(value.sum(), [x, t], create_graph=True)
    (u_xx,) = paddle.grad(u_x.sum(), [x], create_graph=True)
    return u_t + value * u_x - VISCOSITY * u_xx


@metaopt.twice_differentiable()
def train(u, steps, points=256):
    schedule = paddle.optimizer.lr.CosineAnnealingDecay(1e-2, T_max=steps)
    opt = paddle.optimizer.Adam(schedule, parameters=u.parameters())
    for _ in range(steps):
        x, t = paddle.rand([points, 1]) * 2 - 1, paddle.rand([points, 1])
        x.stop_gradient = t.stop_gradient = False
        loss = residual(u, x, t).square().mean()
        loss.backward()
        opt.step()
        opt.clear_grad()
        schedule.step()
    return float(loss)


def exact(x, t, nodes=200) -> np.ndarray:
    """The solution by the transform of Cole and Hopf, two integrals by Gauss and Hermite; for t > 0."""
    z, weights = np.polynomial.hermite.hermgauss(nodes)
    y = x[..., None] - np.sqrt(4 * VISCOSITY * t)[..., None] * z
    density = weights * np.exp(-np.cos(np.pi * y) / (2 * np.pi * VISCOSITY))
    return -(np.sin(np.pi * y) * density).sum(-1) / density.sum(-1)


def show(x, times, found, truth, path: str) -> None:
    figure, axis = plt.subplots(figsize=(7, 4))
    for t, net, right in zip(times, found, truth):
        (line,) = axis.plot(x, right, linewidth=4, alpha=0.35)
        axis.plot(x, net, color=line.get_color(), label=f"t = {t:g}")
    axis.plot([], [], color="gray", linewidth=4, alpha=0.35, label="exact")
    axis.set(xlabel="x", ylabel="u(x, t)")
    axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve Burgers' equation with a net.")
    parser.add_argument("--steps", type=int, default=1000, help="of Adam (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="pinn.png", help="the picture (%(default)s)")
    args = parser.parse_args()
    paddle.seed(args.seed)
    u, began = Solution(), time.perf_counter()
    loss = train(u, args.steps)
    seconds = time.perf_counter() - began
    x, times = np.linspace(-1, 1, 201), np.array([0.1, 0.25, 0.5, 1.0])
    grid_t, grid_x = np.meshgrid(times, x, indexing="ij")
    columns = [paddle.to_tensor(part.reshape(-1, 1), "float32") for part in (grid_x, grid_t)]
    with paddle.no_grad():
        found = u(*columns).numpy().reshape(grid_x.shape)
    truth = exact(grid_x, grid_t)
    error = np.linalg.norm(found - truth) / np.linalg.norm(truth)
    print(f"mean squared residual {loss:.1e} after {args.steps} steps in {seconds:.0f} s")
    print(f"relative error {error:.1e}, largest error {abs(found - truth).max():.1e}")
    show(x, times, found, truth, args.out)
    print(f"drawn: {args.out}")


if __name__ == "__main__":
    main()
