"""`MetaOptimizer`: what makes a ``paddle.optimizer`` class a meta-optimizer."""

from __future__ import annotations

import inspect
import weakref
from functools import lru_cache, partial
from typing import Callable

import paddle

from .buffers import BufferKeeper
from .episodes import episode_parts, loss_on
from .inner_rates import learned_rates, rate_by_step
from .inner_rules import InnerRule, inner_rule
from .learner import InnerAdapter, Learner
from .meta_gradients import Implicit, meta_gradient, with_gradients
from .plan import Plan, adapts_only

_STATE_KEY = "MetaOptimizer"


class MetaOptimizer:
    """Mix-in that adds an inner loop to an optimizer class of Paddle's; the outer step stays that class's own.

    An algorithm is a subclass that chooses in `_choose`; ``over(paddle.optimizer.X)`` combines it with an outer
    optimizer, keeping that one's arguments and adding the algorithm's as keywords.
    """

    def __init__(self, *args, **kwargs):
        ours = inspect.signature(self._choose).parameters
        chosen = {name: kwargs.pop(name) for name in list(kwargs) if name in ours}
        given = _arguments(self._outer_class(), args, kwargs)
        self._graphs = weakref.WeakSet()
        self._outer_steps = 0
        self._learned = {}
        self._group_rates = [g["inner_lr"] for g in given["parameters"] if isinstance(g, dict) and "inner_lr" in g]
        self._choose_learned(_trainable(given["parameters"]), chosen)
        if self._learned:
            given["parameters"] = _with_group(given["parameters"], self._learned, chosen.get("learned_group"))
        super().__init__(**given)
        self._fixed_plan = self._choose(**chosen)

    def _choose(
        self, *, inner_lr=0.01, adapt_steps=1, first_order=False, inner_rule="sgd", inner_grad_clip=None,
        meta_gradient="unrolled", adapt=None, buffers="restore", learned_group=None,
    ) -> Plan:  # fmt: skip
        """The algorithm's choices; a subclass fixes some of them."""
        return self._make_plan(
            adapts_only(adapt, "adapt"), inner_lr=inner_lr, adapt_steps=adapt_steps, first_order=first_order,
            rule=inner_rule, grad_clip=inner_grad_clip, way=meta_gradient, buffers=buffers,
        )  # fmt: skip

    def _choose_learned(self, parameters: list, chosen: dict):
        """Put what is learned besides the net into ``self._learned``, by name; `parameters` are the net's."""
        for position, rate in enumerate(learned_rates([chosen.get("inner_lr"), *self._group_rates])):
            self._learned[f"inner_lr.{position}"] = rate
        rule = chosen.get("inner_rule")
        for name, value in vars(rule).items() if hasattr(rule, "learned") else ():
            if any(value is learned for learned in rule.learned()):
                self._learned[f"inner_rule.{name}"] = value
        own = {id(p) for p in parameters}
        self._learned = {name: p for name, p in self._learned.items() if id(p) not in own}

    def _make_plan(
        self, chosen, *, inner_lr, adapt_steps, first_order, rule, grad_clip, way, buffers, head=None, rate_of=None,
        transform=None, statistics_per_step=False,
    ) -> Plan:  # fmt: skip
        if isinstance(adapt_steps, bool) or not isinstance(adapt_steps, int) or adapt_steps < 0:
            raise ValueError(f"adapt_steps: expected an integer of at least 0, got {adapt_steps!r}")
        _require_clip(grad_clip)
        rates = _rates_by_parameter(self, inner_lr)
        way, rule = meta_gradient(way, first_order), inner_rule(rule)
        if self._learned and not way.follows_path:
            raise ValueError(
                f"{way.name} asks where the inner loop ends, not how it got there, so {', '.join(self._learned)} would "
                "get no gradient; use numbers there, or meta_gradient='unrolled'"
            )
        if isinstance(way, Implicit) and isinstance(rule, InnerRule) and rule.has_decay():
            raise ValueError(
                f"{way.name} differentiates the minimum of the support loss, where an inner rule with weight decay does "
                "not come to rest; use weight_decay=0.0, and add the penalty to the loss function"
            )
        return Plan(
            adapts=lambda name, p: id(p) in rates and bool(chosen(name, p)),
            inner_rule=rule,
            rate_of=rate_of or (lambda p, step: rates[id(p)](step)),
            inner_grad_clip=grad_clip,
            adapt_steps=adapt_steps,
            way=way,
            buffers=BufferKeeper(buffers, adapt_steps if statistics_per_step else None),
            head=head,
            transform=transform,
            learned=tuple(self._learned.values()),
        )

    @property
    def _plan(self) -> Plan:
        """The choices for the next task; an algorithm may change them from one outer step to another."""
        return self._fixed_plan

    @property
    def learned(self) -> dict:
        """What is meta-learned besides the net's parameters, by name."""
        return dict(self._learned)

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
        state[_STATE_KEY] = {
            "accumulators": self._accumulator_places(),
            "learned": [[_kind(name), p.detach().clone()] for name, p in self._learned.items()],
            "outer_steps": self._outer_steps,
            "buffers": self._fixed_plan.buffers.state(),
        }
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
        learned = ours.get("learned", [])
        self._require_same_learned(learned)
        self._translate(state, ours["accumulators"])
        for (_, value), p in zip(learned, self._learned.values()):
            p.set_value(value)
        self._outer_steps = ours.get("outer_steps", 0)
        self._fixed_plan.buffers.set_state(ours.get("buffers", []))

    def _require_same_learned(self, saved):
        # By position: the names are made from those of the parameters, which differ in a second copy of the model.
        found = [(kind, list(value.shape)) for kind, value in saved]
        expected = [(_kind(name), list(p.shape)) for name, p in self._learned.items()]
        if found != expected:
            raise ValueError(
                f"the state has {len(found)} tensors learned besides the weights "
                f"({', '.join(sorted({kind for kind, _ in found})) or 'none'}), this optimizer has {len(expected)} "
                f"({', '.join(sorted({kind for kind, _ in expected})) or 'none'}): it is of another algorithm or model"
            )

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
        learner = Learner(net, self._plan, tracked)
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

    def step(self):
        """One outer step, as the outer optimizer takes it; ends the tasks that still run."""
        super().step()
        self._outer_steps += 1

    def minimize(self, *args, **kwargs):
        """Backward and one outer step, as the outer optimizer does it; ends the tasks that still run."""
        result = super().minimize(*args, **kwargs)  # does not call step()
        self._outer_steps += 1
        return result

    def _apply_optimize(self, *args, **kwargs):
        # step() and minimize() come through here, once for each parameter group: the weights that running tasks
        # began from move.
        result = super()._apply_optimize(*args, **kwargs)
        for graph in list(self._graphs):
            graph.outer_step()
        self._graphs.clear()
        self._fixed_plan.buffers.outer_step()
        return result

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


def _kind(learned_name: str) -> str:
    return learned_name.partition(".")[0]


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


def _arguments(outer, args, kwargs) -> dict:
    """The outer optimizer's arguments by name.

    Raises
    ------
    TypeError
        If there is one that it does not have.
    ValueError
        If there are no parameters.
    """
    given = dict(inspect.signature(outer).bind(*args, **kwargs).arguments)
    given.update(given.pop("kwargs", {}))
    parameters = given.get("parameters")
    if parameters is None:
        raise ValueError("parameters: expected the parameters to learn, such as net.parameters(), got None")
    if not isinstance(parameters, (paddle.Tensor, str)):
        given["parameters"] = list(parameters)
    return given


def _trainable(parameters) -> list:
    found = []
    for entry in parameters if isinstance(parameters, list) else []:
        found += list(entry.get("params", [])) if isinstance(entry, dict) else [entry]
    return [p for p in found if isinstance(p, paddle.Tensor) and not p.stop_gradient]


def _with_group(parameters: list, learned: dict, options) -> list:
    """The outer optimizer's parameters, with a group of what is learned besides."""
    groups = parameters if parameters and isinstance(parameters[0], dict) else [{"params": parameters}]
    return [*groups, {"weight_decay": 0.0, **(options or {}), "params": list(learned.values())}]


def _require_clip(clip):
    kinds = (paddle.nn.ClipGradByValue, paddle.nn.ClipGradByNorm, paddle.nn.ClipGradByGlobalNorm)
    if clip is not None and not isinstance(clip, kinds):
        raise TypeError(f"inner_grad_clip: expected a paddle.nn.ClipGradBy... object, got {clip!r}")


def _parameters(optimizer) -> list:
    return [p for group in _groups(optimizer) for p in group["params"]]


def _groups(optimizer) -> list:
    groups = optimizer._param_groups
    if groups and isinstance(groups[0], dict):
        return groups
    return [{"params": list(optimizer._parameter_list)}]


def _rates_by_parameter(optimizer, inner_lr) -> dict:
    default = rate_by_step(inner_lr)
    return {
        id(p): rate_by_step(group["inner_lr"]) if "inner_lr" in group else default
        for group in _groups(optimizer)
        for p in group["params"]
    }
