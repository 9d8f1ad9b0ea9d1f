"""MAML learns to fit a sine wave from ten points (Finn et al., ICML 2017, section 5.1).

    python examples/sinusoid.py

Beside it, the same net is trained on the same points without meta-learning: it can only learn the mean of all
waves, from where ten points do not take it far. Prints the error of both on waves never seen before, after 0, 1, 5
and 10 gradient steps, and draws three of them.
"""

from __future__ import annotations

import argparse
import warnings
from typing import NamedTuple

import matplotlib
import numpy as np
from tqdm import tqdm

matplotlib.use("Agg")
warnings.filterwarnings("ignore", message="No ccache found")

import matplotlib.pyplot as plt  # noqa: E402
import paddle  # noqa: E402
import paddle.nn.functional as F  # noqa: E402

import paddle_metaopt as metaopt  # noqa: E402
from paddle_metaopt.data import Episode, Sinusoid  # noqa: E402
from paddle_metaopt.models import MLP  # noqa: E402

STEPS = (0, 1, 5, 10)


class Curves(NamedTuple):
    before: np.ndarray
    after: np.ndarray


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="MAML on sine waves, beside training without meta-learning.")
    parser.add_argument("--iterations", type=int, default=5000, help="updates of each of the two nets (%(default)s)")
    parser.add_argument("--meta-batch", type=int, default=4, help="sine waves per update (%(default)s)")
    parser.add_argument("--shots", type=int, default=10, help="points to adapt on (%(default)s)")
    parser.add_argument("--lr", type=float, default=3e-3, help="Adam's learning rate (%(default)s)")
    parser.add_argument("--inner-lr", type=float, default=0.01, help="step size of the adaptation (%(default)s)")
    parser.add_argument("--test-tasks", type=int, default=100, help="waves to be judged on (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="sinusoid.png", help="the picture (%(default)s)")
    return parser.parse_args()


def meta_batches(args: argparse.Namespace, description: str):
    """The same meta-batches of Episodes at every call, under a progress bar."""
    waves = Sinusoid(shots=args.shots, queries=args.shots, episodes=args.iterations * args.meta_batch, seed=args.seed)
    with tqdm(range(args.iterations), description) as bar:
        for i in bar:
            yield bar, [to_tensors(waves[i * args.meta_batch + task]) for task in range(args.meta_batch)]


def to_tensors(episode: Episode) -> Episode:
    (xs, ys), (xq, yq) = episode
    return Episode((paddle.to_tensor(xs), paddle.to_tensor(ys)), (paddle.to_tensor(xq), paddle.to_tensor(yq)))


def new_net(args: argparse.Namespace) -> MLP:
    paddle.seed(args.seed)
    return MLP(sizes=(1, 40, 40, 1))


def meta_optimizer(args: argparse.Namespace, net: MLP) -> metaopt.MAMLOptimizer:
    return metaopt.MAMLOptimizer(learning_rate=args.lr, parameters=net.parameters(), inner_lr=args.inner_lr)


def train_maml(args: argparse.Namespace):
    net = new_net(args)
    opt = meta_optimizer(args, net)
    for bar, episodes in meta_batches(args, "MAML    "):
        loss = opt.meta_loss(net, episodes, F.mse_loss)
        loss.backward()
        opt.step()
        opt.clear_grad()
        show(bar, loss)
    return net, opt


def train_baseline(args: argparse.Namespace):
    """By Adam on every point of the same tasks in one batch; MAML's optimizer only adapts it afterwards."""
    net = new_net(args)
    opt = paddle.optimizer.Adam(learning_rate=args.lr, parameters=net.parameters())
    for bar, episodes in meta_batches(args, "baseline"):
        x = paddle.concat([x for episode in episodes for x, _ in episode])
        y = paddle.concat([y for episode in episodes for _, y in episode])
        loss = F.mse_loss(net(x), y)
        loss.backward()
        opt.step()
        opt.clear_grad()
        show(bar, loss)
    return net, meta_optimizer(args, net)


def show(bar: tqdm, loss: paddle.Tensor) -> None:
    if bar.n % 10 == 0:
        bar.set_postfix(loss=f"{float(loss):.3f}", refresh=False)


def squared_error(prediction: paddle.Tensor, y: paddle.Tensor) -> float:
    return float(F.mse_loss(prediction, y))


def print_errors(trained: dict, waves: Sinusoid) -> None:
    episodes = [to_tensors(waves[i]) for i in range(len(waves))]
    print(f"\nMean squared error on {len(episodes)} new waves, after adapting to {waves.shots} points of each")
    print("gradient steps  " + "".join(f"{steps:>16}" for steps in STEPS))
    for name, (net, opt) in trained.items():
        results = [metaopt.evaluate(net, opt, episodes, F.mse_loss, squared_error, steps=steps) for steps in STEPS]
        print(f"{name:<16}" + "".join(f"{f'{r.mean:.3f} ± {r.ci95:.3f}':>16}" for r in results))


def adapted_curves(net, opt, support, x: np.ndarray) -> Curves:
    """What `net` says at every x before, and after the most steps of the table on `support`."""
    xs, ys = support
    grid = paddle.to_tensor(x[:, None])
    with opt.adapter(net).task() as task:
        before = net(grid).numpy()[:, 0]
        task.adapt(lambda: F.mse_loss(net(xs), ys), steps=STEPS[-1])
        return Curves(before, net(grid).numpy()[:, 0])


def draw(trained: dict, waves: Sinusoid, path: str, panels: int = 3) -> None:
    x = np.linspace(-5, 5, 200, dtype=np.float32)
    with plt.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(1, panels, figsize=(4 * panels, 3.6), sharex=True, sharey=True)
        for ax, index in zip(axes, widest_waves(waves, panels)):
            amplitude, phase = waves.amplitude_and_phase(index)
            support = to_tensors(waves[index]).support
            maml = adapted_curves(*trained["MAML"], support, x)
            baseline = adapted_curves(*trained["no meta-learning"], support, x)
            ax.plot(x, amplitude * np.sin(x - phase), color="0.8", linewidth=6, label="the wave")
            ax.plot(x, baseline.after, "--", color="tab:orange", label=f"no meta-learning, {STEPS[-1]} steps")
            ax.plot(x, maml.before, ":", color="tab:blue", label="MAML before")
            ax.plot(x, maml.after, color="tab:blue", linewidth=2, label=f"MAML, {STEPS[-1]} steps")
            ax.plot(*support, "^", color="black", markersize=7, zorder=3, label=f"the {waves.shots} points")
            ax.set_title(f"amplitude {amplitude:.1f}, phase {phase:.1f}", fontsize=10)
            ax.set_xlabel("x")
        axes[0].set_ylabel("y")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="upper center", ncols=5, frameon=False)
        figure.tight_layout(rect=(0, 0, 1, 0.92))
        figure.savefig(path, dpi=120)
        plt.close(figure)


def widest_waves(waves: Sinusoid, count: int) -> list[int]:
    """The first waves whose shape can be seen in a drawing that reaches to amplitude 5."""
    wide = [i for i in range(len(waves)) if waves.amplitude_and_phase(i)[0] > 2]
    return [*wide, *range(len(waves))][:count]


def main() -> None:
    args = parse_arguments()
    trained = {"no meta-learning": train_baseline(args), "MAML": train_maml(args)}
    waves = Sinusoid(shots=args.shots, queries=100, episodes=args.test_tasks, seed=args.seed + 1)
    print_errors(trained, waves)
    draw(trained, waves, args.out)
    print(f"\ndrawn: {args.out}")


if __name__ == "__main__":
    main()
