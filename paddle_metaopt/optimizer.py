"""`MetaOptimizer`: what makes a ``paddle.optimizer`` class a meta-optimizer."""

from __future__ import annotations

import inspect
import itertools
import warnings
import weakref
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Callable

import paddle

from .adapter import InnerAdapter
from .arguments import checked_function, checked_layer, flag, naming, require_dynamic_mode, whole_number
from .buffers import BufferKeeper
from .double_grad.scope import patches_kept
from .episodes import each_of, episode_parts, loss_on
from .groups import given_groups, outer_arguments, parameters_of, rates_by_parameter, trainable, with_learned_group
from .inner_rates import lasting, learned_rates
from .inner_rules import InnerRule, inner_rule, learned_in, settings_beside_the_rule
from .learner import Learner
from .meta_gradients import FirstOrder, Implicit, meta_gradient, with_gradients
from .outer_state import ATTRIBUTES_BY_NAME, places, start_of_an_optimizer, translated
from .plan import Plan, adapts_only
from .tensors import added

_STATE_KEY = "MetaOptimizer"


class MetaOptimizer:
    """Mix-in that adds an inner loop to an optimizer class of Paddle's; the outer step stays that class's own.

    An algorithm is a subclass that chooses in `_choose`; ``over(paddle.optimizer.X)`` combines it with an outer
    optimizer, keeping that one's arguments and adding the algorithm's as keywords.
    """

    def __init__(self, *args, **kwargs):
        require_dynamic_mode()
        with naming(type(self)):
            chosen = self._take_choices(kwargs)
            outer = self._outer_class()
            given = outer_arguments(outer, args, kwargs)
            groups = given_groups(given["parameters"], set(inspect.signature(self._choose).parameters) - {"inner_lr"})
            self._outer_steps = 0
            self._any_task = False
            self._learned = self._everything_learned(groups, chosen)
            self._check_learned_group(chosen, outer)
            passed = {id(p) for p in trainable(groups)}
            further = [entry.value for entry in self._learned if id(entry.value) not in passed]
            if further:
                options = chosen.get("learned_group")
                given["parameters"] = with_learned_group(outer, given["parameters"], further, options)
            super().__init__(**given)
            self._chosen = chosen
            self._settle()

    def _settle(self):
        """Make what follows from the choices and parameters, and has no tensors of its own to be copied."""
        self._graphs = weakref.WeakValueDictionary()  # in the order in which the tasks began
        self._numbers = itertools.count()
        self._beside = {(entry.kind, id(entry.of)): entry.value for entry in self._learned}
        self._fixed_plan = self._choose(**self._chosen)

    def __reduce__(self):
        # A copy makes its plan anew from the copied choices, for a plan knows parameters by their ids; Paddle's
        # moments go by position, as in state_dict, for a copied parameter has another name.
        cls, outer = type(self), None
        if cls is _combined(self._algorithm(), self._outer_class()):
            cls, outer = self._algorithm(), self._outer_class()
        own = {name: value for name, value in vars(self).items() if name not in _MADE_ANEW}
        return _blank, (cls, outer), {**own, "outer": self.state_dict(), "buffers": self._fixed_plan.buffers}

    def __setstate__(self, state):
        own = dict(state)
        outer, buffers = own.pop("outer"), own.pop("buffers")
        vars(self).update(own, **start_of_an_optimizer(self))
        self._settle()
        self._fixed_plan = replace(self._fixed_plan, buffers=buffers)
        self.set_state_dict(outer)

    def _take_choices(self, kwargs: dict) -> dict:
        """Take the algorithm's own arguments out of `kwargs`."""
        ours = inspect.signature(self._choose).parameters
        for name in inspect.signature(MetaOptimizer._choose).parameters:
            if name in kwargs and name not in ours:
                raise ValueError(f"{name}: {type(self).__name__} has no such choice, or makes it itself; leave it out")
        chosen = {name: lasting(kwargs.pop(name)) for name in list(kwargs) if name in ours}
        rule = chosen.get("inner_rule")
        if isinstance(rule, paddle.optimizer.Optimizer):
            beside = {
                name: setting
                for name, setting in settings_beside_the_rule(rule).items()
                if name in ours and not isinstance(ours[name].default, tuple)  # a range is no rule's
            }
            chosen = {**beside, **chosen, "inner_rule": inner_rule(rule)}
        whole_number(None, "adapt_steps", chosen.get("adapt_steps", 1))
        _check_first_order(chosen)
        return chosen

    def _everything_learned(self, groups: list, chosen: dict) -> list:
        choices = {name: p.default for name, p in inspect.signature(self._choose).parameters.items()}
        choices.update(chosen)
        learned = _learned_hyperparameters(groups, choices)
        hyperparameters = {id(entry.value) for entry in learned}
        starts = [
            (p, group.get("inner_lr", choices.get("inner_lr")))
            for group in groups
            for p in trainable([group])
            if id(p) not in hyperparameters
        ]
        for kind, parameter, value in self._learned_for(starts, choices):
            value.need_clip = getattr(parameter, "need_clip", True)
            learned.append(_Learned(kind, value, parameter))
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
        value = self._beside.get((kind, id(parameter)))
        if value is None:
            raise ValueError(
                f"parameter {parameter.name} has nothing learned beside it; was it frozen when the optimizer was made? "
                "Make the optimizer after setting stop_gradient=False"
            )
        return value

    def _check_learned_group(self, chosen, outer):
        options = chosen.get("learned_group")
        if options is None:
            return
        if not isinstance(options, dict) or "params" in options:
            raise TypeError(
                "learned_group: expected a dict of a parameter group's options without 'params', such as "
                f"{{'learning_rate': 0.1}}, got {options!r}"
            )
        known = {"learning_rate", "weight_decay", "grad_clip", *inspect.signature(outer).parameters}
        unknown = sorted(map(repr, set(options) - known))
        if unknown:
            raise ValueError(
                f"learned_group: {outer.__name__} has no option {', '.join(unknown)} of a parameter group; it has "
                f"{', '.join(sorted(known - {'parameters', 'name'}))}"
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
        rates = rates_by_parameter(self, inner_lr, adapt_steps)
        way, rule = meta_gradient(way, first_order), inner_rule(rule)
        if self._learned and not way.follows_path:
            raise ValueError(
                f"{way.name} asks where the inner loop ends, not how it got there, so {', '.join(self.learned)} would "
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
            learned=tuple(entry.value for entry in self._learned),
        )

    @property
    def _plan(self) -> Plan:
        """The choices for the next task; an algorithm may change them from one outer step to another."""
        return self._fixed_plan

    @property
    def learned(self) -> dict:
        """What is meta-learned besides the net's parameters, by name."""
        return {entry.name: entry.value for entry in self._learned}

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
            Or any nested pairs ``((x, y), (x, y))`` of support and query, of Tensors or numpy arrays; floating arrays
            take the type of the net's parameters. x may be a tuple, then the net is called as ``net(*x)``, or a
            dict, ``net(**x)``.
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
            If there are no episodes, or one is not a pair of pairs, or has no examples; if the loss is not a real
            scalar.
        TypeError
            If `net` is no Layer, or `loss_fn` no function.
        RuntimeError
            In static mode.
        """
        require_dynamic_mode()
        checked_layer("meta_loss", "net", net)
        checked_function("meta_loss", "loss_fn", loss_fn, "loss_fn(net_output, y)")
        total, tasks = None, 0
        with patches_kept():
            for episode in each_of(episodes):
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
            "learned": [[entry.kind, entry.value.detach().clone()] for entry in self._learned],
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
        for (_, value), entry in zip(learned, self._learned):
            entry.value.set_value(value)
        self._outer_steps = ours.get("outer_steps", 0)
        self._fixed_plan.buffers.set_state(ours.get("buffers", []))

    def _require_same_learned(self, saved):
        # By position: the names are made from those of the parameters, which differ in a second copy of the model.
        found = [(kind, list(value.shape)) for kind, value in saved]
        expected = [(entry.kind, list(entry.value.shape)) for entry in self._learned]
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
            self._any_task = True
            self._graphs[next(self._numbers)] = learner._graph
        return learner

    def _solve_task(self, net, episode, loss_fn, inputs):
        support, query = episode_parts(episode, net, adapts=self.adapt_steps > 0)
        learner = self._begin_task(net)
        try:
            learner.adapt(partial(loss_on, learner, support, loss_fn))
            value, gradients = learner.solve(partial(loss_on, learner, query, loss_fn), inputs)
            return learner.meta_parameters(), learner._graph, [value, *gradients]
        finally:
            learner.end()

    def step(self):
        """One outer step, as the outer optimizer takes it; ends the tasks that still run.

        Warns
        -----
        UserWarning
            Once, if there are gradients and no task was ever begun: they are those of a plain loss.
        """
        self._warn_of_plain_gradients()
        super().step()
        self._outer_steps += 1

    def minimize(self, loss, *args, **kwargs):
        """One outer step with the gradients of a ``backward()`` before, as Paddle's ``minimize`` takes it in dynamic
        mode; ends the tasks that still run."""
        self._warn_of_plain_gradients()
        if isinstance(self._param_groups[0], dict):  # Paddle's own does not know groups
            pairs = [(p, p.grad) for p in parameters_of(self) if p.grad is not None]
            self.step()
            return [], pairs
        result = super().minimize(loss, *args, **kwargs)  # does not call step()
        self._outer_steps += 1
        return result

    def _warn_of_plain_gradients(self):
        if self._any_task or all(p.grad is None for p in parameters_of(self)):
            return
        self._any_task = True  # once
        warnings.warn(
            f"{type(self).__name__}: a step without a task before it is one of {self._outer_class().__name__} on a "
            "plain loss, without an inner loop. To meta-learn, take it from opt.meta_loss(net, episodes, loss_fn) "
            "or from a learner that adapts, opt.adapter(net).clone()",
            UserWarning,
            stacklevel=3,
        )

    def _apply_optimize(self, *args, **kwargs):
        # step() and minimize() come through here, once for each parameter group: the weights that running tasks
        # began from move, so these are ended first.
        for graph in list(self._graphs.values()):
            graph.outer_step()
        self._graphs.clear()
        result = super()._apply_optimize(*args, **kwargs)
        self._fixed_plan.buffers.outer_step()
        return result


@dataclass(frozen=True)
class _Learned:
    """What is meta-learned besides the net: of which kind, and beside which parameter, or at which place."""

    kind: str
    value: paddle.Tensor
    of: paddle.Tensor | None
    place: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind}.{self.place if self.of is None else self.of.name}"


#: Attributes of an optimizer that a copy makes anew: see `MetaOptimizer._settle` and `start_of_an_optimizer`.
_MADE_ANEW = frozenset({"_graphs", "_numbers", "_beside", "_fixed_plan", *ATTRIBUTES_BY_NAME})


def _blank(cls: type, outer: type | None):
    """An optimizer of an algorithm's combination with an outer class, or of a class by itself, yet without content."""
    made = cls if outer is None else _combined(cls, outer)
    return made.__new__(made)


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


def _learned_hyperparameters(groups: list, choices: dict) -> list:
    """The Parameters among the rates and in the inner rule.

    Raises
    ------
    TypeError
        If a trainable tensor there is no Parameter.
    """
    rates = learned_rates([choices.get("inner_lr"), *(group["inner_lr"] for group in groups if "inner_lr" in group)])
    learned = [_Learned("inner_lr", rate, None, str(position)) for position, rate in enumerate(rates)]
    passed = {id(p) for p in trainable(groups)}
    for name, value in learned_in(choices["inner_rule"]).items():
        if value.size == 1 or id(value) not in passed:  # a rule may refer to the net's weights, as an anchor
            learned.append(_Learned("inner_rule", value, None, name))
    for entry in learned:
        if not hasattr(entry.value, "optimize_attr"):
            raise TypeError(
                f"{entry.kind}: what is to be learned must be a Parameter, such as "
                "paddle.create_parameter gives; for a function of one, use a callable and name the Parameter by "
                "inputs= of meta_loss"
            )
    return learned


def _check_first_order(chosen: dict):
    first_order = flag(None, "first_order", chosen.get("first_order", False))
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
