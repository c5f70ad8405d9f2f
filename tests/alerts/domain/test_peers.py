"""A peer counts as dead after a silence that we saw ourselves."""

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from watchkeeper.alerts.domain.peers import PeerState, after_look

MINUTE = dt.timedelta(seconds=60)


def after(looks: Sequence[tuple[int, str]]) -> PeerState:
    """Return what is known after looks, each at a second and with what it found."""
    state = PeerState()
    for second, problem in looks:
        at = NOON + dt.timedelta(seconds=second)
        state = after_look(state, problem, now=at, silence=MINUTE)
    return state


@pytest.mark.parametrize(
    ("looks", "is_open"),
    [
        pytest.param([(0, "")], False, id="well"),
        pytest.param([(0, "down")], False, id="first look"),
        pytest.param([(s, "down") for s in range(0, 60, 10)], False, id="not yet"),
        pytest.param([(s, "down") for s in range(0, 61, 10)], True, id="a minute"),
        pytest.param([(0, "down"), (30, ""), (40, "down"), (70, "down")], False, id="came back"),
        pytest.param([(0, ""), (300, "down"), (310, "down")], False, id="we were down"),
        pytest.param([(0, "down"), (300, "down"), (350, "down")], False, id="we were down midway"),
    ],
)
def test_silence_counts_from_the_first_bad_look(
    looks: list[tuple[int, str]], is_open: bool
) -> None:
    assert after(looks).is_open is is_open


def test_an_alert_stays_open_until_a_good_look() -> None:
    dead = [(s, "down") for s in range(0, 61, 10)]

    assert after([*dead, (400, "down")]).is_open
    assert not after([*dead, (400, "")]).is_open
    assert after([*dead, (400, "")]).is_well


@given(st.lists(st.tuples(st.integers(1, 40), st.sampled_from(["", "down"])), min_size=1))
def test_an_open_alert_has_seen_the_whole_silence(steps: list[tuple[int, str]]) -> None:
    second, looks = 0, []
    for length, problem in steps:
        second += length
        looks.append((second, problem))
    state = after(looks)
    tail = [at for at, problem in looks if at > max((a for a, p in looks if not p), default=-1)]

    assert state.is_open is (len(tail) > 1 and tail[-1] - tail[0] >= MINUTE.total_seconds())
