"""What stands in for ``backward()``: gradients that ``paddle.grad`` takes, on copies of the graph's nodes."""

from __future__ import annotations

import functools
import inspect
import weakref

import paddle

from . import kernels
from .engine import on_copies, refuse_used_up, run
from .graph import RULE_NAME, address_of, is_leaf, is_rule, listed, pylayer_of, reachable
from .passes import current, followed_by_what_was_asked
from .primitive import anchor_addresses


def guarded_backward(backward):
    """What stands in for ``Tensor.backward`` and ``paddle.autograd.backward``.

    Paddle runs the graph's own nodes there, and a rule's can't be run again, even if the graph is to be retained. So
    where every leaf is known, as in a task, ``paddle.grad`` takes the gradients, on copies of the nodes.
    """

    signature = inspect.signature(backward)
    first, second = list(signature.parameters)[:2]

    @functools.wraps(backward)
    def guarded(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        outputs, cotangents = listed(given[first]), given.get(second)
        if not all(isinstance(output, paddle.Tensor) for output in outputs):
            return backward(*args, **kwargs)  # which says what it expects
        refuse_used_up(outputs)
        leaves = None if given.get("dump_backward_graph_path") else _known_leaves_below(outputs)
        with followed_by_what_was_asked():
            if leaves is None:
                return run(backward, args, kwargs, in_backward=True, uses_up=True)
            require_shapes("backward", outputs, cotangents)
            options = {"grad_outputs": cotangents, "retain_graph": True, "create_graph": False, "allow_unused": True}
            found = on_copies(outputs, leaves, in_backward=True, **options)
            run(_hand_to, (leaves, found), {}, in_backward=True, uses_up=True)

    return guarded


def require_shapes(caller: str, outputs, cotangents):
    """Raise a ValueError if a given gradient is of another shape than its tensor: kernels read past its end."""
    cotangents = [] if cotangents is None else listed(cotangents)
    for output, cotangent in zip(outputs, cotangents):
        if cotangent is not None and cotangent.shape != output.shape:
            raise ValueError(
                f"{caller}: expected a gradient of shape {list(output.shape)} for the tensor of that shape, got "
                f"{list(cotangent.shape)}"
            )


def _hand_to(leaves, gradients):
    """Add the gradients to the leaves' own, by Paddle's engine and through their hooks."""
    pairs = [(leaf, gradient) for leaf, gradient in zip(leaves, gradients) if gradient is not None]
    if pairs:
        with paddle.enable_grad():
            same = [kernels.native.reshape(leaf, leaf.shape) for leaf, _ in pairs]
        paddle.base.core.eager.run_backward(same, [gradient for _, gradient in pairs], False, None)


_leaves: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def know_leaves(tensors):
    """Let ``backward()`` take gradients for these leaf tensors without using up its graph."""
    _leaves.update({address_of(tensor): tensor for tensor in tensors})


def _known_leaves_below(outputs):
    """The leaf tensors that `outputs` depend on, where a pass on copies serves as well as ``backward()``: None if one
    is not known, if no rule is among the nodes, or if somebody's PyLayer is, whose backward may take gradients
    itself."""
    if not _leaves or current() is not None or any(output.is_leaf for output in outputs):
        return None
    found, rules, technical = [], False, anchor_addresses()
    for address, node in reachable(outputs):
        if not rules and is_rule(node):
            rules = True
        elif is_leaf(node):
            if address in technical:
                continue
            leaf = _leaves.get(address)
            if leaf is None or leaf.stop_gradient or address_of(leaf) != address:
                return None
            found.append(leaf)
        elif pylayer_of(node.name()) not in (None, RULE_NAME):
            return None
    return found if rules else None
