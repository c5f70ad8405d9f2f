"""Who goes at once, who waits: tables of cases, and laws over made-up nights."""

import datetime as dt
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import NOON
from watchkeeper.notifications.domain import bundling
from watchkeeper.notifications.domain.bundling import Told, Waiting, decide, grade

WINDOW = dt.timedelta(seconds=60)
HIGH, LOW = grade("high", 2), grade("low", 2)


def at(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


def page(seconds: float = 0, service: str = "shop", grave: int = HIGH, **more: float) -> Waiting:
    held = at(more["held"]) if "held" in more else None
    return Waiting(at(seconds), service, grave, held)


def call(seconds: float, service: str = "shop", grave: int = HIGH) -> Told:
    return Told(at(seconds), {service: grave})


@pytest.mark.parametrize(
    ("waiting", "calls", "goes_at"),
    [
        pytest.param([page(100)], [], 100, id="the first goes at once"),
        pytest.param([page(100)], [call(30)], 100, id="a call longer ago does not count"),
        pytest.param([page(100)], [call(90)], 150, id="what follows waits for the window's end"),
        pytest.param([page(100)], [call(70), call(90)], 150, id="the last call counts"),
        pytest.param([page(100, "pay")], [call(90)], 100, id="a new service goes at once"),
        pytest.param([page(100), page(99, "pay")], [call(90)], 100, id="and takes all along"),
        pytest.param([page(100)], [call(90, grave=HIGH - 1)], 100, id="worse goes at once"),
        pytest.param([page(100)], [call(90, grave=LOW)], 100, id="high after low goes at once"),
        pytest.param([page(100, grave=LOW)], [call(90)], 150, id="low after high waits"),
        pytest.param([page(100)], [call(95, "pay"), call(90)], 155, id="known before news"),
        pytest.param(
            [page(100, "new")],
            [call(99 - n, f"s{n}") for n in range(5)],
            104,
            id="after five calls news waits five seconds",
        ),
        pytest.param([page(40, held=100)], [call(99)], 104, id="who waited goes with a small gap"),
        pytest.param([page(40, held=100)], [call(40)], 100, id="who waited goes when told"),
        pytest.param([page(100)], [call(3700)], 100, id="a call in the future is a broken clock"),
        pytest.param([page(-500)], [], 102, id="what is late gathers for a moment"),
        pytest.param([page(-500, held=99)], [], 100, id="and only once"),
    ],
)
def test_when_pages_go(waiting: list[Waiting], calls: list[Told], goes_at: float) -> None:
    decision = decide(waiting, calls, window=WINDOW, now=at(100))

    assert (decision.wait_until or at(100)) == at(goes_at)
    assert (decision.wait_until is None) == (decision.reason == "")


@dataclass
class Night:
    """One contact through a night: pages come, the sender looks each half second."""

    pages: list[tuple[float, str, int]]
    calls: list[tuple[float, list[int]]] = field(default_factory=list)

    def pass_by(self) -> None:
        waiting: dict[int, Waiting] = {}
        wakes: dict[int, float] = {}
        told: list[Told] = []
        moment, left = 0.0, list(enumerate(self.pages))
        while left or waiting:
            while left and left[0][1][0] <= moment:
                number, (due, service, grave) = left.pop(0)
                waiting[number], wakes[number] = Waiting(at(due), service, grave), moment
            awake = [number for number in waiting if wakes[number] <= moment]
            if awake:
                then = decide([waiting[n] for n in awake], told, window=WINDOW, now=at(moment))
                if then.wait_until is None:
                    told.append(Told(at(moment), bundling.told(waiting.values())))
                    self.calls.append((moment, sorted(waiting)))
                    waiting.clear()
                for number in awake:
                    if then.wait_until is not None:
                        held = then.wait_until
                        each = waiting[number]
                        waiting[number] = Waiting(each.due_at, each.service, each.grade, held)
                        wakes[number] = (held - NOON).total_seconds()
            moment += 0.5


nights = st.lists(
    st.tuples(
        st.integers(0, 1200).map(lambda n: n / 2),
        st.sampled_from(["shop", "pay", "search", ""]),
        st.sampled_from([LOW, HIGH, HIGH + 1]),
    ),
    min_size=1,
    max_size=60,
).map(sorted)


@given(nights)
@settings(max_examples=150)
def test_nothing_is_lost_early_or_late_and_calls_are_bounded(
    pages: list[tuple[float, str, int]],
) -> None:
    night = Night(pages)
    night.pass_by()

    gone = [number for _, numbers in night.calls for number in numbers]
    assert sorted(gone) == list(range(len(pages)))  # every page once
    longest = (WINDOW + bundling.GAP).total_seconds() + 1
    for moment, numbers in night.calls:
        for number in numbers:
            assert 0 <= moment - pages[number][0] <= longest
    assert night.calls[0][0] == pages[0][0]  # the first goes at once
    for begin in range(0, 660, 60):
        made = [moment for moment, _ in night.calls if begin <= moment < begin + 60]
        assert len(made) <= bundling.FREE_CALLS + 60 / bundling.GAP.total_seconds()


@given(st.integers(2, 400))
@settings(max_examples=30)
def test_a_storm_in_one_service_is_one_call_and_then_one_a_window(many: int) -> None:
    night = Night([(n * 60 / many, "shop", HIGH) for n in range(many)])
    night.pass_by()

    assert len(night.calls) == 2
    assert night.calls[1][0] == 60


def test_the_same_pages_make_the_same_key_in_any_order() -> None:
    assert bundling.bundle_id(["a", "b"]) == bundling.bundle_id(["b", "a"])
    assert bundling.bundle_id(["a", "b"]) != bundling.bundle_id(["a", "b", "c"])
