"""What a program may do to a `Batched`: it gives what a loop gives, or raises; nothing ends the process or is lost.

`every_callable.py` tries everything that Paddle has; here stand the ways into its C++ that were found.
"""

import copy
import pickle
import threading

import numpy as np
import paddle
import pytest
from every_callable import callables, judged
from helpers import OLDER_PADDLE, Doubled
from paddle import nn
from paddle.base import core
from paddle.base.framework import EagerParamBase

from paddle_metaopt.double_grad import kernels
from paddle_metaopt.vmap import Batched, CannotBatch, batching, dispatch, tasks_of
from paddle_metaopt.vmap.registry import RULES, below


def parameter(like):
    return paddle.create_parameter(like.shape, like.dtype, default_initializer=nn.initializer.Constant(2.0))


def assigned(x, y):
    x[0] = y[0]
    return x


def written(attribute):
    def write(x, y):
        setattr(x, attribute, y)
        return x

    return write


def hooked(x, y):
    y.stop_gradient = False
    y.register_hook(lambda g: g)


def gradient(x, y):
    x.stop_gradient = False
    return paddle.grad((x * x * y).sum(), [x])[0]


def gradient_of_both(x, y):
    x.stop_gradient = y.stop_gradient = False
    return paddle.grad([(x * x * y).sum(), (x * y).mean()], [y, x])


def gradient_from_other(x, y):
    x.stop_gradient = False
    return paddle.grad([x * x], [x], grad_outputs=[y])[0]


def without_gradients(x, y):
    with paddle.no_grad():
        return x * y


#: What is done, on x and y, of which both, either or none are `Batched`; and what it gives: "equal" or "refused".
DONE = {
    "x + y": (lambda x, y: x + y, "equal"),
    "x @ y": (lambda x, y: x @ y, "equal"),
    "x > y": (lambda x, y: x > y, "equal"),
    "x == y": (lambda x, y: x == y, "equal"),
    "x ** y": (lambda x, y: paddle.abs(x) ** y, "equal"),
    "x += y": (lambda x, y: x.__iadd__(y) if hasattr(x, "__iadd__") else x + y, "equal"),
    "parameter + y": (lambda x, y: parameter(x) + y, "equal"),
    "parameter @ y": (lambda x, y: parameter(x) @ y, "equal"),
    "parameter < y": (lambda x, y: parameter(x) < y, "equal"),
    "array + y": (lambda x, y: np.ones([4, 4]) + y, "equal"),
    "array @ y": (lambda x, y: np.ones([4, 4]) @ y, "equal"),
    "x[index]": (lambda x, y: x[(y > 0).astype("int64")[0]], "equal"),
    "x[index, index]": (lambda x, y: x[paddle.arange(4), (y > 0).astype("int64")[0]], "equal"),
    "x[:, index]": (lambda x, y: x[:, paddle.to_tensor([0, 2])] * y[:, [1, 3]], "equal"),
    "where": (lambda x, y: paddle.where(x > 0, y, 0.0), "equal"),
    "x[0] = y": (assigned, "refused"),
    "copy_": (lambda x, y: x.copy_(y, True), "refused"),
    "set_value": (lambda x, y: x.set_value(y), "refused"),
    "add_": (lambda x, y: x.add_(y), "refused"),
    "assign into": (lambda x, y: paddle.assign(y, x), "refused"),
    "out=": (lambda x, y: paddle.add(y, y, out=x), "refused"),
    "data =": (written("data"), "refused"),
    "grad =": (written("grad"), "refused"),
    "Tensor": (lambda x, y: paddle.Tensor(y), "refused"),
    "segment_sum": (lambda x, y: paddle.geometric.segment_sum(y, paddle.to_tensor([0, 0, 1, 1])), "equal"),
    "PyLayer": (lambda x, y: Doubled.apply(y), "refused"),
    "backward": (lambda x, y: y.sum().backward(), "refused"),
    "autograd.backward": (lambda x, y: paddle.autograd.backward([y.sum()]), "refused"),
    "register_hook": (hooked, "refused"),
    "deepcopy": (lambda x, y: copy.deepcopy(y), "refused"),
    "pickle": (lambda x, y: pickle.dumps(y), "refused"),
    "asarray": (lambda x, y: np.asarray(y), "refused"),
    "print": (lambda x, y: print(y), "equal"),
    "float": (lambda x, y: float(y.sum()), "refused"),
    "if": (lambda x, y: x if y.sum() > 0 else y, "refused"),
    "format": (lambda x, y: f"{y.sum():.3f}", "refused"),
    "for": (lambda x, y: sum(row for row in y), "equal"),
    "no_grad": (without_gradients, "equal"),
    "to_static": (lambda x, y: paddle.jit.to_static(lambda x, y: x * y)(x, y), "equal"),
    "older op": (lambda x, y: paddle._legacy_C_ops.relu(y), "equal"),
    "held by name": (lambda x, y: paddle.tensor.math.multiply(x, y), "equal"),
    "reshape_": (lambda x, y: (y * 1.0).reshape_([2, 8]), "equal"),
    "rank": (lambda x, y: paddle.rank(y), "equal"),
    "shape": (lambda x, y: y.reshape(paddle.shape(x)), "equal"),
    "paddle.grad": (gradient, "equal"),
    "paddle.grad of both": (gradient_of_both, "equal"),
    "paddle.grad from another": (gradient_from_other, "equal"),
    "invert": (lambda x, y: ~(y > 0), "equal"),
    "invert whole numbers": (lambda x, y: ~y.astype("int32"), "equal"),
    "transpose": (lambda x, y: paddle.transpose(y, 1, 0), "equal"),
    "tile": (lambda x, y: paddle.tile(y, 2), "equal"),
    "eigvalsh": (lambda x, y: paddle.linalg.eigvalsh(x @ x.T + y * y), "equal"),
    "astype": (lambda x, y: y.astype("float32"), "equal"),
}

#: What Paddle before 3.3 can't do on tensors that are not `Batched` either.
LATER = {"out=", "pickle", "transpose"}


@pytest.mark.parametrize("position", [None, 0, 1])
@pytest.mark.parametrize("name", DONE)
def test_gives_what_a_loop_gives_or_raises(name, position):
    function, expected = DONE[name]
    paddle.seed(2)
    x, y = paddle.randn([4, 4], "float64"), paddle.randn([4, 4], "float64")

    verdict, why = judged(function, (x, y), {}, position, lambda mark: None)

    if OLDER_PADDLE and name in LATER and verdict == "impossible":
        return
    assert verdict == expected or (verdict == "equal" and position == 0), f"{verdict}: {why}"


@pytest.mark.parametrize("table", [kernels.TABLE, kernels.LEGACY_TABLE])
def test_no_op_of_the_tables_gets_a_batched(table):
    """With a stub for each op: the real ones end the process over wrong arguments."""
    names = [name for name, op in vars(table).items() if callable(op) and not name.startswith("__")]
    for name in names:
        if table is kernels.TABLE and name in RULES:
            continue

        def stub(*args, **kwargs):
            assert not any(type(t) is Batched for t in [*args, *kwargs.values(), *kwargs.get("xs", ())])
            return paddle.zeros([2])

        found = replaced_by_stub(table, name, stub)
        assert found is None or type(found) is Batched, name


def replaced_by_stub(table, name, stub):
    native = getattr(table, name)
    b = Batched(paddle.ones([3, 2]))
    try:
        setattr(table, name, stub)
        RULES["made anew"] = stub  # the stand-ins are
        del RULES["made anew"]
        if table is kernels.TABLE:
            kept, below[name] = below.get(name), stub
            stand_in = dispatch._sending(name)
            below[name] = kept
        else:
            stand_in = {op: stand_in for _, op, stand_in in dispatch.entrances._older_ops()}[name]
    finally:
        setattr(table, name, native)
    try:
        stand_in(paddle.ones([2]), xs=[b, b])
        return stand_in(b, paddle.ones([2]), 1.0)
    except CannotBatch:
        return None


def attributes():
    owners = [*callables_owners(), EagerParamBase, core.eager, paddle.autograd.PyLayer]
    return {(owner, name): value for owner in owners for name, value in vars(owner).items()}


def callables_owners():
    return {id(owner): owner for owner, _ in callables().values()}.values()


def test_after_it_everything_stands_as_it_did():
    before = attributes()
    with pytest.raises(ZeroDivisionError), batching():
        assert attributes() != before
        raise ZeroDivisionError

    assert attributes() == before


def test_what_gets_past_every_stand_in_raises():
    b = Batched(paddle.ones([3, 2]))
    multiply, embedding = kernels.native.multiply, kernels.native.embedding
    for reach in (lambda: multiply(paddle.ones([2]), b), lambda: embedding(paddle.to_tensor([0]), b, -1, False)):
        with pytest.raises(CannotBatch), batching():
            reach()


def test_other_errors_keep_their_type():
    with pytest.raises(ValueError, match="has error dim" if OLDER_PADDLE else "dimension"), batching():
        paddle.matmul(Batched(paddle.ones([3, 2, 2])), paddle.ones([5, 2]))


def test_other_threads_are_not_touched():
    found = []

    def work():
        found.append(paddle.rand([2]).shape)
        net = nn.Linear(2, 3)
        net.set_state_dict({"weight": paddle.ones([2, 3]), "bias": paddle.zeros([3])})
        found.append(net(paddle.ones([2])).tolist())
        static = paddle.jit.to_static(net, full_graph=True)
        static(paddle.ones([1, 2]))
        found.append(len(static.forward.program_cache))

    with batching(3):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert found == [[2], [2.0, 2.0, 2.0], 1]


def test_each_task_draws_its_own():
    with batching(3):
        drawn = [paddle.rand([4]), nn.functional.dropout(paddle.ones([50]))]
        kept = nn.functional.dropout(paddle.ones([50]), training=False)

    for each in drawn:
        first, second, third = tasks_of(each)
        assert not bool((first == second).all()) and not bool((second == third).all())
    assert type(kept) is not Batched
