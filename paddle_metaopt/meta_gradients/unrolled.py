"""Back through every inner step as it was taken, with or without its second derivatives."""

from __future__ import annotations

import paddle


class Unrolled:
    """The exact meta-gradient: differentiate through the unrolled inner loop (Finn et al. 2017)."""

    #: Whether the inner gradients are functions of the weights, or numbers.
    tracks_inner_gradients = True

    def solve(self, task, query):
        """The query loss, and its gradients for ``task.meta_parameters()``, None where it does not depend on one."""
        loss = query()
        return loss, paddle.grad(loss, task.meta_parameters(), allow_unused=True)


class FirstOrder(Unrolled):
    """FOMAML: the inner gradients count as constants (Finn et al. 2017, section 5.2)."""

    tracks_inner_gradients = False
