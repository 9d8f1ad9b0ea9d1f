"""`MetaOptimizer`: what makes a ``paddle.optimizer`` class a meta-optimizer."""

from __future__ import annotations

import copyreg
from typing import Any, Iterable, Sequence, overload

import numpy as np
import paddle

from ..arguments import naming, require_dynamic_mode
from ..meta_batch import Loss, MetaBatches, Metric, score_function
from ..meta_gradients import ForwardOnly
from ..paddle_optimizers import AroundUpdates, groups_of, parameters_of, translated
from ..task import BufferKeeper, Learner, Plan, Task
from . import copying, over, state
from .adapter import InnerAdapter
from .algorithm import Algorithm
from .begun import BegunTasks
from .choices import refuse_choice
from .planned import construction, fixed_plan


class MetaOptimizer(AroundUpdates):
    """Mix-in that adds an inner loop to an optimizer class of Paddle's; the outer step stays that class's own.

    A subclass names its algorithm, ``class X(MetaOptimizer, paddle.optimizer.Adam, algorithm=MyAlgorithm)``, and has
    the choices of that one as keyword arguments besides those of the outer optimizer.

    ``step()`` ends the tasks that still run. It warns, once, of gradients that went back through none: those of a plain
    loss.
    """

    combination: over.Combination

    def __init_subclass__(cls, algorithm: type[Algorithm] | None = None, **options):
        super().__init_subclass__(**options)
        if algorithm is None and not hasattr(cls, "combination") and any(map(over.is_optimizer, cls.__bases__)):
            algorithm = Algorithm
        if algorithm is not None:
            cls.combination = over.combination_of(cls, algorithm)
            cls.__signature__ = cls.combination.signature()

    def __init__(self, *args, **kwargs):
        require_dynamic_mode()
        with naming(type(self)):
            _, chooses, outer = self.combination
            algorithm = chooses.taken_from(kwargs, type(self).__name__)
            given, self._rule, self._learned = construction(algorithm, outer, args, kwargs)
            super().__init__(**given)
            algorithm.require_fit(parameters_of(self))
            self._algorithm = algorithm
            self.outer_steps = 0
            self._begun = BegunTasks()
            self.meta_batches = MetaBatches()
            steps = algorithm.adapt_steps if algorithm.statistics_per_step else None
            self._keeper = BufferKeeper(algorithm.buffers, steps)
            self._settle()

    def __setattr__(self, name: str, value: Any) -> None:
        refuse_choice(self, name)
        super().__setattr__(name, value)

    def _settle(self):
        """Make what follows from the choices and parameters, and knows these by their ids."""
        self._fixed_plan = fixed_plan(self._algorithm, groups_of(self), self._rule, self._learned)

    def __reduce__(self):
        declared, _, outer = self.combination
        if type(self) is over.combined(declared, outer):
            return over.blank, (declared, outer), copying.content_of(self)
        return copyreg.__newobj__, (type(self),), copying.content_of(self)

    def __setstate__(self, content):
        outer = copying.take(self, content)
        self._settle()
        self.set_state_dict(outer)

    @property
    def plan(self) -> Plan:
        """The choices for the next task; an algorithm may change them from one outer step to another."""
        return self._algorithm.now(self._fixed_plan, self.outer_steps)

    @property
    def algorithm(self) -> Algorithm:
        """The choices, as they were given."""
        return self._algorithm

    @property
    def learned(self) -> dict[str, paddle.Tensor]:
        """What is meta-learned besides the net's parameters, by name."""
        return {entry.name: entry.value for entry in self._learned}

    @property
    def adapt_steps(self) -> int:
        """Inner steps for each task."""
        return self._algorithm.adapt_steps

    def adapter(self, net: paddle.nn.Layer) -> InnerAdapter:
        """The paired adapter of a net; the same as ``InnerAdapter(net, self)``."""
        return InnerAdapter(net, self)

    @property
    def solver_report(self):
        """How the last task's linear system was solved, if implicitly: iterations taken and relative residual."""
        return getattr(self._fixed_plan.way, "report", None)

    def begin(self, net, support=None, plan: Plan | None = None, **how) -> Learner:
        """Begin a task; users do so by ``adapter.clone()``, ``adapter.task()``, `meta_loss` or ``evaluate``.

        Parameters
        ----------
        net : Layer
        support : pair, optional
            (x, y), for algorithms whose tasks begin at weights that depend on it.
        plan : Plan, optional
            `plan` by default; evaluation has one without a way back, where the choice of ``buffers=`` does not count.
        how
            As in `Task`: for how many tasks at once the learner stands, and who takes its gradients.
        """
        require_dynamic_mode()
        plan = self.plan if plan is None else plan
        comes_back = not isinstance(plan.way, ForwardOnly)
        net, processes = self.meta_batches.join(net, self.learned)
        task = Task(net, plan, self._keeper, support, processes=processes if comes_back else None, **how)
        if comes_back:
            self._begun.add(task.graph)
        return Learner(net, task)

    @overload
    def meta_loss(
        self, net: paddle.nn.Layer, episodes: Iterable[Any], loss_fn: Loss, inputs: Sequence[paddle.Tensor] = ...,
        vectorize: bool | str = ..., tasks_at_once: int | None = ..., metric: None = ..., diverged: str = ...,
    ) -> paddle.Tensor: ...  # fmt: skip

    @overload
    def meta_loss(
        self, net: paddle.nn.Layer, episodes: Iterable[Any], loss_fn: Loss, inputs: Sequence[paddle.Tensor] = ...,
        vectorize: bool | str = ..., tasks_at_once: int | None = ..., *, metric: Metric, diverged: str = ...,
    ) -> tuple[paddle.Tensor, np.ndarray]: ...  # fmt: skip

    def meta_loss(
        self, net, episodes, loss_fn, inputs=(), vectorize="auto", tasks_at_once=None, metric=None, diverged="keep"
    ):
        """The mean query loss of a meta-batch, with the meta-gradient as its derivative.

        Parameters
        ----------
        net : Layer
            In a ``paddle.DataParallel``, the mean is over the tasks of all its processes, as are all averages.
        episodes : iterable of Episode
            Or any nested pairs ``((x, y), (x, y))`` of support and query, of Tensors or numpy arrays; floating arrays
            take the type of the net's parameters. x may be a tuple, then the net is called as ``net(*x)``, or a
            dict, ``net(**x)``. All are made before the first task begins.
        loss_fn : callable
            ``loss_fn(net_output, y)`` gives a scalar.
        inputs : list of Tensor, optional
            Leaf tensors outside the net that should get a gradient too, be they in the optimizer or not.
        vectorize : {"auto", True, False}
            Whether tasks of equal shapes run as one program: where that is possible and gives the same numbers; or an
            error that says why not; or not at all, one after the other.
        tasks_at_once : int, optional
            How many run as one program; memory grows with it. By default by the sizes of the episodes.
        metric : callable or paddle.metric.Metric, optional
            ``metric(net_output, y)`` gives a number for a task's query set, on the weights after the last inner step.
            In several processes, of those of this one.
        diverged : {"keep", "raise", "drop"}
            What becomes of a task whose query loss or meta-gradient is not finite: it counts like any other; or a
            DivergedError names it; or it is left out of the mean, with a warning, and its score is NaN.

        Returns
        -------
        Tensor
            A scalar. The tasks' graphs are freed before it is returned.
        ndarray of float64, shape [tasks]
            With a metric only, as ``loss, scores = ...``: each task's score, in the order of the episodes.

        Raises
        ------
        TypeError, ValueError
            If an argument is of another kind; if there are no episodes, or one is not a pair of pairs, or has no
            examples; if the loss is not a real scalar, or the metric gives no single number.
        DivergedError
            With ``diverged="raise"``, if a task diverged; with ``"drop"``, if all did.
        VectorizeError
            With ``vectorize=True``, if the tasks can't run as one program.
        NotTwiceDifferentiableError
            If an op on the way of a second-order meta-gradient has no verified second derivative.
        RuntimeError
            In static mode; a ReplayError, if a way back ran the net again and it was another one.
        """
        score = None if metric is None else score_function("meta_loss", metric)
        found = self.meta_batches.mean(self, net, episodes, loss_fn, inputs, vectorize, tasks_at_once, score, diverged)
        loss = found.as_loss()
        return loss if score is None else (loss, np.asarray(list(found.scores.values()), dtype=np.float64))

    def state_dict(self):
        """The outer optimizer's state; it can be loaded into a second copy of the model as well."""
        return state.with_ours(self, super().state_dict(), self._learned, self.outer_steps, self._keeper)

    def set_state_dict(self, state_dict):
        """Restore what `state_dict` gave; a plain optimizer's state of the same class does too.

        Raises
        ------
        ValueError
            If the state is of a model with other parameters, or of these in another order, of another class of
            optimizer, or of another algorithm.
        """
        outer, ours = state.taken_apart(state_dict)
        if ours is None:
            return super().set_state_dict(outer)
        state.require_fit(self, ours, self._learned)
        if self._learned:
            self._begun.end()  # what they depend on moves
        super().set_state_dict(translated(self, outer, ours))
        self.outer_steps = state.restore_ours(self, ours, self._learned, self._keeper)

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
        over.require_outer(outer, MetaOptimizer)
        return over.combined(cls.combination.declared, outer)

    def before_step(self):
        self._begun.warn_of_plain(self)

    def before_update(self):
        self._begun.end()  # the weights that they began from move

    def after_update(self):
        self._keeper.outer_step()
