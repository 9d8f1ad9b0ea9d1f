"""Recurrences that are linear in what runs through them, and so closed under differentiation.

A recurrent layer's states after step t follow from those before it. Its derivative is a linear recurrence, of the same
form for every kind of cell: a hidden state h, and with a memory also c,

    h_t = v_t + k_t c_t + q_t z_t + K_t h_{t-1},   z_t = h_{t-1} Wᵀ
    c_t = u_t + F_t c_{t-1} + p_t z_t

where products are element by element, and several gates' shares of p z and q z are added up. Run from the last step to
the first, transposed, it is back-propagation through time. Either one's derivative is the other, and products over all
steps at once.
"""

from __future__ import annotations

from typing import NamedTuple

import paddle

from ..kernels import native
from ..primitive import with_pullback
from .over_time import Steps, projected, summed_product
from .shape import concat

Tensor = paddle.Tensor


class LinearRecurrence(NamedTuple):
    """The recurrence of the module's text.

    Attributes
    ----------
    steps : Steps
    gates : Tensor
        p and q of all gates side by side: [..., time, batch, gates * size]. With a memory, the last one's is q, the
        others' p; without, all are q.
    weight : Tensor
        W: [..., gates * size, size].
    kept : Tensor or None
        K.
    remembered, shown : Tensor or None
        F and k, with a memory.
    """

    steps: Steps
    gates: Tensor
    weight: Tensor
    kept: Tensor | None
    remembered: Tensor | None
    shown: Tensor | None

    @property
    def has_memory(self) -> bool:
        return self.shown is not None

    def forth(self, sources: list, known=None) -> list:
        """The states h, and c with a memory, that follow from v, and u; None stands for zero.

        `known` are their values, if they were computed before.
        """
        return self._solved(self._forth, self.back, lambda own, dual: self._products(own, dual), sources, known)

    def back(self, sources: list, known=None) -> list:
        """As `forth`, by the transposed recurrence."""
        return self._solved(self._back, self.forth, lambda own, dual: self._products(dual, own), sources, known)

    def beside_gates(self, states: list):
        """Of states, what each gate's share was added to or, transposed, came from."""
        after = [self.steps.after(state) for state in states]
        count = self.gates.shape[-1] // after[0].shape[-1]
        parts = [after[1]] * (count - 1) + [after[0]] if self.has_memory else [after[0]] * count
        return concat(parts, after[0].ndim - 1) if count > 1 else parts[0]

    def _solved(self, solve, transposed, products, sources, known):
        values = known

        def compute():
            nonlocal values
            if values is None:
                values = solve(*sources)
            return [value.detach() for value in values]

        def pullback(*cotangents):
            own = values
            if paddle.is_grad_enabled():  # as functions of what they follow from
                own = self._solved(solve, transposed, products, sources, values)
            dual = transposed(list(cotangents))
            return [*products(own, dual), *dual]

        return with_pullback(compute, [*self[1:], *sources], pullback)

    def _products(self, forth, back):
        """The gradients for the coefficients."""
        before = [self.steps.before(state) for state in forth]
        after = [self.steps.after(state) for state in back]
        beside = self.beside_gates(back)
        to_gates = projected(before[0], self.weight) * beside
        to_weight = summed_product(self.gates * beside, before[0])
        to_kept = None if self.kept is None else before[0] * after[0]
        if not self.has_memory:
            return [to_gates, to_weight, to_kept, None, None]
        return [to_gates, to_weight, to_kept, before[1] * after[1], self.steps.after(forth[1]) * after[0]]

    def _forth(self, v, u=None):
        multiply, add = native.multiply, native.add  # what stands in these loops costs as much as what it computes
        gates, kept, remembered, shown = map(self.steps.unbound, (self.gates, self.kept, *self[4:]))
        v, u = self._states(v, u)
        hidden, memory = v[0], u[0]
        count, axis = self.gates.shape[-1] // self.weight.shape[-1], hidden.ndim - 1
        hiddens, memories = [hidden], [memory]
        for step, gate in enumerate(gates):
            shares = multiply(gate, native.matmul(hidden, self.weight, False, True))
            *others, moved = native.split_with_num(shares, count, axis) if count > 1 else [shares]
            if v[step + 1] is not None:
                moved = add(moved, v[step + 1])
            if kept is not None:
                moved = add(moved, multiply(kept[step], hidden))
            if shown is not None:
                memory = multiply(remembered[step], memory)
                for share in others:
                    memory = add(memory, share)
                if u[step + 1] is not None:
                    memory = add(memory, u[step + 1])
                moved = add(moved, multiply(shown[step], memory))
            else:
                for share in others:
                    moved = add(moved, share)
            hidden = moved
            hiddens.append(hidden)
            memories.append(memory)
        return self._bound(hiddens, memories)

    def _back(self, v, u=None):
        multiply, add = native.multiply, native.add
        gates, kept, remembered, shown = map(self.steps.unbound, (self.gates, self.kept, *self[4:]))
        v, u = self._states(v, u)
        hidden, memory = v[-1], u[-1]
        count, axis = self.gates.shape[-1] // self.weight.shape[-1], hidden.ndim - 1
        hiddens, memories = [], []
        for step in reversed(range(len(gates))):
            if shown is not None:
                memory = add(memory, multiply(shown[step], hidden))
                beside = native.concat([memory] * (count - 1) + [hidden], axis)
            else:
                beside = native.concat([hidden] * count, axis) if count > 1 else hidden
            hiddens.append(hidden)
            memories.append(memory)
            moved = native.matmul(multiply(gates[step], beside), self.weight, False, False)
            if v[step] is not None:
                moved = add(moved, v[step])
            hidden = moved if kept is None else add(moved, multiply(kept[step], hidden))
            if shown is not None:
                memory = multiply(remembered[step], memory)
                if u[step] is not None:
                    memory = add(memory, u[step])
        return self._bound([*hiddens, hidden][::-1], [*memories, memory][::-1])

    def _states(self, v, u):
        """Those that are added to h and c, one after the other; None for zero between the first and the last."""
        given = v if v is not None else u
        zero = native.full_like(self.steps.first(given), 0.0, given.dtype, given.place)
        zeros = [zero, *[None] * (given.shape[-3] - 2), zero]
        return [zeros if states is None else self.steps.unbound(states) for states in (v, u)]

    def _bound(self, hiddens, memories):
        return [self.steps.bound(states) for states in ([hiddens, memories] if self.has_memory else [hiddens])]
