"""The processes that a net is trained in, started by the user's launcher: what is averaged over them."""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import paddle
from paddle.distributed.fleet.meta_parallel.meta_parallel_base import MetaParallelBase  # not public

from ..double_grad.passes import after_backward


@dataclass(frozen=True)
class Processes:
    """Those of a ``paddle.DataParallel``.

    All of them have to call a method for one to return from it.

    Attributes
    ----------
    model : DataParallel
    sync : bool
        Whether gradients are to be averaged: it was not within ``model.no_sync()`` when asked.
    """

    model: paddle.DataParallel
    sync: bool

    @property
    def count(self) -> int:
        return self.model.group.nranks

    @property
    def rank(self) -> int:
        return self.model.group.rank

    def quiet(self):
        """A context in which a call of the wrapper does not make its own hooks average gradients."""
        return self.model.no_sync()

    def summed(self, tensors: list) -> list:
        """The sums over the processes of tensors that have the same shapes and types in each."""
        found, by_type = [None] * len(tensors), defaultdict(list)
        for place, tensor in enumerate(tensors):
            by_type[tensor.dtype].append(place)
        with paddle.no_grad():
            for places in by_type.values():
                sums = self._summed_at_once([tensors[place] for place in places])
                for place, total in zip(places, sums):
                    found[place] = total
        return found

    def _summed_at_once(self, tensors: list) -> list:
        parts = [paddle.as_real(t) if t.is_complex() else t for t in tensors]
        flat = paddle.concat([part.reshape([-1]) for part in parts])
        if not flat.size:
            return tensors
        paddle.distributed.all_reduce(flat, group=self.model.group)
        parts = [sums.reshape(part.shape) for part, sums in zip(parts, flat.split([part.size for part in parts]))]
        return [paddle.as_complex(part) if t.is_complex() else part for t, part in zip(tensors, parts)]

    def totals(self, *numbers: float) -> list:
        """The sums of numbers."""
        (sums,) = self.summed([paddle.to_tensor(numbers, "float64")])
        return sums.tolist()

    def begin_alike(self, tensors: list) -> None:
        """Give tensors the values that they have in the first process."""
        for tensor, value in zip(tensors, self.summed([paddle.zeros_like(t) if self.rank else t for t in tensors])):
            tensor.set_value(value)

    def after_backward(self, tensors: list) -> None:
        """Average their gradients when the present ``backward()`` has ended."""
        if self.sync:
            after_backward(self.average_gradients, tensors)

    def average_gradients(self, tensors: list) -> None:
        """Put the mean into ``.grad``, and leave None where that is None in every process."""
        tensors = list({id(tensor): tensor for tensor in tensors}.values())
        have = paddle.to_tensor([float(t.grad is not None) for t in tensors])
        gradients = [paddle.zeros_like(t) if t.grad is None else t.grad for t in tensors]
        *sums, have = self.summed([*gradients, have])
        for tensor, total, had in zip(tensors, sums, have.tolist()):
            if had:
                tensor.grad = total / self.count

    def gathered(self, values: list) -> list:
        """The numbers of all processes in turn, the first of each, the second of each, ..."""
        mine = np.eye(self.count)[self.rank] * len(values)
        lengths = [int(length) for length in self.totals(*mine)]
        table = np.zeros((max(lengths), self.count))
        table[: len(values), self.rank] = values
        table = np.reshape(self.totals(*table.ravel()), table.shape)
        return [row[rank] for place, row in enumerate(table) for rank in range(self.count) if place < lengths[rank]]

    def require_same(self, tensors: list) -> None:
        """Raise a ValueError, in all processes, if they have tensors of different shapes or types."""
        own = zlib.crc32(repr([(t.shape, t.dtype) for t in tensors]).encode()) % 2**20
        total, squares = self.totals(own, own**2)
        if squares * self.count != total**2:
            numbers = sum(t.size for t in tensors)
            raise ValueError(
                f"meta_loss: the processes have different tensors to be trained, here {len(tensors)} of {numbers} "
                "numbers; make the same net and optimizer in each, and name tensors of the same shapes by inputs="
            )


def mean_over_processes(net, found: dict, names: list, tasks: int) -> dict:
    """What was found, but for the numbers of these names, or nests of them, which are means over so many tasks: those
    over the tasks of all processes, of a net in a DataParallel."""
    _, processes = unwrapped(net)
    if processes is None:
        return found
    means = [np.asarray(found[name], dtype="float64").tolist() for name in names]
    *sums, count = processes.totals(*(mean * tasks for mean in paddle.utils.flatten(means)), tasks)
    return {**found, **dict(zip(names, paddle.utils.pack_sequence_as(means, [total / count for total in sums])))}


def unwrapped(net) -> tuple:
    """The net in a DataParallel, and its processes, None if there is one; another net as it is, and None.

    Raises
    ------
    TypeError
        If it is wrapped for another kind of parallel training.
    """
    if isinstance(net, MetaParallelBase):
        raise TypeError(
            f"net: expected a Layer by itself or in a paddle.DataParallel, got a {type(net).__name__}: tasks are "
            "shared out to processes that each have the whole net"
        )
    if not isinstance(net, paddle.DataParallel):
        return net, None
    (layer,) = net.children()
    processes = Processes(net, net.grad_need_sync) if net.group is not None and net.group.nranks > 1 else None
    return layer, processes
