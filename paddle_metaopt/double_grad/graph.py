"""Reading Paddle's backward graph without keeping it alive."""

from __future__ import annotations

import ctypes
import sys
from contextlib import contextmanager

import paddle

#: The class of the PyLayer that every rule leaves in the graph.
RULE_NAME = "MetaOptRule"
_PYLAYER = "GradNodePyLayer_"


def pylayer_of(node_name: str):
    """The class of a PyLayer's node, or None; its name ends in _backward up to Paddle 3.1."""
    return node_name[len(_PYLAYER) :].removesuffix("_backward") if node_name.startswith(_PYLAYER) else None


def listed(tensors) -> list:
    """The tensors, of which Paddle's functions take one or several."""
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]


def is_rule(node) -> bool:
    return pylayer_of(node.name()) == RULE_NAME


def is_leaf(node) -> bool:
    return node.name().startswith("GradNodeAccumulation")


def takes_any_gradient(tensor) -> bool:
    """Whether the node of a tensor can take no gradient, or a constant one: Paddle's own can't, except a leaf's."""
    node = node_of(tensor)
    return node is None or is_leaf(node) or is_rule(node)


@contextmanager
def as_constants(tensors):
    """A context in which these tensors, which want a gradient, want none."""
    try:
        for tensor in tensors:
            tensor.stop_gradient = True
        yield
    finally:
        for tensor in tensors:
            tensor.stop_gradient = False


def _grad_fn_leaks() -> bool:
    leaf = paddle.zeros([1])
    leaf.stop_gradient = False
    with paddle.enable_grad():
        node = (leaf * 2).grad_fn
    leaks = sys.getrefcount(node) > sys.getrefcount(object()) + 1  # the one more is our variable's
    if leaks:
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(node))
    return leaks


_decrement = ctypes.PYFUNCTYPE(None, ctypes.py_object)(("Py_DecRef", ctypes.pythonapi))
_give_back = _decrement if _grad_fn_leaks() else bool


def node_of(tensor):
    """The node that computes the tensor's gradient, or None; like ``tensor.grad_fn``, but freed with the graph.

    ``Tensor.grad_fn`` returns its object with one reference too many (Paddle 3.1 to 3.3), so that the node, and all
    tensors behind it, would stay for ever.
    """
    # In one line, for an interrupt that came between would leave it alive.
    (node := tensor.grad_fn) is None or _give_back(node)
    return node


def address_of(tensor):
    """The address of the tensor's node, or None."""
    node = node_of(tensor)
    return None if node is None else node.node_ptr()


def reachable(tensors, *boundaries):
    """Each node below `tensors` once, in any order, not going past the addresses in any of the `boundaries`.

    Yields
    ------
    address, node : int, node
    """
    seen = set()
    stack = [node_of(tensor) for tensor in tensors]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        address = node.node_ptr()
        if address in seen:
            continue
        seen.add(address)
        yield address, node
        if not any(address in boundary for boundary in boundaries):
            stack += node.next_functions


def walk(tensors, boundary):
    """Each node below `tensors` once, after the nodes it leads to, not going past the addresses in `boundary`.

    Yields
    ------
    address, node, children : int, node, list of int
    """
    children: dict[int, list[int]] = {}
    roots = [node_of(tensor) for tensor in tensors]
    stack = [(node, False) for node in roots if node is not None]
    while stack:
        node, expanded = stack.pop()
        address = node.node_ptr()
        if expanded:
            yield address, node, children[address]
        elif address not in children:
            below = [] if address in boundary else [child for child in node.next_functions if child is not None]
            children[address] = [child.node_ptr() for child in below]
            stack.append((node, True))
            stack.extend((child, False) for child in below)
