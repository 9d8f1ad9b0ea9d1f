"""The meta-gradient of every algorithm, way back and inner rule that can be combined, against its definition.

``python benchmarks/gradient_product.py`` prints one line for each combination and the worst of each way back. The net
has tied, frozen and unused parameters and BatchNorm, and the gradients of what else is learned count.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from meta_combinations import BOUNDS, combinations, error_of  # noqa: E402


def main() -> int:
    worst, failed = defaultdict(float), 0
    for algorithm, way, rule in combinations():
        error = error_of(algorithm, way, rule)
        failed += not error < BOUNDS[way]
        worst[way] = max(worst[way], error)
        verdict = "" if error < BOUNDS[way] else "  TOO LARGE"
        print(f"{algorithm:15} {way or 'its own':13} {rule or 'its own':9} {error:.1e}{verdict}", flush=True)
    for way, error in worst.items():
        print(f"{way or 'Reptile'}: at most {error:.1e}, bound {BOUNDS[way]:.0e}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
