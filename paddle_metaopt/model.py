"""`Model`: a ``paddle.Model`` whose loaders give episodes."""

from __future__ import annotations

import copy
import os
from contextlib import suppress
from functools import partial
from typing import Callable, Sequence

import numpy as np
import paddle

from .arguments import checked_function, checked_layer, require_dynamic_mode, require_no_amp, whole_number
from .data import EpisodeSampler
from .double_grad.undo import Undo
from .evaluate import require_fit, scored
from .meta_batch import (
    Loaded,
    LoadedBatches,
    arrays_of,
    as_list,
    checked_choices,
    computed,
    episodes_of,
    form_of,
    inferred_inputs,
    loss_of,
    mean_over_processes,
    stacked,
    without_targets,
)
from .outer import MetaOptimizer, require_meta_optimizer
from .tensors import have_shapes_of, scalar


class Model(paddle.Model):
    """A ``paddle.Model`` that is trained on tasks: its loaders give episodes.

    ``fit``, ``evaluate``, ``predict``, ``save``, ``load``, ``summary`` and the callbacks are Paddle's. A batch is what
    a loader gives at a time: an `Episode`, or a list of them. In ``fit`` it is a meta-batch, its loss and gradient are
    those of ``opt.meta_loss``; in ``evaluate`` and ``predict`` the net adapts to each episode's support set, without a
    way back, and leaves nothing behind. Metrics see the predictions on the query sets, task by task.

    A Dataset whose items are episodes may be given in a loader's place, with ``batch_size`` episodes to a batch.

    Parameters
    ----------
    network : Layer
    inputs, labels : InputSpec, or list of them, optional
        As for ``paddle.Model``: for ``summary`` and for ``save(..., training=False)``, which otherwise takes the shape
        of the first query set.

    Examples
    --------
    >>> model = metaopt.Model(net)
    >>> opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.4, adapt_steps=5)
    >>> model.prepare(opt, paddle.nn.CrossEntropyLoss(), paddle.metric.Accuracy(), eval_steps=10)
    >>> model.fit(train_loader, valid_loader, epochs=10, save_dir="run")
    """

    def __init__(self, network, inputs=None, labels=None):
        require_dynamic_mode()
        super().__init__(checked_layer("Model", "network", network), inputs, labels)
        # By its length Paddle tells inputs from labels, and a forward(*inputs) shows none.
        self._inputs = self._inputs or [paddle.static.InputSpec([None], name="x")]
        self._metrics, self._evaluation, self._losses_so_far, self._runs = [], {}, None, False
        self._given_net = getattr(self._adapter, "ddp_model", network)  # in several processes Paddle's adapter wraps it

    def prepare(
        self, optimizer: MetaOptimizer | None = None, loss: Callable | None = None, metrics=None, amp_configs=None, *,
        inputs: Sequence[paddle.Tensor] = (), vectorize: bool | str = "auto", tasks_at_once: int | None = None,
        diverged: str = "keep", eval_steps: int | None = None, statistics: str = "batch",
    ) -> None:  # fmt: skip
        """Say what the model is trained by, and how.

        Parameters
        ----------
        optimizer : MetaOptimizer
        loss : callable
            ``loss(net_output, y)`` gives a scalar, of the support sets and of the query sets. Several outputs, and
            several targets, are arguments of their own, and several losses are added up, as in ``paddle.Model``.
        metrics : paddle.metric.Metric or list of them, optional
        amp_configs : optional
            None or "O0": there is no mixed precision.
        inputs, vectorize, tasks_at_once, diverged
            As for ``opt.meta_loss``. Metrics do not see a task that is dropped.
        eval_steps : int, optional
            Inner steps in evaluation and prediction; the optimizer's ``adapt_steps`` by default.
        statistics : {"batch", "running"}
            What BatchNorm normalizes by in evaluation and prediction, as for ``metaopt.evaluate``.

        Raises
        ------
        TypeError
            If `optimizer` is no meta-optimizer, or `loss` no function.
        ValueError
            If mixed precision is asked for, or the choices do not fit the optimizer.
        """
        require_meta_optimizer("Model.prepare", "optimizer", optimizer)
        checked_function("Model.prepare", "loss", loss, "loss(net_output, y)")
        require_no_amp("Model.prepare", amp_configs)
        if eval_steps is not None:
            whole_number("Model.prepare", "eval_steps", eval_steps)
        require_fit("Model.prepare", optimizer, statistics, vectorize)
        choices = checked_choices("Model.prepare", inputs, vectorize, tasks_at_once, diverged)
        super().prepare(optimizer, loss, metrics, amp_configs)
        self._task_loss = partial(loss_of, loss)
        self._choices = choices
        self._evaluation = {"steps": eval_steps, "statistics": statistics, "vectorize": vectorize}

    def train_batch(self, inputs, labels=None, update: bool = True):
        """The gradient of the mean query loss of a meta-batch, and an outer step.

        Parameters
        ----------
        inputs : Episode or list of Episode
        labels : None
            The episodes have their own.
        update : bool
            Whether a step is taken now; else the gradients stay, and those of the next batch are added.

        Returns
        -------
        list
            The mean query loss, an array. With metrics, a tuple of that and of a list that has, for each metric, what
            its ``update`` returned for each task.
        """
        episodes = self._episodes("train_batch", inputs, labels)
        net, opt, self.mode = self.network, self._optimizer, "train"
        net.train()
        score = self._computed if self._metrics else None
        found = opt.meta_batches.mean(opt, self._given_net, episodes, self._task_loss, **self._choices, score=score)
        found.as_loss().backward()
        if update:
            with suppress(RuntimeError):  # of a schedule; ReduceLROnPlateau lowers what get_lr() says, not the rate
                opt.set_lr(opt.get_lr())
            opt.step()
            opt.clear_grad()
            net.clear_gradients()  # also those that are in no optimizer
        return self._results(found.value.numpy(), [of for of in found.scores.values() if isinstance(of, list)])

    def eval_batch(self, inputs, labels=None):
        """The mean query loss of a batch of episodes, after adaptation; returns what `train_batch` does."""
        episodes = self._episodes("eval_batch", inputs, labels)
        self.mode = "eval"
        losses, of_metrics = zip(*self._scored(episodes, self._judged))
        so_far = [] if self._losses_so_far is None else self._losses_so_far
        so_far += losses
        return self._results(np.mean(so_far), of_metrics)

    def predict_batch(self, inputs) -> list:
        """What the adapted net says of the query sets of a batch: for each output, a list with an array a task."""
        episodes = self._episodes("predict_batch", inputs)
        self.mode = "test"
        outputs = self._scored(map(without_targets, episodes), arrays_of)
        return [list(of_tasks) for of_tasks in zip(*outputs)]

    def evaluate(
        self, eval_data, batch_size=1, log_freq=10, verbose=2, num_workers=0, callbacks=None, num_iters=None,
        steps: int | None = None,
    ) -> dict:  # fmt: skip
        """The mean query loss and the metrics over the episodes, after adaptation.

        The arguments are those of ``paddle.Model.evaluate``, and `steps`, the inner steps; by default those of
        `prepare`. The loss, in the evaluations of ``fit`` too, is the mean over all episodes, not Paddle's last one.
        """
        with self._beside_others("evaluate", steps, stops=num_iters is not None):
            return super().evaluate(eval_data, batch_size, log_freq, verbose, num_workers, callbacks, num_iters)

    def predict(
        self, test_data, batch_size=1, num_workers=0, stack_outputs=False, verbose=1, callbacks=None,
        steps: int | None = None,
    ) -> list:  # fmt: skip
        """What the net says of each episode's query set, adapted to its support set.

        The query sets may come without targets, as ``((x, y), (x,))``. The arguments are those of
        ``paddle.Model.predict``, and `steps`, the inner steps; by default those of `prepare`.

        Returns
        -------
        list
            For each output of the net, a tuple with an array for each episode; an array of all, if `stack_outputs`.
        """
        with self._beside_others("predict", steps):
            fields = super().predict(test_data, batch_size, num_workers, False, verbose, callbacks)
        outputs = [tuple(array for batch in field for array in batch) for field in fields]
        return [stacked(arrays) for arrays in outputs] if stack_outputs else outputs

    def load(self, path: str, skip_mismatch: bool = False, reset_optimizer: bool = False) -> None:
        """Load what ``save`` saved: the weights, and all that the optimizer has, what it learned included.

        The arguments are those of ``paddle.Model.load``. Reading the files executes what they say: load what you trust.
        """
        super().load(path, skip_mismatch, reset_optimizer=True)  # the optimizer has nests that Paddle's does not read
        root = os.path.splitext(path)[0]
        if reset_optimizer or self._optimizer is None or not os.path.exists(root + ".pdopt"):
            return
        if not skip_mismatch or have_shapes_of(self.network.state_dict(), paddle.load(root + ".pdparams")):
            self._optimizer.set_state_dict(paddle.load(root + ".pdopt"))

    def _run_one_epoch(self, data_loader, callbacks, mode, logs=None):
        # Paddle takes apart what a loader gives, all the way down, and counts by the first axis of the first tensor.
        with Undo(partial(vars(self).update, _losses_so_far=self._losses_so_far, _runs=self._runs)):
            self._losses_so_far, self._runs = [] if mode == "eval" else None, True
            self._reset_metrics()  # of a run that was broken off
            found = super()._run_one_epoch(LoadedBatches(data_loader), callbacks, mode, {} if logs is None else logs)
            if mode == "eval":  # all processes have to come to the same decisions
                found = mean_over_processes(self._given_net, found, self._metrics_name(), len(self._losses_so_far))
        sampler = getattr(data_loader, "batch_sampler", None)
        if mode == "train" and isinstance(sampler, EpisodeSampler):
            sampler.set_epoch(sampler.epoch + 1)  # as Paddle's samplers do by themselves
        return found

    def _episodes(self, caller: str, inputs, labels=None) -> list:
        require_dynamic_mode()
        if self._optimizer is None:
            raise RuntimeError(f"Model.{caller}: call prepare(optimizer, loss) before: the net adapts by them")
        given = [b for b in [*as_list(inputs), *as_list(labels)] if isinstance(b, Loaded)]
        if not given and labels is not None:
            raise ValueError(f"Model.{caller}: labels: expected None, episodes have their own; got {form_of(labels)}")
        episodes = given[0].episodes if given else episodes_of(inputs)
        if self._input_info is None:  # else the user gave them, or a batch before
            vars(self).update(inferred_inputs(self.network, episodes[0]))
        return episodes

    def _scored(self, episodes, score: Callable) -> list:
        return scored(self.network, self._optimizer, episodes, self._task_loss, score, **self._evaluation)

    def _judged(self, output, y) -> tuple:
        return scalar(self._task_loss(output, y), "query loss").item(), self._computed(output, y)

    def _computed(self, output, y) -> list:
        return [computed(metric, output, y) for metric in self._metrics]

    def _results(self, loss, of_metrics):
        """What Paddle's loop takes from a batch, after the metrics were told of what was computed for each task."""
        updates = [[m.update(*task[at]) for task in of_metrics] for at, m in enumerate(self._metrics)]
        return ([np.asarray(loss)], updates) if self._metrics else [np.asarray(loss)]

    def _beside_others(self, owner: str, steps: int | None, stops: bool = False) -> Undo:
        """A context for a run with so many inner steps; one in whose callback it is goes on, also if it `stops`."""
        kept = ["_evaluation", "_metrics", "num_iters", *["stop_training"] * stops]
        before = Undo(partial(vars(self).update, {name: vars(self).get(name) for name in kept}))
        self.num_iters = None
        if self._runs:
            self._metrics = copy.deepcopy(self._metrics)
        if steps is not None:
            self._evaluation = {**self._evaluation, "steps": whole_number(f"Model.{owner}", "steps", steps)}
        return before
