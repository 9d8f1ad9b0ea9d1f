"""What user code leaves behind that makes tasks depend on their order: attributes written, and random numbers drawn
from what the tasks share."""

from __future__ import annotations

from ..random_states import RandomStates
from ..vmap import CannotBatch


class Traces:
    """The attributes of a net's layers, and the random states of Paddle, numpy and Python, as they are now."""

    def __init__(self, net):
        self._layers = [(layer, dict(vars(layer))) for layer in net.sublayers(include_self=True)]
        self._random = RandomStates()

    def require_none_left(self) -> None:
        """Raise a CannotBatch if one changed: each task would have had another value."""
        if not RandomStates().has_same_shared(self._random):
            raise CannotBatch(
                "random numbers were drawn by numpy or Python, or by Paddle past its table of ops, of which each task "
                "has to have its own"
            )
        for layer, attributes in self._layers:
            for name, value in vars(layer).items():
                if attributes.get(name) is not value and name not in _WRITTEN_WITHOUT_A_CHANGE:
                    raise CannotBatch(f"{type(layer).__name__}.{name} was written in forward, by all tasks at once")

    def put_back(self) -> None:
        """Everything as it was."""
        for layer, attributes in self._layers:
            present = vars(layer)
            for name in present.keys() - attributes.keys():
                del present[name]
            present.update(attributes)
        self._random.restore()


#: How BatchNorm1D spells its layout after its first call; and that a layer with a hook was called.
_WRITTEN_WITHOUT_A_CHANGE = frozenset({"_data_format", "_built"})
