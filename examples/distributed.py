"""Meta-SGD on sine waves in several processes, each with its share of every meta-batch.

    python -m paddle.distributed.launch --nproc_per_node 2 examples/distributed.py
    python examples/distributed.py        # the same training in one process

Whatever their number, the processes train on the meta-batches that one would, and take the same steps. Prints the
error on waves never seen before, after 0, 1, 5 and 10 gradient steps. Stopped and started again, it goes on from its
last checkpoint.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings

warnings.filterwarnings("ignore", message="No ccache found")
warnings.filterwarnings("ignore", message="Currently not a parallel execution environment")
warnings.filterwarnings("ignore", message="The program will return to single-card operation")

import paddle  # noqa: E402
import paddle.distributed as dist  # noqa: E402
import paddle.nn.functional as F  # noqa: E402

import paddle_metaopt as metaopt  # noqa: E402
from paddle_metaopt.data import Sinusoid  # noqa: E402
from paddle_metaopt.models import MLP  # noqa: E402


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Meta-SGD on sine waves, in as many processes as are started.")
    parser.add_argument("--iterations", type=int, default=2000, help="updates (%(default)s)")
    parser.add_argument("--meta-batch", type=int, default=24, help="waves per update, of all processes (%(default)s)")
    parser.add_argument("--shots", type=int, default=10, help="points to adapt on (%(default)s)")
    parser.add_argument("--adapt-steps", type=int, default=5, help="inner steps (%(default)s)")
    parser.add_argument("--lr", type=float, default=3e-3, help="Adam's learning rate (%(default)s)")
    parser.add_argument("--inner-lr", type=float, default=0.01, help="where the inner rates begin (%(default)s)")
    parser.add_argument("--test-tasks", type=int, default=100, help="waves to be judged on (%(default)s)")
    parser.add_argument("--save-every", type=int, default=500, help="updates from one checkpoint to the next")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", default="distributed.checkpoint", help="the file (%(default)s)")
    return parser.parse_args()


def share_of(waves: Sinusoid, first: int, last: int) -> list:
    """This process's of the waves from one number to another: each process takes another one in turn."""
    return [waves[i] for i in range(first + dist.get_rank(), last, dist.get_world_size())]


def train(args: argparse.Namespace, net, opt, model) -> None:
    waves = Sinusoid(shots=args.shots, episodes=args.iterations * args.meta_batch, seed=args.seed)
    began, first = time.time(), opt.outer_steps
    for i in range(first, args.iterations):
        loss = opt.meta_loss(model, share_of(waves, i * args.meta_batch, (i + 1) * args.meta_batch), F.mse_loss)
        loss.backward()
        opt.step()
        opt.clear_grad()
        if (i + 1) % args.save_every == 0 or i + 1 == args.iterations:
            pace = (i + 1 - first) / (time.time() - began)
            say(f"update {i + 1}: loss {float(loss):.3f}, {pace:.1f} updates a second")
            save(args, net, opt)


def save(args: argparse.Namespace, net, opt) -> None:
    """By the first process; all have the same."""
    if dist.get_rank() == 0:
        metaopt.save_checkpoint(args.checkpoint, {"net": net.state_dict(), "opt": opt.state_dict()})


def resume(args: argparse.Namespace, net, opt) -> None:
    """Each process reads it."""
    if os.path.exists(args.checkpoint):
        state = metaopt.load_checkpoint(args.checkpoint)
        net.set_state_dict(state["net"])
        opt.set_state_dict(state["opt"])
        say(f"goes on from {args.checkpoint}, after update {opt.outer_steps}")


def print_errors(args: argparse.Namespace, opt, model) -> None:
    waves = Sinusoid(shots=args.shots, queries=100, episodes=args.test_tasks, seed=args.seed + 1)
    for steps in (0, 1, 5, 10):
        result = metaopt.evaluate(model, opt, share_of(waves, 0, len(waves)), F.mse_loss, steps=steps)
        say(f"mean squared error after {steps:2} steps: {result}")


def say(text: str) -> None:
    if dist.get_rank() == 0:
        print(text, flush=True)


def main() -> None:
    args = parse_arguments()
    dist.init_parallel_env()
    metaopt.tune_cpu(threads=1 if dist.get_world_size() > 1 else None)  # a core for each process
    say(f"processes: {dist.get_world_size()}")
    paddle.seed(args.seed)
    net = MLP(sizes=(1, 40, 40, 1))
    opt = metaopt.MetaSGDOptimizer(
        args.lr, parameters=net.parameters(), inner_lr=args.inner_lr, adapt_steps=args.adapt_steps
    )
    resume(args, net, opt)
    model = paddle.DataParallel(net)
    train(args, net, opt, model)
    print_errors(args, opt, model)


if __name__ == "__main__":
    main()
