"""Einstein summation: diagonals and sums make every label meet one other at most, then it is one matrix product."""

from __future__ import annotations

import math

import paddle

from ..registry import rule
from .linear import matmul


@rule("einsum")
def einsum(operands, equation):
    """Returns a list whose first element is the result; Paddle has spelled the ellipsis and the output out."""
    left, output = equation.split("->")
    terms = [_Term(operand, labels) for operand, labels in zip(operands, left.split(","))]
    result = terms[0] if len(terms) == 1 else _product(*terms, output)
    return [result.summed_to(output).transposed_to(output).tensor, [], []]


class _Term:
    """A tensor whose axes have names, no two the same."""

    def __init__(self, tensor, labels):
        for label in dict.fromkeys(labels):
            while labels.count(label) > 1:
                first = labels.index(label)
                second = labels.index(label, first + 1)
                tensor = _diagonal(tensor, first, second)
                labels = labels[:second] + labels[second + 1 :]
        self.tensor = tensor
        self.labels = labels

    def sizes(self, labels):
        return [self.tensor.shape[self.labels.index(label)] for label in labels]

    def summed_to(self, kept):
        """Without the labels that are not among `kept`."""
        axes = [axis for axis, label in enumerate(self.labels) if label not in kept]
        if not axes:
            return self
        return _Term(paddle.sum(self.tensor, axes), "".join(label for label in self.labels if label in kept))

    def transposed_to(self, labels):
        if labels == self.labels:
            return self
        return _Term(paddle.transpose(self.tensor, [self.labels.index(label) for label in labels]), labels)

    def as_matrices(self, batch, rows, columns):
        """[batch, rows, columns], each of some labels."""
        shape = [math.prod(self.sizes(group)) for group in (batch, rows, columns)]
        return paddle.reshape(self.transposed_to(batch + rows + columns).tensor, shape)


def _diagonal(tensor, first, second):
    """Axes first and second in one, in the place of the first."""
    return paddle.moveaxis(paddle.diagonal(tensor, 0, first, second), -1, first)


def _product(x, y, output):
    x, y = _without_broadcast(x, y), _without_broadcast(y, x)
    x, y = x.summed_to(y.labels + output), y.summed_to(x.labels + output)
    shared = [label for label in x.labels if label in y.labels]
    batch = "".join(label for label in shared if label in output)
    contracted = "".join(label for label in shared if label not in output)
    rows = "".join(label for label in x.labels if label not in y.labels)
    columns = "".join(label for label in y.labels if label not in x.labels)
    product = matmul(x.as_matrices(batch, rows, contracted), y.as_matrices(batch, contracted, columns))
    return _Term(paddle.reshape(product, x.sizes(batch + rows) + y.sizes(columns)), batch + rows + columns)


def _without_broadcast(term, other):
    """Without the axes of length one that stand against a longer one of the other term."""
    axes = [
        axis
        for axis, label in enumerate(term.labels)
        if label in other.labels and term.tensor.shape[axis] == 1 and other.sizes(label) != [1]
    ]
    if not axes:
        return term
    labels = "".join(label for axis, label in enumerate(term.labels) if axis not in axes)
    return _Term(paddle.squeeze(term.tensor, axes), labels)
