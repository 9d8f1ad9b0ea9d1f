"""Third derivatives: Paddle's own nodes of gradients that were taken with ``create_graph=True``.

A net that calls ``paddle.grad`` itself, such as a force field or a physics-informed one, has them in its graph.
"""

from __future__ import annotations

from ..registry import natively_exact

natively_exact(
    "AbsDouble", "AddDouble", "Concat", "CosDouble", "ExpDouble", "ExpandDouble", "GatherDouble", "IndexSelectDouble",
    "LogDouble", "MatmulDouble", "MaximumDouble", "MeanDouble", "MinimumDouble", "MultiplyDouble", "PowDouble",
    "ReshapeDouble", "SigmoidDouble", "SinDouble", "SliceDouble", "SqueezeDouble", "Stack", "SubtractDouble",
    "SumDouble", "TanhDouble", "TileDouble", "TransposeDouble", "UnsqueezeDouble", "WhereDouble",
)  # fmt: skip
