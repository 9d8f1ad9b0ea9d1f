"""Refuse a second derivative through a node of Paddle's that has none, or a wrong one.

Rules leave nodes of their own; what else stands in the graph came past interception: operators, ``Tensor`` methods
in C++, a user's own ``PyLayer``. Only what was verified may stay.
"""

from __future__ import annotations

import re

import paddle

from ..errors import NotTwiceDifferentiableError
from .activity import ANY_ORDER, order_wanted
from .graph import RULE_NAME, address_of, is_leaf, pylayer_of, reachable, walk
from .registry import EXACT_BESIDE_RULES, NATIVELY_EXACT, RULES

_trusted_layers: set[str] = set()


def trust(pylayer: type) -> type:
    """Declare that the backward of a ``PyLayer`` of yours consists of differentiable ops; usable as a decorator.

    The audit refuses any other PyLayer: whether its backward can be differentiated can't be seen from outside.
    """
    if not (isinstance(pylayer, type) and issubclass(pylayer, paddle.autograd.PyLayer)):
        raise TypeError(f"trust: pylayer: expected a subclass of paddle.autograd.PyLayer, got {pylayer!r}")
    _trusted_layers.add(pylayer.__name__)
    return pylayer


def audit(outputs, inputs) -> None:
    """Raise unless every node on a path from `outputs` to `inputs` has a verified second derivative.

    Parameters
    ----------
    outputs, inputs : Tensor or sequence of Tensor

    Raises
    ------
    NotTwiceDifferentiableError
    """
    inputs = _listed(inputs)
    may_follow = len(inputs) > 1 and not all(tensor.is_leaf for tensor in inputs)
    culprits = unverified_nodes(outputs, inputs, past_inputs=may_follow)
    if culprits:
        raise NotTwiceDifferentiableError(explain(culprits))


def unverified_nodes(outputs, inputs, past_inputs: bool = False) -> dict[int, str]:
    """The nodes on a path from `outputs` to `inputs` that were not verified: address to name."""
    path = nodes_between(outputs, inputs, past_inputs)
    return {address: name for address, name in path.items() if not is_verified(name)}


def leaves_below(output, boundary=(), further_stops=frozenset()) -> tuple[dict, bool]:
    """The nodes of the leaf tensors that `output` depends on, not looking past the `boundary` and the nodes at the
    addresses in `further_stops`.

    Returns
    -------
    leaves : dict
        Address to node.
    met : bool
        Whether `output` depends on a tensor of the `boundary`.
    """
    stops = {address_of(tensor) for tensor in boundary}
    leaves, met = {}, False
    for address, node in reachable(_listed(output), stops, further_stops):
        if address in stops:
            met = True
        elif address in further_stops:
            continue
        elif is_leaf(node):
            leaves[address] = node
    return leaves, met


def nodes_between(outputs, inputs, past_inputs: bool = False) -> dict[int, str]:
    """Address and name of each node on a path from `outputs` to `inputs`; with `past_inputs` also on one that leads
    through another of the `inputs`, for which more of the graph is looked at."""
    targets = {address_of(tensor) for tensor in _listed(inputs)}
    on_path, names = set(targets), {}
    for address, node, children in walk(_listed(outputs), () if past_inputs else targets):
        if not on_path.isdisjoint(children):
            on_path.add(address)
            names[address] = node.name()
    return names


def is_verified(node_name: str) -> bool:
    if node_name in NATIVELY_EXACT or node_name.startswith("GradNodeAccumulation"):
        return True
    if node_name in EXACT_BESIDE_RULES:
        return order_wanted() == ANY_ORDER
    layer = pylayer_of(node_name)
    return layer is not None and (layer == RULE_NAME or layer in _trusted_layers)


def explain(culprits: dict[int, str], where: str = "") -> str:
    names = ", ".join(sorted({_op_of(name) for name in culprits.values()}))
    of_gradients = any(name.endswith(("DoubleGradNode", "TripleGradNode")) for name in culprits.values())
    inside = "call the net inside twice_differentiable(), for derivatives of any order; " if of_gradients else ""
    if any(_has_rule(name) for name in culprits.values()):
        inside = "compute it inside of the twice_differentiable() block or of the task, where it has a rule; "
    return (
        f"no exact second derivative through {names}{where}. Ways out: {inside}write that part with ops that have a "
        "rule (paddle_metaopt.double_grad.supported() lists them); register a rule "
        "(paddle_metaopt.double_grad.rule), or trust() for a PyLayer of your own; or do without second derivatives "
        "(first_order=True)"
    )


def _has_rule(node_name: str) -> bool:
    """Whether it is Paddle's node of an op that has a rule, so that it was computed where rules were off."""
    if node_name.startswith(_ASSIGNMENTS):
        return True
    op = node_name.removesuffix("Final").removesuffix("GradNode")
    return re.sub(r"(?<!^)(?=[A-Z])", "_", op).lower() in RULES


#: How Paddle says that it has no second derivative of an op.
_NONE_OF_PADDLES = re.compile(r"The Op (\w+?)(?:_grad)+ doesn't have any grad op")


def refuse_beside_the_path(error: RuntimeError) -> None:
    """Raise our error if that of a pass is of an op beside the path: Paddle runs all that lies below a rule."""
    told = _NONE_OF_PADDLES.search(str(error))
    if told:
        raise NotTwiceDifferentiableError(
            f"the gradient does not go through {told[1]}, but Paddle runs all that lies below an op with a rule, and "
            f"has no second derivative of {told[1]}. Ways out: compute what lies below inside of the task, after "
            "adapter.clone(), or of the twice_differentiable() block; detach() it, if it needs no gradient; let what "
            "adapts begin with a Linear, or do without second derivatives (first_order=True)"
        ) from error


def layer_of(culprits: dict[int, str], inputs, net, run) -> str:
    """Where in a net the culprits of a path to `inputs` stand, for `explain`: found by running the net once more, with
    an eye on each layer's output."""
    found = []

    def look(name):
        def hook(layer, given, output):
            outputs = [t for t in paddle.utils.flatten(output) if isinstance(t, paddle.Tensor)]
            live = [t for t in paddle.utils.flatten(given) if isinstance(t, paddle.Tensor) and not t.stop_gradient]
            names = set(unverified_nodes(outputs, [*live, *inputs]).values())
            if not found and names & set(culprits.values()):
                found.append(f" in layer {name!r} ({type(layer).__name__})")

        return hook

    hooks = [layer.register_forward_post_hook(look(name)) for name, layer in net.named_sublayers()]
    try:
        run()
    except Exception:  # only the error's wording is at stake
        pass
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if found else ""


_ASSIGNMENTS = ("SetValue", "SetTensor", "IndexElementwisePut", "IndexPut", "MaskedFill")


def _op_of(node_name: str) -> str:
    layer = pylayer_of(node_name)
    if layer is not None:
        return f"the PyLayer {layer}"
    if node_name.startswith(_ASSIGNMENTS):
        return f"an assignment into a tensor ({node_name})"
    return f"{node_name.replace('GradNodeFinal', '').replace('GradNode', '')} ({node_name})"


def _listed(tensors):
    return [tensors] if isinstance(tensors, paddle.Tensor) else [t for t in tensors if t is not None]
