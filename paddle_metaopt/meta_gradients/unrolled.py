"""Back through every inner step as it was taken, with or without its second derivatives."""

from __future__ import annotations

import paddle


class WayBack:
    """What the learner asks of a way back from the query loss to what is meta-learned."""

    #: How an error calls it.
    name = ""
    #: Whether the inner gradients are functions of the weights, or numbers.
    tracks_inner_gradients = False
    #: Whether it takes second derivatives of the inner losses.
    takes_second_derivatives = True
    #: Whether a leaf that the inner losses depend on, and nobody named, is an error.
    watches_inner_losses = True
    #: Whether the meta-gradient is taken from the query loss; otherwise that is a number to report.
    differentiates_query = True
    #: Whether it takes inner steps again, which needs functions that compute their losses.
    replays = False
    #: Whether it takes all of them again, or the last one alone.
    replays_every_step = True
    #: Whether ``backward()`` on the query loss alone gives the meta-gradient.
    plain_backward = False
    #: Whether the meta-gradient depends on how the inner loop went, or only on where it ended.
    follows_path = True
    #: λ of the term λ/2 |θ' − θ|² that the inner loss is given.
    proximal = 0.0

    def solve(self, task, query) -> tuple:
        """The query loss, and its gradients for ``task.meta_parameters()``, None where it does not depend on one."""
        raise NotImplementedError


class Unrolled(WayBack):
    """The exact meta-gradient: differentiate through the unrolled inner loop (Finn et al. 2017)."""

    name = "meta_gradient='unrolled'"
    tracks_inner_gradients = True
    plain_backward = True

    def solve(self, task, query):
        loss = 0.0
        for moment, weight in task.query_points():
            with task.at(moment):
                value = query()
            loss = loss + weight * value
        return loss, paddle.grad(loss, task.meta_parameters(), allow_unused=True)


class FirstOrder(Unrolled):
    """FOMAML: the inner gradients count as constants (Finn et al. 2017, section 5.2)."""

    name = "meta_gradient='first_order'"
    tracks_inner_gradients = False
    takes_second_derivatives = False
    watches_inner_losses = False
