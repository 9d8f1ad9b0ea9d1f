"""Which leaf tensors a task depends on: one that wants a gradient and that nobody named would silently get none."""

from __future__ import annotations

from contextlib import contextmanager

from ..double_grad.audit import leaves_below
from ..double_grad.graph import address_of
from ..double_grad.guards import graphs_of_gradients
from ..double_grad.primitive import anchor_addresses
from ..meta_gradients import StepGraphs


class Leaves:
    """The leaves below a task's losses and inner steps, by the addresses of their nodes.

    Attributes
    ----------
    graphs : StepGraphs
        Those that the inner steps leave. No node may refer to it, for it refers to nodes.
    """

    def __init__(self, graphs: StepGraphs):
        self.graphs = graphs
        self._found = set()
        self._unasked = set()
        self._past = set()
        self.net_takes_gradients = False

    @contextmanager
    def watching(self):
        """A context in which it is noticed whether ``paddle.grad(..., create_graph=True)`` is called."""
        before = graphs_of_gradients()
        try:
            yield
        finally:
            if graphs_of_gradients() != before:
                self.net_takes_gradients = True

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

    def require_named(self, named):
        """Raise ValueError if there are others than those `named`, and those that nobody asked for."""
        known = {address_of(tensor) for tensor in named} | self._unasked | anchor_addresses()
        if self._found - known:
            raise ValueError(
                "the losses or the inner steps depend on a leaf tensor that needs a gradient and is neither a "
                "parameter of the net nor named; name it, meta_loss(..., inputs=[tensor]), or set its stop_gradient to "
                "True. (Weights of layers in a plain list or dict are not the net's parameters; use a LayerList. For "
                "the gradient by an input within the net, set the input's own stop_gradient to False: a copy by "
                "detach() is a leaf that nobody can name)"
            )
