"""The ways back on Conv4 (64 filters, 5-way 5-shot, 28 × 28): error against unrolled, peak memory, time.

``python benchmarks/ways_back.py``: each measurement is a process of its own. Memory is the peak above that of one
inner step taken unrolled in the same process; time is relative to the unrolled meta-gradient of as many steps.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

CASES = [
    ("unrolled", "float32", 10),
    ("checkpointed", "float32", 10),
    ("checkpointed", "float32", 100),
    ("implicit", "float32", 100),
    ("hessian_free", "float64", 2),
    ("hessian_free", "float32", 2),
    ("first_order", "float32", 2),
]


def measure(way: str, dtype: str, steps: int) -> dict:
    import numpy as np
    import paddle
    import paddle.nn.functional as F

    import paddle_metaopt as metaopt

    paddle.seed(0)
    net = metaopt.models.Conv4(ways=5)
    net.to(dtype=dtype)
    support, query = paddle.randn([2, 25, 1, 28, 28], dtype)
    y = paddle.arange(25) % 5

    def meta_gradient(way, steps):
        if way == "hessian_free":
            way = metaopt.meta_gradients.HessianFree(allow_float32=True)
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=steps, meta_gradient=way)
        began = time.perf_counter()
        opt.meta_loss(net, [((support, y), (query, y))], F.cross_entropy).backward()
        spent = time.perf_counter() - began
        gradient = np.concatenate([p.grad.numpy().ravel() for p in net.parameters() if p.grad is not None])
        net.clear_gradients()
        return gradient, spent

    meta_gradient("unrolled", 1)
    before = peak_megabytes()
    found, spent = meta_gradient(way, steps)
    result = {"memory": peak_megabytes() - before}
    if steps <= 10:
        exact, base = meta_gradient("unrolled", steps)
        result["time"] = spent / base
        result["error"] = float(np.linalg.norm(found - exact) / np.linalg.norm(exact))
    return result


def peak_megabytes() -> float:
    with open("/proc/self/status") as status:
        return int(status.read().partition("VmHWM:")[2].split()[0]) / 1024


def main():
    print("| way back | type | steps | peak memory, MB | time | error |\n|---|---|---|---|---|---|")
    for case in CASES:
        command = [sys.executable, "-W", "ignore", __file__, json.dumps(case)]
        result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
        time_, error = (f"{result[key]:.2g}" if key in result else "" for key in ("time", "error"))
        print(f"| {' | '.join(map(str, case))} | {result['memory']:.0f} | {time_} | {error} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(*json.loads(sys.argv[1]))))
    else:
        main()
