"""`MetaOptimizer`: what makes a ``paddle.optimizer`` class a meta-optimizer."""

from __future__ import annotations

import inspect
import math
import weakref
from functools import lru_cache, partial
from typing import Callable

import paddle

from .episodes import episode_parts, loss_on
from .fast_weights import Slots
from .inner_rules import inner_rule
from .learner import InnerAdapter, Learner
from .meta_gradients import meta_gradient, with_gradients
from .plan import BUFFER_POLICIES, Plan, adapts_only

_STATE_KEY = "MetaOptimizer"


class MetaOptimizer:
    """Mix-in that adds an inner loop to an optimizer class of Paddle's; the outer step stays that class's own.

    An algorithm is a subclass that chooses in `_choose`; ``over(paddle.optimizer.X)`` combines it with an outer
    optimizer, keeping that one's arguments and adding the algorithm's as keywords.
    """

    def __init__(self, *args, **kwargs):
        ours = inspect.signature(self._choose).parameters
        chosen = {name: kwargs.pop(name) for name in list(kwargs) if name in ours}
        _require_parameters(self._outer_class(), args, kwargs)
        self._graphs = weakref.WeakSet()
        self._buffer_means = {}
        super().__init__(*args, **kwargs)
        self._plan = self._choose(**chosen)

    def _choose(
        self, *, inner_lr=0.01, adapt_steps=1, first_order=False, inner_rule="sgd", inner_grad_clip=None,
        meta_gradient="unrolled", adapt=None, buffers="restore",
    ) -> Plan:  # fmt: skip
        """The algorithm's choices; a subclass fixes some of them."""
        return self._make_plan(
            adapts_only(adapt, "adapt"), inner_lr, adapt_steps, first_order, inner_rule, inner_grad_clip,
            meta_gradient, buffers,
        )  # fmt: skip

    def _make_plan(self, chosen, inner_lr, adapt_steps, first_order, rule, grad_clip, way, buffers, head=None) -> Plan:
        if isinstance(adapt_steps, bool) or not isinstance(adapt_steps, int) or adapt_steps < 0:
            raise ValueError(f"adapt_steps: expected an integer of at least 0, got {adapt_steps!r}")
        if buffers not in BUFFER_POLICIES:
            raise ValueError(f"buffers: expected one of {', '.join(map(repr, BUFFER_POLICIES))}, got {buffers!r}")
        _require_clip(grad_clip)
        rates = _rates_by_parameter(self, _checked_rate(inner_lr))
        return Plan(
            adapts=lambda name, p: id(p) in rates and bool(chosen(name, p)),
            inner_rule=inner_rule(rule),
            rate_of=lambda p: rates[id(p)],
            inner_grad_clip=grad_clip,
            adapt_steps=adapt_steps,
            way=meta_gradient(way, first_order),
            buffers=buffers,
            head=head,
        )

    @property
    def adapt_steps(self) -> int:
        """Inner steps for each task."""
        return self._plan.adapt_steps

    def adapter(self, net) -> InnerAdapter:
        """The paired adapter of a net; the same as ``InnerAdapter(net, self)``."""
        return InnerAdapter(net, self)

    def meta_loss(self, net, episodes, loss_fn: Callable):
        """The mean query loss of a meta-batch, with the meta-gradient as its derivative.

        Parameters
        ----------
        net : Layer
        episodes : iterable of Episode
            Or any nested pairs ``((x, y), (x, y))`` of support and query. x may be a tuple, then the net is called
            as ``net(*x)``, or a dict, ``net(**x)``.
        loss_fn : callable
            ``loss_fn(net_output, y)`` gives a scalar.

        Returns
        -------
        Tensor
            A scalar. Each task's graph is freed before the next one starts, and the gradients are summed as they come:
            memory does not grow with the meta-batch.

        Raises
        ------
        ValueError
            If there are no episodes, or one is not a pair of pairs.
        """
        total, tasks = None, 0
        for episode in episodes:
            tensors, graph, solved = self._solve_task(net, episode, loss_fn)
            total = solved if total is None else [_added(a, b) for a, b in zip(total, solved)]
            tasks += 1
        if not tasks:
            raise ValueError("meta_loss: there are no episodes")
        value, *gradients = [None if t is None else t / tasks for t in total]
        return with_gradients(value, tensors, gradients, graph)

    def state_dict(self):
        """The outer optimizer's state; it can be loaded into a second copy of the model as well."""
        state = super().state_dict()
        state[_STATE_KEY] = {"accumulators": self._accumulator_places()}
        return state

    def set_state_dict(self, state_dict):
        """Restore what `state_dict` gave; a plain optimizer's state of the same class does too.

        Raises
        ------
        ValueError
            If the state is of a model with other parameters.
        """
        state = dict(state_dict)
        ours = state.pop(_STATE_KEY, None)
        if ours is None:
            super().set_state_dict(state)
            return
        self._translate(state, ours["accumulators"])

    load_state_dict = set_state_dict

    @classmethod
    def over(cls, outer: type) -> type:
        """This algorithm with another outer optimizer.

        Parameters
        ----------
        outer : type
            A ``paddle.optimizer`` class.

        Returns
        -------
        type
            A subclass of `outer`, with its arguments and this algorithm's; the same one for each call.

        Raises
        ------
        TypeError
            If `outer` is not an optimizer class, or one whose step needs a closure.
        """
        if not (isinstance(outer, type) and issubclass(outer, paddle.optimizer.Optimizer)):
            raise TypeError(f"over: expected a paddle.optimizer class, got {outer!r}")
        if issubclass(outer, paddle.optimizer.LBFGS):
            raise TypeError("over: LBFGS computes the loss anew within its step, which a meta-gradient does not allow")
        if issubclass(outer, MetaOptimizer):
            raise TypeError(f"over: {outer.__name__} is a meta-optimizer already")
        return _combined(cls._algorithm(), outer)

    @classmethod
    def _algorithm(cls) -> type:
        return next(c for c in cls.__mro__ if issubclass(c, MetaOptimizer) and not _is_optimizer(c))

    @classmethod
    def _outer_class(cls) -> type:
        return next(c for c in cls.__mro__ if _is_optimizer(c) and not issubclass(c, MetaOptimizer))

    def _begin_task(self, net, tracked: bool = True) -> Learner:
        learner = Learner(net, self._plan, tracked, partial(self._keep_buffers, net) if tracked else None)
        if tracked:
            self._graphs.add(learner._graph)
        return learner

    def _solve_task(self, net, episode, loss_fn):
        support, query = episode_parts(episode)
        learner = self._begin_task(net)
        try:
            learner.adapt(partial(loss_on, learner, support, loss_fn))
            value, gradients = learner.solve(partial(loss_on, learner, query, loss_fn))
            return learner.meta_parameters(), learner._graph, [value, *gradients]
        finally:
            learner.end()

    def _apply_optimize(self, *args, **kwargs):
        # step() and minimize() both come through here; the weights that running tasks began from are about to move.
        result = super()._apply_optimize(*args, **kwargs)
        for graph in list(self._graphs):
            graph.outer_step()
        self._graphs.clear()
        self._write_buffer_means()
        return result

    def _keep_buffers(self, net, buffers: dict):
        if self._plan.buffers == "restore" or not buffers:
            return
        own = Slots(net).buffers
        for name, value in buffers.items():
            if self._plan.buffers == "last" or "float" not in str(value.dtype):
                own[name].set_value(value)
            else:
                buffer, total, count = self._buffer_means.get(id(own[name]), (own[name], 0.0, 0))
                self._buffer_means[id(own[name])] = (buffer, total + value.detach(), count + 1)

    def _write_buffer_means(self):
        for buffer, total, count in self._buffer_means.values():
            buffer.set_value(total / count)
        self._buffer_means = {}

    def _accumulator_places(self):
        """[key in the state, accumulator, position of its parameter], for each tensor of the state."""
        position = {p.name: i for i, p in enumerate(_parameters(self))}
        return [
            [tensor.name, accumulator, position[name]]
            for accumulator, by_parameter in self._accumulators.items()
            for name, tensor in by_parameter.items()
        ]

    def _translate(self, state, places):
        """Load a state whose keys were made from the names of the parameters of another copy of the model."""
        parameters = _parameters(self)
        if any(position >= len(parameters) for _, _, position in places):
            raise ValueError(
                f"the state is of a model with more parameters than the {len(parameters)} of this optimizer"
            )
        stepped = sorted({position for _, _, position in places})
        self._accumulators_holder = {}
        self._create_accumulators(
            paddle.static.default_main_program().global_block(), [parameters[position] for position in stepped]
        )
        translated = {key: value for key, value in state.items() if key in ("LR_Scheduler", "master_weights")}
        for key, accumulator, position in places:
            own = self._accumulators[accumulator][parameters[position].name]
            if list(own.shape) != list(state[key].shape):
                raise ValueError(
                    f"the state of parameter {position} ({parameters[position].name}) has shape "
                    f"{list(state[key].shape)}, expected {list(own.shape)}: it is of another model"
                )
            translated[own.name] = state[key]
        super().set_state_dict(translated)
        self._accumulators_holder = {}  # else Paddle asks it for the moments of parameters that come later


def _added(first, second):
    if first is None or second is None:
        return second if first is None else first
    return first + second


def _is_optimizer(cls) -> bool:
    return issubclass(cls, paddle.optimizer.Optimizer)


@lru_cache(maxsize=None)
def _combined(algorithm: type, outer: type) -> type:
    name = f"{algorithm.__name__}Optimizer"
    named = _named.get((algorithm, outer))
    if named is not None:
        return named
    combined = type(f"{name}.over({outer.__name__})", (algorithm, outer), {"__module__": algorithm.__module__})
    return _with_signature(combined, algorithm, outer)


_named: dict = {}


def named(cls: type) -> type:
    """Decorator: a combined class with a name of its own, which ``over`` gives for its outer optimizer."""
    algorithm, outer = cls._algorithm(), cls._outer_class()
    _named[algorithm, outer] = cls
    return _with_signature(cls, algorithm, outer)


def _with_signature(cls, algorithm, outer):
    theirs = list(inspect.signature(outer).parameters.values())
    ours = [p for name, p in inspect.signature(algorithm._choose).parameters.items() if name != "self"]
    keywords = [p for p in theirs if p.kind is p.KEYWORD_ONLY]
    rest = [p for p in theirs if p.kind is p.VAR_KEYWORD]
    first = [p for p in theirs if p not in keywords and p not in rest]
    cls.__signature__ = inspect.Signature([*first, *keywords, *ours, *rest])
    return cls


def _require_parameters(outer, args, kwargs):
    given = inspect.signature(outer).bind_partial(*args, **kwargs).arguments
    parameters = given.get("parameters")
    if parameters is None:
        raise ValueError("parameters: expected the parameters to learn, such as net.parameters(), got None")


def _require_clip(clip):
    kinds = (paddle.nn.ClipGradByValue, paddle.nn.ClipGradByNorm, paddle.nn.ClipGradByGlobalNorm)
    if clip is not None and not isinstance(clip, kinds):
        raise TypeError(f"inner_grad_clip: expected a paddle.nn.ClipGradBy... object, got {clip!r}")


def _checked_rate(rate):
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        raise TypeError(f"inner_lr: expected a number, got {rate!r}")
    if not math.isfinite(rate) or rate < 0:
        raise ValueError(f"inner_lr: expected a finite number of at least 0, got {rate!r}")
    return float(rate)


def _parameters(optimizer) -> list:
    return [p for group in _groups(optimizer) for p in group["params"]]


def _groups(optimizer) -> list:
    groups = optimizer._param_groups
    if groups and isinstance(groups[0], dict):
        return groups
    return [{"params": list(optimizer._parameter_list)}]


def _rates_by_parameter(optimizer, rate) -> dict:
    return {
        id(p): _checked_rate(group["inner_lr"]) if "inner_lr" in group else rate
        for group in _groups(optimizer)
        for p in group["params"]
    }
