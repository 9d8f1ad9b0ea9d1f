"""What stands in for Paddle's ops while tasks are batched: each sends a `Batched` to its batching rule."""

from __future__ import annotations

import functools
import sys
import threading
from contextlib import contextmanager
from functools import partial

import paddle

from ..double_grad import kernels
from ..double_grad.dispatch import op_table
from ..double_grad.passes import engine_guards
from ..double_grad.patches import Patch
from ..double_grad.undo import Undo
from ..random_states import drawn_next, here
from . import entrances
from .batched import Batched, CannotBatch, met_nothing
from .entrances import has_batched
from .gradients import sending_gradients
from .registry import RULES, below
from .streams import OneStream, Streams, drawing_from, paddle_kept
from .task_by_task import by_rule, stacked_again, task_by_task


def _replacements():
    table = vars(kernels.TABLE)
    names = [name for name, op in table.items() if callable(op) and not name.startswith("__")]
    below.update({name: table[name] for name in names})
    stand_ins = {name: _sending(name) for name in names}
    originals = {name: (below[name], getattr(kernels.native, name)) for name in names if hasattr(kernels.native, name)}
    return [
        *((kernels.TABLE, name, stand_in) for name, stand_in in stand_ins.items()),
        *entrances.held_by_name(stand_ins, originals),
        *entrances.replacements(is_batching),
        (paddle, "grad", sending_gradients(paddle.grad)),
    ]


_table = Patch(
    _replacements,
    version=lambda: (dict(RULES), id(kernels.TABLE.matmul), len(sys.modules)),
    upon=(engine_guards, op_table),
)


class _Here(threading.local):
    inside = False
    unmoved: set = set()


_here = _Here()


def is_batching() -> bool:
    """Whether this thread is inside of `batching`."""
    return _here.inside


def note_unmoved(statistic) -> None:
    """An op that moves a statistic left it alone, as all tasks share it."""
    _here.unmoved.add(id(statistic))


def is_unmoved(statistic) -> bool:
    """Whether an op inside of the present `batching` would have moved it, for one task by itself."""
    return id(statistic) in _here.unmoved


@contextmanager
def batching(tasks: int | None = None, streams: Streams | None = None):
    """A context in which ops take `Batched`; inside of one in which the rules for second derivatives are on, if
    derivatives are wanted.

    With the number of tasks given, what is drawn at random without a `Batched` is drawn for each task too; with
    `streams`, from each task's own.

    Raises
    ------
    CannotBatch
        If there is one round it in this thread; and by what goes on inside, if that can't be done for all tasks.
    """
    if _here.inside:
        raise CannotBatch("a vmap inside another one")
    if streams is None and tasks is not None:
        streams = OneStream(tasks)
    with Undo(_table.acquire()), Undo(partial(setattr, _here, "inside", False)), drawing_from(streams):
        _here.inside, _here.unmoved = True, set()
        try:
            yield
        except Exception as error:
            if met_nothing(error):
                raise CannotBatch("what Paddle does in C++ past its table of ops") from error
            raise


def _sending(name):
    """What stands in for an op: its batching rule, or the op for each task, where a `Batched` is given."""
    op, rule = below[name], RULES.get(name)
    in_place = name.endswith("_")

    @functools.wraps(op)
    def send(*args, **kwargs):
        if not has_batched(args, kwargs):
            return op(*args, **kwargs)
        if name in _ONLY_SHAPE and type(args[0]) is Batched:
            return args[0].become(getattr(kernels.TABLE, name[:-1])(*args, **kwargs))
        if in_place or kwargs.pop("out", None) is not None:
            raise CannotBatch(f"the op {name!r} in place")
        if rule is not None:
            kwargs.pop("name", None)
            return by_rule(rule, op, args, kwargs, may_raise=name in _MOVING)
        return task_by_task(op, args, kwargs)

    return _drawing(name, op, send) if name in _DRAWING else send


#: Ops in place that leave the elements as they are.
_ONLY_SHAPE = frozenset(("flatten_", "reshape_", "squeeze_", "unsqueeze_"))

#: Ops that move a statistic, of which only their rule takes note.
_MOVING = frozenset(("batch_norm",))

_RANDOM = (
    "bernoulli binomial class_center_sample dirichlet dropout exponential_ fractional_max_pool2d "
    "fractional_max_pool3d fused_dropout_add gaussian gaussian_inplace_ gumbel_softmax multinomial poisson "
    "randint random random_ randperm rrelu shuffle_batch standard_gamma truncated_gaussian_random uniform "
    "uniform_inplace_ uniform_random_batch_size_like"
)

#: Ops that draw at random whatever they are given.
_DRAWING = frozenset(_RANDOM.split())


def _drawing(name, op, send):
    """What stands in for an op that draws: each task draws its own."""

    @functools.wraps(op)
    def draw(*args, **kwargs):
        streams = here.streams
        if streams is None or has_batched(args, kwargs):
            return send(*args, **kwargs)
        with paddle_kept():
            before = drawn_next()
            first = op(*args, **kwargs)
            if drawn_next() == before:
                return first  # dropout in evaluation
        if name.endswith("_") or kwargs.get("out") is not None:
            raise CannotBatch(f"the op {name!r}, which draws for all tasks at once")
        return stacked_again(streams.each(lambda task: op(*args, **kwargs)))

    return draw
