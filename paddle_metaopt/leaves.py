"""Which leaf tensors a task depends on: one that wants a gradient and that nobody named would silently get none."""

from __future__ import annotations

from .double_grad.audit import leaves_below
from .double_grad.graph import address_of
from .double_grad.interception import noting_engine_leaves


class Leaves:
    """The leaves below a task's losses and inner steps, by the addresses of their nodes."""

    def __init__(self):
        self._found = set()
        self._unasked = set()
        self._past = set()
        self._engines = {}  # with the nodes, so that no other gets their address

    def watching(self):
        """A context in which the leaves that Paddle's engine makes for itself are told from a user's."""
        return noting_engine_leaves(self._engines)

    @property
    def engine_made_some(self) -> bool:
        """Whether ``paddle.grad(..., create_graph=True)`` was called in `watching`."""
        return bool(self._engines)

    def add(self, tensors, boundary) -> bool:
        """Note what `tensors` depend on, not looking past the `boundary`, nor past fast weights from before: in the
        graph of a gradient, Paddle's engine has leaves of its own. Returns whether they depend on the `boundary`."""
        leaves, met = leaves_below(tensors, boundary, self._past)
        self._found.update(leaves)
        return met

    def pass_by(self, tensors):
        """The fast weights move on from these, which stay in the graph of those that follow."""
        self._past.update(map(address_of, tensors))

    def nobody_asked_for(self, tensor):
        """A net made this tensor, which its caller wants no gradient for, a leaf that has one."""
        self._unasked.add(address_of(tensor))

    def require_named(self, named, technical: set):
        """Raise ValueError if there are others than those `named`, and those at the `technical` addresses."""
        known = {address_of(tensor) for tensor in named} | technical | self._unasked | set(self._engines)
        if self._found - known:
            raise ValueError(
                "the losses or the inner steps depend on a leaf tensor that needs a gradient and is neither a "
                "parameter of the net nor named; name it, meta_loss(..., inputs=[tensor]), or set its stop_gradient to "
                "True"
            )
