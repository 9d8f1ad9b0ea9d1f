"""Model-agnostic meta-learning."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from ..outer import Algorithm, MetaOptimizer


@dataclass(frozen=True, eq=False)
class MAML(Algorithm):
    """Adapts every parameter by gradient descent (Finn et al. 2017, https://arxiv.org/abs/1703.03400)."""


class MAMLOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=MAML):
    """MAML with Adam as its outer optimizer: Adam in every respect, and an inner loop beside it.

    Every argument of ``paddle.optimizer.Adam`` has the same name, place and meaning; the following are keywords.

    Parameters
    ----------
    inner_lr : float, Parameter, list, callable, or LRScheduler
        Learning rate of the inner steps: a number; a Parameter, which is meta-learned; a list with one for each step; a
        function of the step; or a scheduler, read as if it were stepped after each. A parameter group may have its own.
    adapt_steps : int
        Inner steps for each task.
    first_order : bool
        Leave the second derivatives out (FOMAML); short for ``meta_gradient="first_order"``.
    inner_rule : str or inner rule
        How the fast weights move; see `paddle_metaopt.inner_rules`.
    inner_grad_clip : paddle.nn.ClipGradBy..., optional
        Clips the inner gradients; its derivative is part of the meta-gradient.
    meta_gradient : str or way back
        The way back from the query loss: "unrolled" (exact), "checkpointed" (exact, in the memory of one step),
        "first_order", "hessian_free" or "implicit"; see `paddle_metaopt.meta_gradients`.
    adapt : Layer, list of parameters, or callable, optional
        Which parameters adapt; a callable is asked ``(name, parameter)``. All that are trainable and in the
        optimizer by default; the others are meta-learned only.
    buffers : str
        What remains of BatchNorm's statistics after a task: "restore" (nothing), "last" (the last task's), or
        "mean" (the mean over the tasks of a meta-batch, written at the step).
    learned_group : dict, optional
        Options of the parameter group of what is learned besides the net and is not in `parameters`, as Paddle's
        groups have them.

    Raises
    ------
    ValueError, TypeError
        For an argument that does not fit; nothing is changed then.

    Examples
    --------
    >>> import paddle, paddle_metaopt as metaopt
    >>> net = paddle.nn.Linear(1, 1)
    >>> opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.1, adapt_steps=2)
    >>> support = query = (paddle.ones([4, 1]), paddle.zeros([4, 1]))
    >>> opt.meta_loss(net, [(support, query)], paddle.nn.functional.mse_loss).backward()
    >>> opt.step()
    >>> opt.clear_grad()
    """
