"""Third derivatives and beyond: Paddle's own nodes of gradients that were taken with ``create_graph=True``.

A net that calls ``paddle.grad`` itself, such as a force field or a physics-informed one, has them in its graph. Those
of sines, logarithms and ``sigmoid`` reach one order further and end there; the others lead to one another.
"""

from __future__ import annotations

from ..registry import natively_exact

natively_exact(
    "AbsDouble", "AbsTriple", "AddDouble", "Concat", "ConcatDouble", "CosDouble", "ExpDouble",
    "ExpandDouble", "GatherDouble", "GatherNdDouble", "IndexAddDouble", "IndexElementwiseGetDouble",
    "IndexSelectDouble", "LogDouble", "MaskedSelectDouble", "MatmulDouble", "MaximumDouble", "MeanDouble",
    "MinimumDouble", "MultiplyDouble", "RepeatInterleaveDouble", "RepeatInterleaveWithTensorIndexDouble",
    "ReshapeDouble", "SigmoidDouble", "SinDouble", "SliceDouble", "SqueezeDouble", "Stack", "StackDouble",
    "SubtractDouble", "SumDouble", "TakeAlongAxisDouble", "TanhDouble", "TanhTriple", "TileDouble", "TransposeDouble",
    "UnsqueezeDouble", "ViewShapeDouble", "WhereDouble",
)  # fmt: skip

# Of the gradients that Paddle's engine adds up; that of a sum in the net is wrong.
natively_exact("AddTriple", beside_rules=True)
