"""`MetaOptimizer`: what makes a ``paddle.optimizer`` class a meta-optimizer."""

from __future__ import annotations

import inspect
import itertools
import weakref
from functools import lru_cache, partial
from typing import Callable

import paddle

from .adapter import InnerAdapter
from .buffers import BufferKeeper
from .double_grad.interception import patches_kept
from .episodes import episode_parts, loss_on
from .groups import given_groups, outer_arguments, parameters_of, rates_by_parameter, trainable, with_learned_group
from .inner_rates import learned_rates
from .inner_rules import InnerRule, inner_rule, learned_in, settings_beside_the_rule
from .learner import Learner
from .meta_gradients import FirstOrder, Implicit, meta_gradient, with_gradients
from .outer_state import places, translated
from .plan import Plan, adapts_only
from .tensors import added

_STATE_KEY = "MetaOptimizer"


class MetaOptimizer:
    """Mix-in that adds an inner loop to an optimizer class of Paddle's; the outer step stays that class's own.

    An algorithm is a subclass that chooses in `_choose`; ``over(paddle.optimizer.X)`` combines it with an outer
    optimizer, keeping that one's arguments and adding the algorithm's as keywords.
    """

    def __init__(self, *args, **kwargs):
        chosen = self._take_choices(kwargs)
        outer = self._outer_class()
        given = outer_arguments(outer, args, kwargs)
        groups = given_groups(given["parameters"], set(inspect.signature(self._choose).parameters) - {"inner_lr"})
        self._graphs = weakref.WeakValueDictionary()  # in the order in which the tasks began
        self._numbers = itertools.count()
        self._outer_steps = 0
        self._learned = self._everything_learned(groups, chosen)
        self._check_learned_group(chosen)
        passed = {id(p) for p in trainable(groups)}
        further = [p for p in self._learned.values() if id(p) not in passed]
        if further:
            given["parameters"] = with_learned_group(outer, given["parameters"], further, chosen.get("learned_group"))
        super().__init__(**given)
        self._fixed_plan = self._choose(**chosen)

    def _take_choices(self, kwargs: dict) -> dict:
        """Take the algorithm's own arguments out of `kwargs`."""
        ours = inspect.signature(self._choose).parameters
        for name in inspect.signature(MetaOptimizer._choose).parameters:
            if name in kwargs and name not in ours:
                raise ValueError(f"{name}: {type(self).__name__} has no such choice, or makes it itself; leave it out")
        chosen = {name: kwargs.pop(name) for name in list(kwargs) if name in ours}
        rule = chosen.get("inner_rule")
        if isinstance(rule, paddle.optimizer.Optimizer):
            beside = {
                name: setting
                for name, setting in settings_beside_the_rule(rule).items()
                if name in ours and not isinstance(ours[name].default, tuple)  # a range is no rule's
            }
            chosen = {**beside, **chosen, "inner_rule": inner_rule(rule)}
        _check_adapt_steps(chosen.get("adapt_steps", 1))
        _check_first_order(chosen)
        return chosen

    def _everything_learned(self, groups: list, chosen: dict) -> dict:
        choices = {name: p.default for name, p in inspect.signature(self._choose).parameters.items()}
        choices.update(chosen)
        learned = _learned_hyperparameters(groups, choices)
        hyperparameters = {id(value) for value in learned.values()}
        starts = [
            (p, group.get("inner_lr", choices.get("inner_lr")))
            for group in groups
            for p in trainable([group])
            if id(p) not in hyperparameters
        ]
        for kind, parameter, value in self._learned_for(starts, choices):
            value.need_clip = getattr(parameter, "need_clip", True)
            learned[f"{kind}.{parameter.name}"] = value
        return learned

    def _learned_for(self, starts: list, choices: dict) -> list:
        """What else is learned: a list of (kind, of which parameter, Parameter).

        Parameters
        ----------
        starts : list of (Parameter, object)
            Each trainable parameter with the ``inner_lr`` given for it.
        choices : dict
            The algorithm's arguments.
        """
        return []

    def _learned_of(self, kind: str, parameter):
        """What `_learned_for` made for a parameter.

        Raises
        ------
        ValueError
            If it made nothing, as when the parameter was frozen then.
        """
        name = f"{kind}.{parameter.name}"
        if name not in self._learned:
            raise ValueError(
                f"parameter {parameter.name} has nothing learned beside it; was it frozen when the optimizer was made? "
                "Make the optimizer after setting stop_gradient=False"
            )
        return self._learned[name]

    def _check_learned_group(self, chosen):
        options = chosen.get("learned_group")
        if options is None:
            return
        if not isinstance(options, dict) or "params" in options:
            raise TypeError(
                "learned_group: expected a dict of a parameter group's options without 'params', such as "
                f"{{'learning_rate': 0.1}}, got {options!r}"
            )
        if not self._learned:
            raise ValueError("learned_group: nothing is learned besides the weights; leave the argument out")

    def _choose(
        self, *, inner_lr=0.01, adapt_steps=1, first_order=False, inner_rule="sgd", inner_grad_clip=None,
        meta_gradient="unrolled", adapt=None, buffers="restore", learned_group=None,
    ) -> Plan:  # fmt: skip
        """The algorithm's choices; a subclass fixes some of them."""
        return self._make_plan(
            adapts_only(adapt, "adapt"), inner_lr=inner_lr, adapt_steps=adapt_steps, first_order=first_order,
            rule=inner_rule, grad_clip=inner_grad_clip, way=meta_gradient, buffers=buffers,
        )  # fmt: skip

    def _make_plan(
        self, chosen, *, inner_lr, adapt_steps, first_order, rule, grad_clip, way, buffers, head=None, rate_of=None,
        transform=None, statistics_per_step=False,
    ) -> Plan:  # fmt: skip
        _require_clip(grad_clip)
        rates = rates_by_parameter(self, inner_lr)
        way, rule = meta_gradient(way, first_order), inner_rule(rule)
        if self._learned and not way.follows_path:
            raise ValueError(
                f"{way.name} asks where the inner loop ends, not how it got there, so {', '.join(self._learned)} would "
                "get no gradient; use numbers there, or another algorithm or way back, such as 'unrolled'"
            )
        if not adapt_steps and not way.follows_path:
            raise ValueError(f"adapt_steps: {way.name} is nothing without inner steps; expected at least 1")
        if isinstance(way, Implicit) and isinstance(rule, InnerRule) and rule.has_decay() and rule.decay_is_decoupled:
            raise ValueError(
                f"{way.name} differentiates the minimum of the support loss, where an inner rule with decoupled weight "
                "decay does not come to rest; use weight_decay=0.0, or a rule whose decay is an L2 penalty"
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

    @property
    def solver_report(self):
        """How the last task's linear system was solved, if the way back is implicit: iterations taken and relative
        residual."""
        return getattr(self._fixed_plan.way, "report", None)

    def meta_loss(self, net, episodes, loss_fn: Callable, inputs: list = ()):
        """The mean query loss of a meta-batch, with the meta-gradient as its derivative.

        Parameters
        ----------
        net : Layer
        episodes : iterable of Episode
            Or any nested pairs ``((x, y), (x, y))`` of support and query. x may be a tuple, then the net is called
            as ``net(*x)``, or a dict, ``net(**x)``.
        loss_fn : callable
            ``loss_fn(net_output, y)`` gives a scalar.
        inputs : list of Tensor, optional
            Leaf tensors outside the net and the optimizer that should get a gradient too.

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
        with patches_kept():
            for episode in episodes:
                tensors, graph, solved = self._solve_task(net, episode, loss_fn, inputs)
                total = solved if total is None else [added(a, b) for a, b in zip(total, solved)]
                tasks += 1
        if not tasks:
            raise ValueError("meta_loss: there are no episodes")
        value, *gradients = [None if t is None else t / tasks for t in total]
        return with_gradients(value, tensors, gradients, graph)

    def state_dict(self):
        """The outer optimizer's state; it can be loaded into a second copy of the model as well."""
        state = super().state_dict()
        state[_STATE_KEY] = {
            **places(self),
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
            If the state is of a model with other parameters, of another class of optimizer, or of another algorithm.
        """
        state = dict(state_dict)
        ours = state.pop(_STATE_KEY, None)
        if ours is None:
            super().set_state_dict(state)
            return
        learned = ours.get("learned", [])
        self._require_same_learned(learned)
        super().set_state_dict(translated(self, state, ours))
        self._accumulators_holder = {}  # else Paddle asks it for the moments of parameters that come later
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
                f"the state has {_summary(found)} learned besides the weights, this optimizer has "
                f"{_summary(expected)}: it is of another algorithm or model, or of other choices, such as adapt_steps"
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
            self._graphs[next(self._numbers)] = learner._graph
        return learner

    def _solve_task(self, net, episode, loss_fn, inputs):
        support, query = episode_parts(episode)
        learner = self._begin_task(net)
        try:
            learner.adapt(partial(loss_on, learner, support, loss_fn))
            value, gradients = learner.solve(partial(loss_on, learner, query, loss_fn), inputs)
            return learner.meta_parameters(), learner._graph, [value, *gradients]
        finally:
            learner.end()

    def step(self):
        """One outer step, as the outer optimizer takes it; ends the tasks that still run."""
        super().step()
        self._outer_steps += 1

    def minimize(self, loss, *args, **kwargs):
        """One outer step with the gradients of a ``backward()`` before, as Paddle's ``minimize`` takes it in dynamic
        mode; ends the tasks that still run."""
        if isinstance(self._param_groups[0], dict):  # Paddle's own does not know groups
            pairs = [(p, p.grad) for p in parameters_of(self) if p.grad is not None]
            self.step()
            return [], pairs
        result = super().minimize(loss, *args, **kwargs)  # does not call step()
        self._outer_steps += 1
        return result

    def _apply_optimize(self, *args, **kwargs):
        # step() and minimize() come through here, once for each parameter group: the weights that running tasks
        # began from move, so these are ended first.
        for graph in list(self._graphs.values()):
            graph.outer_step()
        self._graphs.clear()
        result = super()._apply_optimize(*args, **kwargs)
        self._fixed_plan.buffers.outer_step()
        return result


def _kind(learned_name: str) -> str:
    return learned_name.partition(".")[0]


def _summary(learned: list) -> str:
    return ", ".join(sorted({f"{kind} {shape}" for kind, shape in learned})) or "nothing"


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


def _learned_hyperparameters(groups: list, choices: dict) -> dict:
    """The Parameters among the rates and in the inner rule, by name.

    Raises
    ------
    TypeError
        If a trainable tensor there is no Parameter.
    """
    rates = learned_rates([choices.get("inner_lr"), *(group["inner_lr"] for group in groups if "inner_lr" in group)])
    learned = {f"inner_lr.{position}": rate for position, rate in enumerate(rates)}
    passed = {id(p) for p in trainable(groups)}
    for name, value in learned_in(choices["inner_rule"]).items():
        if value.size == 1 or id(value) not in passed:  # a rule may refer to the net's weights, as an anchor
            learned[f"inner_rule.{name}"] = value
    for name, value in learned.items():
        if not hasattr(value, "optimize_attr"):
            raise TypeError(
                f"{name.partition('.')[0]}: what is to be learned must be a Parameter, such as "
                "paddle.create_parameter gives; for a function of one, use a callable and name the Parameter by "
                "inputs= of meta_loss"
            )
    return learned


def _check_adapt_steps(steps):
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
        raise ValueError(f"adapt_steps: expected an integer of at least 0, got {steps!r}")


def _check_first_order(chosen: dict):
    first_order = chosen.get("first_order", False)
    if not isinstance(first_order, bool):
        raise TypeError(f"first_order: expected True or False, got {first_order!r}")
    way = chosen.get("meta_gradient", "first_order")
    if first_order and way != "first_order" and not isinstance(way, FirstOrder):
        raise ValueError(
            "first_order=True is short for meta_gradient='first_order', but "
            f"meta_gradient={way!r} was given as well; give one of them"
        )


def _require_clip(clip):
    kinds = (paddle.nn.ClipGradByValue, paddle.nn.ClipGradByNorm, paddle.nn.ClipGradByGlobalNorm)
    if clip is not None and not isinstance(clip, kinds):
        raise TypeError(f"inner_grad_clip: expected a paddle.nn.ClipGradBy... object, got {clip!r}")
    if clip is not None and not isinstance(clip, kinds[0]) and not clip.clip_norm > 0:
        raise ValueError(f"inner_grad_clip: expected a norm larger than 0, got {clip.clip_norm!r}")
