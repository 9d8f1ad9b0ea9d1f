"""Orders of events in which tasks once ended the process; `task_sequences.py` has the whole run."""

import itertools
import random

import pytest
from helpers import in_a_fork
from task_sequences import LOSSES, STYLES, WAYS, expected, judge, sequences


@pytest.mark.parametrize("way", WAYS)
def test_each_order_of_events_gives_the_right_number_or_an_error_that_helps(way):
    numbers, found = expected(way), {}
    for style, losses in itertools.product(STYLES, LOSSES):
        every = list(sequences(random.Random(way), 200))
        for events in every[:6] + random.Random(style + losses).sample(every, 6):
            key = f"{style} {losses} {','.join(events)}"
            found[key] = in_a_fork(lambda: judge(way, style, losses, events, numbers))  # noqa: B023
    assert {key: f for key, f in found.items() if f["verdict"] != "right"} == {}


@pytest.mark.parametrize("events", ["a,b,a,b,a,b", "a,r,a,r,b", "A,b,m,g,b", "S,b,g", "b,e,b,g,b"])
@pytest.mark.parametrize("style", STYLES)
def test_a_query_loss_after_every_inner_step(events, style):
    numbers = expected("unrolled")
    for losses in LOSSES:
        found = in_a_fork(lambda: judge("unrolled", style, losses, events.split(","), numbers))  # noqa: B023
        assert found["verdict"] == "right", found
