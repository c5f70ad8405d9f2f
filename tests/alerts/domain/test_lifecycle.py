"""What becomes of events: order and number of deliveries do not matter for one episode."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import NOON
from watchkeeper.alerts.domain import events, lifecycle
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.domain.lifecycle import AlertState, Decision, Effect, Known, Verdict

HOUR = dt.timedelta(hours=1)


def event(action: Action, start: dt.datetime | None = NOON, severity: str = "error") -> Event:
    return events.make(action, "k", severity=severity, started_at=start)


def verdicts(*sent: Event, known: Known | None = None) -> list[Verdict]:
    return [d.verdict for d in lifecycle.decide_all(sent, known or Known())]


FIRE, OVER = event(Action.TRIGGER), event(Action.RESOLVE)
FIRE_LATER, OVER_LATER = event(Action.TRIGGER, NOON + HOUR), event(Action.RESOLVE, NOON + HOUR)
BARE_FIRE, BARE_OVER = event(Action.TRIGGER, None), event(Action.RESOLVE, None)
TAKEN = event(Action.ACKNOWLEDGE)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ([FIRE], ["opened"]),
        ([FIRE, FIRE], ["opened", "deduped"]),
        ([FIRE, OVER], ["opened", "resolved"]),
        ([FIRE, OVER, OVER], ["opened", "resolved", "resolved"]),
        ([OVER, FIRE], ["held", "resolved"]),
        ([OVER, OVER, FIRE, FIRE], ["held", "held", "resolved", "resolved"]),
        ([FIRE, OVER, FIRE], ["opened", "resolved", "resolved"]),
        ([FIRE, OVER, FIRE_LATER], ["opened", "resolved", "opened"]),
        ([BARE_OVER, BARE_FIRE], ["resolved", "opened"]),
        ([BARE_FIRE, BARE_OVER, BARE_FIRE], ["opened", "resolved", "opened"]),
        ([FIRE, TAKEN, TAKEN], ["opened", "acknowledged", "acknowledged"]),
        ([TAKEN, FIRE], ["acknowledged", "opened"]),
        ([FIRE, FIRE_LATER, OVER], ["opened", "deduped", "held"]),
        ([FIRE, OVER_LATER, FIRE_LATER], ["opened", "resolved", "resolved"]),
        ([BARE_FIRE, OVER], ["opened", "resolved"]),
        ([FIRE, BARE_OVER], ["opened", "resolved"]),
        ([event(Action.PING)], ["heartbeat"]),
        ([FIRE, event(Action.NOTE)], ["opened", "deduped"]),
    ],
    ids=lambda part: "-".join(str(x) if isinstance(x, str) else x.action.value for x in part),
)
def test_every_event_gets_its_verdict(sent: list[Event], told: list[str]) -> None:
    assert [verdict.value for verdict in verdicts(*sent)] == told


def outcome(sent: list[Event]) -> tuple[object, ...]:
    """What is on record in the end: the open alert, what is over, how often it was told."""
    decisions = lifecycle.decide_all(sent, Known())
    last = decisions[-1].known
    counting = {Effect.OPEN, Effect.OPEN_CLOSED, Effect.COUNT, Effect.COUNT_CLOSED}
    count = sum(decision.effect in counting for decision in decisions)
    return last.alert, dict(last.closed), last.held, count


@given(
    st.lists(
        st.tuples(
            st.sampled_from([Action.TRIGGER, Action.RESOLVE]),
            st.sampled_from(["info", "warning", "error", "critical"]),
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=150, deadline=None)
def test_any_order_of_one_episode_ends_in_the_same_state(sent: list[tuple[Action, str]]) -> None:
    episode = [event(action, NOON, severity) for action, severity in sent]

    ends = [
        outcome(list(order)) for order in itertools.islice(itertools.permutations(episode), 120)
    ]

    assert all(end == ends[0] for end in ends), (ends[0], [e for e in ends if e != ends[0]][:1])


def acknowledged() -> Known:
    return lifecycle.decide_all([event(Action.TRIGGER, severity="warning"), TAKEN], Known())[
        -1
    ].known


def test_a_worse_severity_in_an_acknowledged_alert_pages_again() -> None:
    decision: Decision = lifecycle.decide(
        event(Action.TRIGGER, severity="critical"), acknowledged()
    )

    assert decision.effect is Effect.PAGE_AGAIN
    assert decision.known.alert is not None
    assert decision.known.alert.state is AlertState.FIRING
    assert "pages again" in decision.reason


def test_the_same_severity_in_an_acknowledged_alert_does_not() -> None:
    decision = lifecycle.decide(event(Action.TRIGGER, severity="warning"), acknowledged())

    assert decision.effect is Effect.COUNT
    assert decision.known.alert is not None
    assert decision.known.alert.state is AlertState.ACKNOWLEDGED


def test_a_key_too_long_to_be_stored_stays_a_key_of_its_own() -> None:
    one, other = events.bounded_key("k" * 600 + "1"), events.bounded_key("k" * 600 + "2")

    assert one != other
    assert len(one) == len(other) == events.LONGEST_KEY
    assert events.bounded_key("k" * 512) == "k" * 512


@pytest.mark.parametrize(
    ("word", "severity"),
    [("P1", "critical"), ("page", "critical"), ("Warning", "warning"), ("P5", "info"),
     ("nobody knows it", "error"), ("", "error")],
)  # fmt: skip
def test_words_of_senders_become_ours(word: str, severity: str) -> None:
    assert events.severity_of(word).value == severity


def test_an_address_that_no_browser_should_open_is_dropped() -> None:
    made = events.make(Action.TRIGGER, "k", url="javascript:alert(1)", runbook_url="https://x.y/z")

    assert (made.url, made.runbook_url) == ("", "https://x.y/z")


def snoozed() -> Known:
    known = lifecycle.decide_all([FIRE], Known())[-1].known
    assert known.alert is not None
    return replace(known, alert=replace(known.alert, state=AlertState.SNOOZED))


@pytest.mark.parametrize(
    ("sent", "effect"),
    [
        (FIRE, Effect.COUNT),
        (FIRE_LATER, Effect.PAGE_AGAIN),
        (event(Action.TRIGGER, NOON - HOUR), Effect.COUNT),
        (event(Action.TRIGGER, severity="critical"), Effect.PAGE_AGAIN),
        (event(Action.TRIGGER, severity="info"), Effect.COUNT),
        (BARE_FIRE, Effect.COUNT),
        (OVER, Effect.RESOLVE),
        (TAKEN, Effect.ACKNOWLEDGE),
    ],
    ids=["the same", "new", "earlier", "worse", "milder", "bare", "over", "taken"],
)
def test_only_what_is_new_or_worse_pages_while_it_is_snoozed(sent: Event, effect: Effect) -> None:
    decision = lifecycle.decide(sent, snoozed())

    assert decision.effect is effect
    after = decision.known.alert
    wanted = {
        Effect.COUNT: AlertState.SNOOZED,
        Effect.PAGE_AGAIN: AlertState.FIRING,
        Effect.ACKNOWLEDGE: AlertState.ACKNOWLEDGED,
    }
    assert (after.state if after is not None else None) is wanted.get(effect)


def test_a_new_episode_of_what_somebody_took_does_not_page_again() -> None:
    taken = lifecycle.decide_all([FIRE, TAKEN], Known())[-1].known

    assert lifecycle.decide(FIRE_LATER, taken).effect is Effect.COUNT


@pytest.mark.parametrize("state", [AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.SNOOZED])
@pytest.mark.parametrize(
    ("sent", "verdict", "counts"),
    [
        (FIRE, "deduped", True),
        (FIRE_LATER, "deduped", True),
        (event(Action.TRIGGER, severity="critical"), "deduped", True),
        (OVER, "resolved", False),
        (BARE_OVER, "resolved", False),
        (TAKEN, "acknowledged", False),
        (event(Action.NOTE), "deduped", False),
        (event(Action.PING), "heartbeat", False),
    ],
    ids=["fires", "fires anew", "is worse", "is over", "bare over", "is taken", "note", "ping"],
)
def test_what_was_merged_counts_at_the_other_and_only_what_is_worse_changes_that(
    sent: Event, verdict: str, counts: bool, state: AlertState
) -> None:
    fired = lifecycle.decide_all([FIRE], Known())[-1].known
    assert fired.alert is not None
    known = replace(fired, alert=replace(fired.alert, state=state))

    decision = lifecycle.decide_merged(sent, known, into="5")

    is_worse = sent.severity.value == "critical"
    pages = is_worse and state is not AlertState.FIRING
    effect = Effect.PAGE_AGAIN if pages else Effect.COUNT if counts else Effect.NOTHING
    assert (decision.verdict.value, decision.effect) == (verdict, effect)
    assert "merged into alert 5" in decision.reason
    after = decision.known.alert
    assert after is not None
    assert after.state is (AlertState.FIRING if pages else state)
    assert after.severity.value == ("critical" if is_worse else "error")
    assert after.episode == fired.alert.episode  # its own end still ends it
