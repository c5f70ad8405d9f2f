"""What comes and goes too often is held open and never lost."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from watchkeeper.alerts.domain import events, flapping, lifecycle
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.domain.flapping import USUAL, Limits
from watchkeeper.alerts.domain.lifecycle import AlertState, Effect, Known, Verdict

MINUTE = dt.timedelta(minutes=1)
OFTEN = Known(limits=USUAL, openings=3)


def event(action: Action, minute: int | None = None, severity: str = "error") -> Event:
    start = None if minute is None else NOON + minute * MINUTE
    return events.make(action, "k", severity=severity, started_at=start)


FIRE, OVER = event(Action.TRIGGER), event(Action.RESOLVE)
FIRST, FIRST_OVER = event(Action.TRIGGER, 0), event(Action.RESOLVE, 0)
NEXT, NEXT_OVER = event(Action.TRIGGER, 1), event(Action.RESOLVE, 1)


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        (OFTEN, Verdict.FLAPPING),
        (replace(OFTEN, openings=9), Verdict.FLAPPING),
        (replace(OFTEN, openings=2), Verdict.OPENED),
        (replace(OFTEN, limits=None), Verdict.OPENED),
        (replace(OFTEN, limits=Limits(openings=5)), Verdict.OPENED),
    ],
    ids=["the fourth", "more", "the third", "off", "another limit"],
)
def test_the_opening_that_is_one_too_many_flaps_and_pages(known: Known, verdict: Verdict) -> None:
    decision = lifecycle.decide(FIRE, known)

    assert (decision.verdict, decision.effect) == (verdict, Effect.OPEN)
    assert decision.known.alert is not None
    assert decision.known.alert.flaps is (verdict is Verdict.FLAPPING)


@pytest.mark.parametrize(
    ("sent", "told", "is_over"),
    [
        ([OVER], ["flapping"], True),
        ([OVER, OVER], ["flapping", "flapping"], True),
        ([OVER, FIRE], ["flapping", "flapping"], False),
        ([FIRE], ["deduped"], False),
    ],
    ids=["over", "over twice", "over and again", "told again"],
)
def test_what_a_sender_says_of_what_flaps_counts_there(
    sent: list[Event], told: list[str], is_over: bool
) -> None:
    _, *decisions = lifecycle.decide_all([FIRE, *sent], OFTEN)

    assert [each.verdict.value for each in decisions] == told
    alert = decisions[-1].known.alert
    assert alert is not None
    assert (alert.state, alert.is_over) == (AlertState.FIRING, is_over)


@pytest.mark.parametrize(
    ("sent", "told", "is_over"),
    [
        ([FIRST_OVER, FIRST], ["flapping", "resolved"], True),
        ([FIRST_OVER, FIRST_OVER], ["flapping", "flapping"], True),
        ([FIRST_OVER, NEXT], ["flapping", "flapping"], False),
        ([FIRST_OVER, NEXT, FIRST], ["flapping", "flapping", "deduped"], False),
        ([FIRST_OVER, NEXT, NEXT_OVER, FIRST], ["flapping", "flapping", "flapping", "deduped"],
         True),
        ([NEXT_OVER, NEXT], ["flapping", "resolved"], True),
    ],
)  # fmt: skip
def test_order_and_repeats_of_episodes_do_not_matter(
    sent: list[Event], told: list[str], is_over: bool
) -> None:
    _, *decisions = lifecycle.decide_all([FIRST, *sent], OFTEN)

    assert [each.verdict.value for each in decisions] == told
    alert = decisions[-1].known.alert
    assert alert is not None
    assert alert.is_over is is_over


def taken(state: AlertState) -> Known:
    known = lifecycle.decide_all([FIRE, OVER], OFTEN)[-1].known
    assert known.alert is not None
    return replace(known, alert=replace(known.alert, state=state))


@pytest.mark.parametrize("state", [AlertState.ACKNOWLEDGED, AlertState.SNOOZED])
def test_what_is_worse_than_what_was_taken_pages_again(state: AlertState) -> None:
    worse = lifecycle.decide(event(Action.TRIGGER, severity="critical"), taken(state))
    same = lifecycle.decide(FIRE, taken(state))

    assert worse.effect is Effect.PAGE_AGAIN
    assert same.effect is Effect.FLAP
    assert same.known.alert is not None
    assert same.known.alert.state is state


SENT = st.builds(
    event,
    st.sampled_from([Action.TRIGGER, Action.RESOLVE]),
    st.none() | st.integers(0, 4),
    st.sampled_from(["warning", "critical"]),
)


@given(st.lists(SENT, max_size=12))
def test_what_flaps_is_open_whatever_its_sender_says(sent: list[Event]) -> None:
    for decision in lifecycle.decide_all([FIRE, *sent], OFTEN):
        assert decision.known.alert is not None
        assert decision.known.alert.flaps
        assert decision.known.alert.state is AlertState.FIRING
        assert decision.effect is not Effect.RESOLVE


@given(st.lists(SENT, max_size=12))
def test_without_limits_nothing_flaps(sent: list[Event]) -> None:
    assert not any(
        decision.verdict is Verdict.FLAPPING for decision in lifecycle.decide_all(sent, Known())
    )


@pytest.mark.parametrize(
    ("settings", "kind", "limits"),
    [
        ({}, "generic", USUAL),
        ({"flapping": "off"}, "generic", None),
        ({"flapping": False}, "generic", None),
        ({}, "heartbeat", None),
        ({"flapping": {"openings": 2, "within": "10m", "quietFor": "5m"}}, "generic",
         Limits(2, 10 * MINUTE, 5 * MINUTE)),
        ({"flapping": {"within": "10m"}}, "generic", Limits(4, 10 * MINUTE)),
    ],
)  # fmt: skip
def test_limits_are_those_of_the_integration(
    settings: dict[str, Any], kind: str, limits: Limits | None
) -> None:
    assert flapping.limits_of(settings, kind=kind) == limits
    assert not list(flapping.faults(settings.get("flapping")))


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("on", "spec.flapping"),
        ([], "spec.flapping"),
        ({"openings": 1}, "spec.flapping.openings"),
        ({"openings": True}, "spec.flapping.openings"),
        ({"within": "2d"}, "spec.flapping.within"),
        ({"quietFor": "soon"}, "spec.flapping.quietFor"),
        ({"more": 1}, "spec.flapping.more"),
    ],
)
def test_faults_tell_their_place(said: Any, place: str) -> None:
    assert [fault.path for fault in flapping.faults(said)] == [place]
