"""A net of its own with a task's fast weights in it, which Paddle can trace and save."""

from __future__ import annotations

import copy

import paddle
from paddle.base.framework import EagerParamBase  # what Layer.create_parameter gives

from ..callers import warn


def adapted_net(net, present: dict, values: dict):
    """A copy of `net` on other values.

    Parameters
    ----------
    net : Layer
    present : dict of str to list of Tensor
        By name, the tensors that may stand in the net now.
    values : dict of str to Tensor or None
        By name, what the copy holds in their place.
    """
    _warn_of_statistics(net)
    memo = {}
    with paddle.base.dygraph.guard():  # paddle.jit.save asks for it in static mode
        for name, value in values.items():
            if value is not None:
                made = _leaf_like(present[name][0], value)
                memo.update({id(tensor): made for tensor in present[name] if tensor is not None})
        return copy.deepcopy(net, memo)


def _warn_of_statistics(net):
    norms = [layer for layer in net.sublayers(True) if isinstance(layer, paddle.nn.layer.norm._BatchNormBase)]
    if any(norm.training and norm._use_global_stats is None for norm in norms):
        warn(
            "paddle.jit.save saves what a net does after eval(): this one's BatchNorm, which goes by the statistics of "
            "the batch now, will go by the running ones. See what learner.eval() gives before you save; BatchNorm's "
            "use_global_stats=False keeps to those of the batch"
        )


def _leaf_like(own, value):
    made = value.detach().clone()
    if isinstance(own, EagerParamBase):
        parameter = EagerParamBase(made.shape, made.dtype, trainable=not own.stop_gradient)
        parameter.set_value(made)
        return parameter
    made.persistable = own is not None and own.persistable
    return made
