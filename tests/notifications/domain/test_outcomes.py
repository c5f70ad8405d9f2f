"""What follows from what a provider said: tables, and laws that hold for all of them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.notifications.domain import answers, breaker, outcomes
from watchkeeper.notifications.domain.breaker import Breaker
from watchkeeper.notifications.domain.outcomes import DeliveryState, Outcome, Result

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
NO_TIME = dt.timedelta()


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (6, 32), (7, 60), (100_000, 60)]
)
def test_the_wait_doubles_up_to_a_minute(tries: int, seconds: float) -> None:
    assert outcomes.wait_seconds(tries, chance=0) == seconds


@given(st.integers(0, 10**6), st.floats(0, 1), st.none() | st.floats(-10, 10**9))
def test_no_wait_is_longer_than_asked_for_or_than_an_hour(
    tries: int, chance: float, asked: float | None
) -> None:
    wait = outcomes.wait_seconds(tries, chance=chance, retry_after_seconds=asked)

    assert 0.75 <= wait <= 3600
    assert wait >= min(asked or 0, 3600)
    assert asked is not None or wait <= 60


@pytest.mark.parametrize(
    ("outcome", "tries", "state", "again", "another"),
    [
        (Outcome.ACCEPTED, 0, DeliveryState.DELIVERED, False, False),
        (Outcome.DELIVERED, 0, DeliveryState.DELIVERED, False, False),
        (Outcome.PERMANENT, 0, DeliveryState.FAILED, False, True),
        (Outcome.TEMPORARY, 1, DeliveryState.SCHEDULED, True, True),
        (Outcome.TEMPORARY, 2, DeliveryState.SCHEDULED, True, False),
        (Outcome.UNKNOWN, 1, DeliveryState.SCHEDULED, True, True),
    ],
)
def test_what_becomes_of_a_delivery(
    outcome: Outcome, tries: int, state: DeliveryState, again: bool, another: bool
) -> None:
    then = outcomes.after_attempt(Result(outcome, "said"), tries=tries, age=NO_TIME, chance=0)

    assert then.state is state
    assert (then.wait_seconds is not None) is again
    assert then.needs_another is another


def test_after_a_day_of_failures_a_delivery_is_given_up_and_says_so() -> None:
    day = dt.timedelta(days=1)

    then = outcomes.after_attempt(Result(Outcome.TEMPORARY, "busy"), tries=900, age=day, chance=0)

    assert then.state is DeliveryState.FAILED
    assert then.reason == "given up after a day: busy"


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 30)), max_size=60))
def test_a_breaker_opens_after_five_failures_and_one_call_at_a_time_finds_out(
    story: list[tuple[bool, float]],
) -> None:
    state, now, in_a_row, last_call = Breaker(), 0.0, 0, -1e9
    for is_good, passes in story:
        now += passes
        may, state = breaker.asks(state, now=now)
        if in_a_row < breaker.FAILURES_TO_OPEN:
            assert may
        else:
            assert may == (now - last_call >= breaker.REST_SECONDS)
        if may:
            last_call = now
            state = breaker.ended(state, is_good=is_good, now=now)
            in_a_row = 0 if is_good else in_a_row + 1


def test_while_one_call_finds_out_the_others_wait() -> None:
    state = Breaker(breaker.FAILURES_TO_OPEN, 10.0)

    first, state = breaker.asks(state, now=10.0)
    second, _ = breaker.asks(state, now=10.1)

    assert (first, second) == (True, False)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.ACCEPTED),
        (204, Outcome.ACCEPTED),
        (301, Outcome.PERMANENT),
        (400, Outcome.PERMANENT),
        (404, Outcome.PERMANENT),
        (410, Outcome.PERMANENT),
        (408, Outcome.TEMPORARY),
        (429, Outcome.TEMPORARY),
        (500, Outcome.TEMPORARY),
        (503, Outcome.TEMPORARY),
    ],
)
def test_what_a_status_means(status: int, outcome: Outcome) -> None:
    assert answers.result_of(status, now=NOW, who="it").outcome is outcome


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", None),
        ("soon", None),
        ("7", 7.0),
        ("-7", None),
        ("Mon, 02 Mar 2026 12:01:00 GMT", 60.0),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float | None) -> None:
    assert answers.seconds_of(header, now=NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_breaks_the_reader(header: str) -> None:
    found = answers.seconds_of(header, now=NOW)

    assert found is None or found >= 0
