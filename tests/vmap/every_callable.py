"""Every callable of Paddle's that may take a Tensor, with a `Batched` in each position, each call in a fork.

``python tests/vmap/every_callable.py [--only WORD] [--show VERDICT,VERDICT]``

Calls are those that the cases of the table lead to, recorded while they run; for what none of them reaches, a few
plain ones are tried, but for ops of the tables, which end the process over a missing argument: that none of them ever
gets a `Batched` is what `test_safety.py` shows. A call must give what a loop over the tasks gives, or raise a Python
exception; it must not end the process, nor give a result that is not each task's own.
"""

from __future__ import annotations

import argparse
import functools
import inspect
import os
import signal
import sys
from collections import Counter
from pathlib import Path

sys.path.extend(str(Path(__file__).resolve().parents[1] / part) for part in ("", "double_grad", "vmap"))

import numpy as np
import paddle
from cases import all_cases
from equality import TASKS, _error

from paddle_metaopt.vmap import Batched, CannotBatch, batching, tasks_of

Tensor = paddle.Tensor

#: Prefix of the names of what is in it.
OWNERS = {
    "_C_ops": paddle._C_ops,
    "_legacy_C_ops": paddle._legacy_C_ops,
    "Tensor": Tensor,
    "paddle": paddle,
    "F": paddle.nn.functional,
    "linalg": paddle.linalg,
    "fft": paddle.fft,
    "incubate": paddle.incubate,
    "incubate.F": paddle.incubate.nn.functional,
    "autograd": paddle.autograd,
    "geometric": paddle.geometric,
    "vision.ops": paddle.vision.ops,
    "signal": paddle.signal,
    "sparse": paddle.sparse,
    "eager": paddle.base.core.eager,
    "metric": paddle.metric,
}

_NOT_TRIED = (
    "Tensor.gather _legacy_C_ops.instance_norm Tensor.data_ptr paddle.empty_like paddle.new_init "
    "paddle.original_init paddle.set_default_device "
    "_C_ops.run_program _legacy_C_ops.run_program paddle.save paddle.load paddle.summary paddle.flops paddle.seed "
    "paddle.enable_static paddle.disable_static paddle.set_default_dtype paddle.set_device paddle.batch "
    "paddle.set_grad_enabled paddle.Model paddle.DataParallel paddle.LazyGuard Tensor.__init_subclass__ "
    "Tensor.__class__ Tensor.__new__ Tensor.__getattribute__ Tensor.__setattr__ Tensor.__delattr__ Tensor.__dir__ "
    "Tensor.__subclasshook__ Tensor.__init__ Tensor.__hash__ Tensor.__doc__ Tensor.__module__ Tensor.__sizeof__ "
    "Tensor.__dict__ eager._for_test_check_cuda_error paddle.set_cuda_rng_state paddle.disable_signal_handler "
    "paddle.check_shape paddle.set_printoptions"
)

#: What is no business of a test in a fork: process-wide switches, files, programs; and what reads memory that is not
#: its own when it is called like that.
LEFT_OUT = frozenset(_NOT_TRIED.split())


def callables() -> dict:
    """Name to (owner, attribute)."""
    found = {}
    for prefix, owner in OWNERS.items():
        for name in dir(owner):
            value = inspect.getattr_static(owner, name)
            is_function = callable(value) and not isinstance(value, type) and not name.startswith("__")
            if (prefix == "Tensor" or is_function) and f"{prefix}.{name}" not in LEFT_OUT:
                found[f"{prefix}.{name}"] = (owner, name)
    return found


# Calls


def record(names: dict) -> dict[str, list]:
    """For each name, up to two calls, (args, kwargs), that the cases make."""
    calls: dict[str, list] = {}
    originals = []

    def recording(name, function):
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            kept = calls.setdefault(name, [])
            if len(kept) < 6 and any(_is_tensor(v) for v in _leaves([list(args), kwargs])):
                described = _described(args, kwargs)
                if all(described != other[2] for other in kept):
                    kept.append(([_copied(a) for a in args], {k: _copied(v) for k, v in kwargs.items()}, described))
            return function(*args, **kwargs)

        return wrapped

    for name, (owner, attribute) in names.items():
        function = inspect.getattr_static(owner, attribute)
        if owner is Tensor and (not callable(function) or attribute.startswith("__")):
            continue
        originals.append((owner, attribute, function))
        setattr(owner, attribute, recording(name, function))
    try:
        for case in all_cases().values():
            try:
                problem = case.problem()
                with paddle.no_grad():
                    problem.function(*problem.tensors)
            except Exception:
                continue
    finally:
        for owner, attribute, function in originals:
            setattr(owner, attribute, function)
    return calls


def _described(args, kwargs) -> str:
    return str([f"{v.dtype}{v.ndim}" if _is_tensor(v) else type(v).__name__ for v in _leaves([list(args), kwargs])])


def calls_of(name: str, recorded: dict) -> list:
    """What the thing of this name is called with: what was recorded of it, or of one like it, or else guesses."""
    prefix, _, attribute = name.rpartition(".")
    own = recorded.get(name)
    base = attribute.rstrip("_") if attribute.endswith("_") and not attribute.endswith("__") else attribute
    for like in ([own] if own else []) + [recorded.get(f"{p}.{base}") for p in ("Tensor", "paddle", "_C_ops", "F")]:
        if like and (prefix != "Tensor" or _is_tensor(like[0][0][0] if like[0][0] else None)):
            return [(args, kwargs) for args, kwargs, _ in like][:3]
    if prefix == "_C_ops":
        return []
    x, index = paddle.rand([4, 4], "float64"), paddle.to_tensor([0, 2, 1, 3])
    if prefix == "_legacy_C_ops":
        return [((x,), {})]
    if "_share_" in attribute:  # a number in the place of a tensor ends the process
        return [((x, x), {})]
    if prefix == "Tensor":
        return [((x, *rest), {}) for rest in ((), (x,), (0,), (index,), (x, x), (0, x), ([0],), (lambda *a: a[0],))]
    guesses = ((x,), (x, x), (x, x, x), ([x, x],), (x, 0), (x, index), (index,), ([x], [x]), (index, x))
    return [(args, {}) for args in guesses]


def _is_tensor(value) -> bool:
    return isinstance(value, Tensor)


def _leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for entry in value:
            yield from _leaves(entry)
    else:
        yield value


def _mapped(value, function):
    if isinstance(value, dict):
        return {key: _mapped(entry, function) for key, entry in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(_mapped(entry, function) for entry in value)
    return function(value)


def _copied(value):
    return _mapped(value, lambda v: v.detach().clone() if _is_tensor(v) and v._is_initialized() else v)


# One call


def variants(tensor) -> list:
    """For each task a slightly different one; of whole numbers, the same in another order."""
    found = []
    for task in range(TASKS):
        if tensor.is_floating_point() or tensor.is_complex():
            found.append(tensor * (1 + 0.01 * task) + 0.001 * task)
        else:
            found.append(paddle.roll(tensor.flatten(), task).reshape(tensor.shape) if tensor.size else tensor.clone())
    return found


def judged(function, args, kwargs, position: int | None, note) -> tuple[str, str]:
    """The verdict on one call, with a `Batched` in place of the tensor at `position`, or of all."""
    paddle.seed(3)
    parts, count = {}, 0
    for leaf in _leaves([list(args), kwargs]):
        if _is_tensor(leaf):
            if position in (None, count):
                parts[id(leaf)] = variants(leaf)
            count += 1

    def given(of):
        return _mapped([list(args), kwargs], lambda v: of(v) if _is_tensor(v) else v)

    expected = []
    try:
        for task in range(TASKS):
            own_args, own_kwargs = given(
                lambda v: parts[id(v)][task].clone() if id(v) in parts else v.clone()  # noqa: B023
            )
            if task == 0:
                state = paddle.get_rng_state()
            result = function(*own_args, **own_kwargs)
            expected.append(([result], [v for v in _leaves([own_args, own_kwargs]) if _is_tensor(v)]))
        impossible = None
    except Exception as error:
        impossible = error
    note(b"!" if impossible else b"*")
    paddle.set_rng_state(state)
    own_args, own_kwargs = given(lambda v: Batched(paddle.stack(parts[id(v)])) if id(v) in parts else v.clone())
    before = [v for v in _leaves([own_args, own_kwargs]) if _is_tensor(v)]
    try:
        with batching(TASKS):
            result = function(*own_args, **own_kwargs)
    except CannotBatch as error:
        return "refused", str(error)
    except Exception as error:
        if impossible is not None:
            return "impossible", ""
        return "raised", f"{type(error).__name__}: {error}"
    if impossible is not None:
        return "odd", f"the loop raises {type(impossible).__name__}: {impossible}"
    return _compared([result], [e[0] for e in expected], "result") or _compared(
        before, [e[1] for e in expected], "what was given") or ("equal", "")


def _compared(ours, theirs, what):
    ours, theirs = list(_leaves(ours)), [list(_leaves(t)) for t in theirs]
    if any(len(t) != len(ours) for t in theirs):
        return "lost", f"{what}: {len(ours)} leaves, not {[len(t) for t in theirs]}"
    for ours_now, *of_tasks in zip(ours, *theirs):
        if all(_is_tensor(t) for t in of_tasks):
            of_tasks = [t.numpy() for t in of_tasks if t._is_initialized()]
            if len(of_tasks) < TASKS:
                continue
            if type(ours_now) is Batched:
                own = list(tasks_of(ours_now).numpy())
            elif _is_tensor(ours_now):
                own = [ours_now.numpy()] * TASKS
            else:
                return "lost", f"{what}: {type(ours_now).__name__} in place of a Tensor"
            if any(not _error(np.asarray(a), b) < 1e-9 for a, b in zip(own, of_tasks)):
                return "wrong" if type(ours_now) is Batched else "lost", f"{what}: other numbers"
        elif isinstance(ours_now, (bool, int, float, np.ndarray, np.generic)) and any(
            not np.array_equal(ours_now, t, False) for t in of_tasks
        ):
            return "lost", f"{what}: {ours_now!r} in place of {of_tasks!r}"[:200]
    return None


def in_forks(calls: list, seconds: int):
    """The verdicts on all calls, by a child that is replaced when one ends it."""
    done = 0
    while done < len(calls):
        for verdict in _of_one_child(calls[done:], seconds):
            done += 1
            yield verdict


def _of_one_child(calls, seconds):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        null = os.open("/dev/null", os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        for call in calls:
            signal.alarm(seconds)
            try:
                verdict = judged(*call, lambda mark: os.write(write, mark))
            except BaseException as error:
                verdict = "harness", repr(error)[:300]
            verdict = " ".join(" ".join(verdict).split())[:200]
            os.write(write, f"{verdict}\n".encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        text = stream.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    *lines, last = text.split("\n")
    for line in lines:
        verdict, _, why = line.lstrip("*!").partition(" ")
        yield verdict, why
    if len(lines) < len(calls):
        end = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {status}"
        # What no plain Tensor may be given either may end the process in Paddle itself.
        yield {"*": "signal", "!": "senseless"}.get(last[:1], "native"), end


def attempts(name, owner, attribute, recorded):
    """(what to call, args, kwargs, position) for the thing of this name."""
    static = inspect.getattr_static(owner, attribute)
    if owner is Tensor and not callable(static):
        x = paddle.rand([4, 4], "float64")
        yield (lambda x: getattr(x, attribute)), (x,), {}, None
        yield (lambda x, y: setattr(x, attribute, y)), (x, x * 2), {}, None
        yield (lambda x, y: setattr(x, attribute, y)), (x, x * 2), {}, 1
        return
    if owner is Tensor:

        def function(x, *args, **kwargs):
            return getattr(x, attribute)(*args, **kwargs)

    else:

        def function(*args, **kwargs):
            return getattr(owner, attribute)(*args, **kwargs)

    for args, kwargs in calls_of(name, recorded):
        count = sum(_is_tensor(v) for v in _leaves([list(args), kwargs]))
        for position in [None, *(range(min(count, 6)) if count > 1 else ())]:
            yield function, args, kwargs, position


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names that contain this word")
    parser.add_argument("--show", default="signal,lost,wrong,harness", help="verdicts that are printed")
    parser.add_argument("--part", default="0/1", help="which part of how many")
    parser.add_argument("--seconds", type=int, default=5, help="the longest that one call may take")
    options = parser.parse_args(arguments)
    paddle.disable_signal_handler()  # it would take seconds to print where
    names = callables()
    print(len(names), "callables; recording", file=sys.stderr, flush=True)
    recorded = record(names)
    print(len(recorded), "recorded", file=sys.stderr, flush=True)
    part, of = map(int, options.part.split("/"))
    chosen = [name for at, name in enumerate(n for n in names if options.only in n) if at % of == part]
    counts, shown, by_name = Counter(), set(options.show.split(",")), Counter()
    for done, name in enumerate(chosen):
        owner, attribute = names[name]
        verdicts = set()
        calls = list(attempts(name, owner, attribute, recorded))
        for (_, args, kwargs, position), (verdict, why) in zip(calls, in_forks(calls, options.seconds)):
            counts[verdict] += 1
            if verdict in shown and verdict not in verdicts:
                print(f"{verdict:8} {name} at {position}, {_described(args, kwargs)[:100]}: {why}", flush=True)
            verdicts.add(verdict)
        by_name.update(verdicts)
        print(f"\r{done + 1}/{len(chosen)} {name[:30]:30}", end="", file=sys.stderr, flush=True)
    print(f"\n{len(chosen)} callables, {sum(counts.values())} calls:", dict(counts))
    print("callables with such a call:", dict(by_name))
    return int(any(counts[verdict] for verdict in ("signal", "lost", "wrong", "harness")))


if __name__ == "__main__":
    sys.exit(main())
