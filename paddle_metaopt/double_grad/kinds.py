"""The few forms that almost every op has; a rule names its form and gives the kernels.

A linear map's derivative is its transpose, whose derivative is the map again. A bilinear map is a trilinear form
``<map(x, w), g>`` seen from one side: its derivatives are the same form seen from the others. So both are closed
under differentiation, to any order.
"""

from __future__ import annotations

from typing import Callable

import paddle

from .kernels import native
from .primitive import requires_grad, with_pullback


def linear_map(x, forward: Callable, transpose: Callable, value=None):
    """``forward(x)``, for a linear `forward` with the given `transpose`.

    Both take one tensor and return one; everything else they need is bound in them and constant. `value` is the
    result, if it is known already.
    """
    compute = (lambda: forward(x)) if value is None else value.detach
    return with_pullback(compute, [x], lambda g: [linear_map(g, transpose, forward)])


def elementwise(x, value: Callable, slope: Callable, fused: Callable | None = None):
    """A smooth function of each element.

    Parameters
    ----------
    x : Tensor
    value : callable
        ``value(x)``, by a kernel; without gradients.
    slope : callable
        ``slope(x)``, the derivative of each element, made of differentiable ops. For a complex x the complex
        derivative; the function has to be holomorphic then.
    fused : callable, optional
        ``fused(x, g)``, the slope times g by one kernel, used where no further derivative is wanted and x is real.
    """

    def pullback(g):
        if fused is not None and not x.is_complex() and not paddle.is_grad_enabled():
            return [fused(x, g)]
        return [times_conjugate(g, slope(x))]

    return with_pullback(lambda: value(x), [x], pullback)


class BilinearMap:
    """A map linear in each of two tensors, given by the kernels of its trilinear form ``<out(x, w), g>``.

    Parameters
    ----------
    out : callable
        ``out(x, w)``, the map itself.
    wrt_x, wrt_w : callable
        ``wrt_x(g, w)`` and ``wrt_w(x, g)``, the form's gradients.
    wrt_both : callable, optional
        ``wrt_both(x, w, g)``, both of them from one kernel, where that is cheaper.
    """

    def __init__(self, out, wrt_x, wrt_w, wrt_both=None):
        self._out = out
        self._wrt_x = wrt_x
        self._wrt_w = wrt_w
        self._wrt_both = wrt_both or (lambda x, w, g: [wrt_x(g, w), wrt_w(x, g)])

    def __call__(self, x, w):
        def pullback(g):
            return self.gradients(x, w, g, requires_grad(x), requires_grad(w))

        return with_pullback(lambda: self._out(x, w), [x, w], pullback)

    def gradients(self, x, w, g, need_x, need_w):
        """The gradients of ``<out(x, w), g>`` with respect to x and w, each None if not needed."""
        if need_x and need_w:
            return self._both(x, w, g)
        return [self.wrt_x(g, w) if need_x else None, self.wrt_w(x, g) if need_w else None]

    def wrt_x(self, g, w):
        """The form's gradient for x."""

        def pullback(u):
            return [self(u, w) if requires_grad(g) else None, self.wrt_w(u, g) if requires_grad(w) else None]

        return with_pullback(lambda: self._wrt_x(g, w), [g, w], pullback)

    def wrt_w(self, x, g):
        """The form's gradient for w."""

        def pullback(v):
            return [self.wrt_x(g, v) if requires_grad(x) else None, self(x, v) if requires_grad(g) else None]

        return with_pullback(lambda: self._wrt_w(x, g), [x, g], pullback)

    def _both(self, x, w, g):
        def pullback(u, v):
            # The gradients of <out(u, w), g> + <out(x, v), g>: each cotangent stands where its operand stood.
            to_g = None
            if requires_grad(g):
                to_g = _sum(self(u, w) if u is not None else None, self(x, v) if v is not None else None)
            to_x, to_w = self.gradients(u, v, g, v is not None and requires_grad(x), u is not None and requires_grad(w))
            return [to_x, to_w, to_g]

        return with_pullback(lambda: self._wrt_both(x, w, g), [x, w, g], pullback)


def _sum(first, second):
    if first is None or second is None:
        return second if first is None else first
    return paddle.add(first, second)


_product_with_conjugate = BilinearMap(
    lambda g, slope: native.multiply(g, native.conj(slope)),
    lambda u, slope: native.multiply(u, slope),
    lambda g, u: native.multiply(g, native.conj(u)),
)


def times_conjugate(g, slope):
    """What a function of each element hands on: the cotangent g times its derivative, whose conjugate where it is
    complex, as a gradient is d/dx + i d/dy; of the same shape and type."""
    return _product_with_conjugate(g, slope) if slope.is_complex() else g * slope
