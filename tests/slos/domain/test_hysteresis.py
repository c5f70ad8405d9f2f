"""Firings begin at once, end after calm, and silence is no all-clear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.slos.domain.hysteresis import QUIET_TICKS, Firing, Step, step


@pytest.mark.parametrize(
    ("holds", "steps"),
    [
        pytest.param([False, None], "nothing nothing", id="quiet stays quiet"),
        pytest.param([True], "begin", id="it begins at once"),
        pytest.param(
            [True, False, False, False], "begin calm calm end", id="it ends after three calm ones"
        ),
        pytest.param(
            [True, False, False, True, False],
            "begin calm calm go calm",
            id="a rate on the edge makes one firing",
        ),
        pytest.param(
            [True, None, None, None, None], "begin hold hold hold hold", id="silence holds it"
        ),
        pytest.param(
            [True, False, None, False, False],
            "begin calm hold calm end",
            id="silence between calm ones neither helps nor hurts",
        ),
    ],
)
def test_firings_follow_their_evaluations(holds: list[bool | None], steps: str) -> None:
    firing, found = Firing(), []
    for value in holds:
        taken, firing = step(firing, holds=value)
        found.append(taken.value.split()[0].rstrip(",:"))

    assert " ".join(found) == steps


@given(st.lists(st.sampled_from([True, False, None])))
def test_begin_and_end_alternate_and_end_needs_calm(holds: list[bool | None]) -> None:
    firing = Firing()
    marks = []
    for place, value in enumerate(holds):
        taken, firing = step(firing, holds=value)
        if taken in {Step.BEGIN, Step.END}:
            marks.append(taken)
        if taken is Step.END:
            known = [h for h in holds[: place + 1] if h is not None]
            assert known[-QUIET_TICKS:] == [False] * QUIET_TICKS

    assert marks == [Step.BEGIN, Step.END] * (len(marks) // 2) + [Step.BEGIN] * (len(marks) % 2)
