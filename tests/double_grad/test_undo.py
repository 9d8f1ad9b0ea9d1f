"""What has to be put back is, once, in the right order, whatever came in between."""

import sys
import threading

import pytest

from paddle_metaopt.double_grad import undo
from paddle_metaopt.double_grad.undo import Undo, hold_open, latest, repair


@pytest.fixture
def done():
    yield []
    assert undo._open == {}


def test_it_is_done_once_on_leaving_on_an_exception_and_when_dropped(done):
    with Undo(lambda: done.append("left")) as context:
        assert not done
    del context
    with pytest.raises(ZeroDivisionError), Undo(lambda: done.append("raised")):
        raise ZeroDivisionError
    dropped = Undo(lambda: done.append("dropped"))
    del dropped
    assert done == ["left", "raised", "dropped"]


def test_what_was_kept_from_ending_ends_before_what_began_earlier(done):
    outer = Undo(lambda: done.append("outer"))
    inner = Undo(lambda: done.append("inner"))
    outer.__exit__(None, None, None)
    inner.__exit__(None, None, None)
    assert done == ["inner", "outer"]


def held(undo, touches=()):
    before = latest()
    context = Undo(undo, frozenset(touches)).__enter__()
    hold_open(before)
    return context


@pytest.mark.parametrize("touches, order", [("ab", ["first", "second"]), ("aa", ["second", "first"])])
def test_what_users_hold_ends_in_their_order_unless_it_puts_back_the_same(done, touches, order):
    first, second = (held(lambda name=name: done.append(name), t) for name, t in zip(("first", "second"), touches))
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert done == order


def test_what_users_hold_neither_ends_a_block_that_goes_on_nor_is_ended_by_one(done):
    first = held(lambda: done.append("first"))
    with Undo(lambda: done.append("block")):
        second = held(lambda: done.append("second"))
        first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert done == ["first", "block", "second"]


def test_what_was_kept_from_ending_ends_before_what_users_hold(done):
    first = held(lambda: done.append("held"))
    kept = Undo(lambda: done.append("kept"))
    first.__exit__(None, None, None)
    assert done == ["kept", "held"]
    del kept


def test_another_threads_stays(done):
    outer, others = Undo(lambda: done.append("outer")), []
    thread = threading.Thread(target=lambda: others.append(Undo(lambda: done.append("other"))))
    thread.start()
    thread.join()
    outer.__exit__(None, None, None)
    assert done == ["outer"]
    others.clear()
    assert done == ["outer", "other"]


def test_an_undo_that_fails_is_left_to_the_next_repair(done, monkeypatch):
    def undo_once_more():
        done.append("tried")
        if len(done) < 3:
            raise KeyboardInterrupt

    context = Undo(undo_once_more)
    with pytest.raises(KeyboardInterrupt):
        context.__exit__(None, None, None)
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: None)
    del context  # fails once more, where nothing can be raised
    repair()
    assert done == ["tried"] * 3
