"""What an event does to the alert of its key: one pure decision, with its reason.

For one episode (a key, and a start time or id that tells one occurrence from the next) the order
and the number of deliveries do not matter: any shuffle of its triggers and resolves ends in the
same state. Source: oncall.md, invariants I8 and I9.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

from watchkeeper.alerts.domain.events import Action, Event, Severity
from watchkeeper.alerts.domain.flapping import Limits


class AlertState(Enum):
    """Where an alert stands."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Verdict(Enum):
    """What became of an event; every accepted one has exactly one."""

    OPENED = "opened"
    DEDUPED = "deduped"
    GROUPED = "grouped"
    FLAPPING = "flapping"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    HELD = "held"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    MAINTENANCE = "maintenance"
    HEARTBEAT = "heartbeat"
    QUARANTINED = "quarantined"


class Effect(Enum):
    """What has to be written."""

    NOTHING = "nothing"
    OPEN = "open"
    OPEN_CLOSED = "open closed"
    COUNT = "count"
    COUNT_CLOSED = "count closed"
    PAGE_AGAIN = "page again"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    HOLD = "hold"
    FLAP = "flap"


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """The open alert of a key.

    Attributes:
        state: Firing, acknowledged or snoozed.
        severity: The worst that was said.
        episode: The newest occurrence it stands for; empty: its sender tells none.
        started_at: When that began; ``None``: unknown.
        flaps: Whether it stays open until nothing changed for a while.
        is_over: Of one that flaps, whether its sender says that it is over.
    """

    state: AlertState
    severity: Severity
    episode: str = ""
    started_at: dt.datetime | None = None
    flaps: bool = False
    is_over: bool = False


_NONE: Mapping[str, Severity] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a key before an event.

    Attributes:
        alert: The open alert; ``None``: there is none.
        closed: Episodes that have a resolved alert, with its severity.
        held: Episodes whose resolve came before their trigger.
        limits: When it flaps; ``None``: never.
        openings: How often it opened, within what the limits say, and was ended by its sender.
    """

    alert: OpenAlert | None = None
    closed: Mapping[str, Severity] = field(default_factory=lambda: _NONE)
    held: frozenset[str] = frozenset()
    limits: Limits | None = None
    openings: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one event.

    Attributes:
        verdict: In one word.
        reason: In a sentence.
        effect: What has to be written.
        known: What is known of the key afterwards.
    """

    verdict: Verdict
    reason: str
    effect: Effect
    known: Known


def decide(event: Event, known: Known) -> Decision:
    """Return what becomes of ``event``, given what is known of its key."""
    if event.action is Action.TRIGGER:
        return _trigger(event, known)
    if event.action is Action.RESOLVE:
        return _resolve(event, known)
    if event.action is Action.ACKNOWLEDGE:
        return _acknowledge(known)
    if event.action is Action.NOTE:
        return Decision(Verdict.DEDUPED, _noted(event, known), Effect.NOTHING, known)
    return _ping(known)


def decide_merged(event: Event, known: Known, *, into: str) -> Decision:
    """Return what becomes of an event whose alert was merged into one that is open.

    It counts there, and only what is worse than all before pages again. Nothing else that its
    sender says changes the other alert: that has a condition of its own.

    Args:
        event: Of the key that was merged.
        known: What is known of the alert that it was merged into, which is open.
        into: Id of that alert, for the reason.
    """
    alert = known.alert
    if event.action is Action.TRIGGER and alert is not None:
        worse = event.severity.rank > alert.severity.rank
        after = replace(alert, severity=_worst(alert.severity, event.severity))
        reason = f"it was merged into alert {into}, which is open, and counts there"
        if worse and alert.state is not AlertState.FIRING:
            after = replace(after, state=AlertState.FIRING)
            reason = f"it was merged into alert {into} and is worse than that was: it pages again"
            known = replace(known, alert=after)
            return Decision(Verdict.DEDUPED, reason, Effect.PAGE_AGAIN, known)
        return Decision(Verdict.DEDUPED, reason, Effect.COUNT, replace(known, alert=after))
    reason = f"it was merged into alert {into}, which that does not change"
    return Decision(_VERDICTS[event.action], reason, Effect.NOTHING, known)


_VERDICTS = {
    Action.TRIGGER: Verdict.DEDUPED,
    Action.RESOLVE: Verdict.RESOLVED,
    Action.ACKNOWLEDGE: Verdict.ACKNOWLEDGED,
    Action.NOTE: Verdict.DEDUPED,
    Action.PING: Verdict.HEARTBEAT,
}


def decide_all(events: Iterable[Event], known: Known) -> list[Decision]:
    """Return what becomes of events of one key that came one after the other."""
    decisions = []
    for event in events:
        decision = decide(event, known)
        known = decision.known
        decisions.append(decision)
    return decisions


def _trigger(event: Event, known: Known) -> Decision:
    if event.episode and event.episode in known.closed:
        worst = _worst(known.closed[event.episode], event.severity)
        after = replace(known, closed={**known.closed, event.episode: worst})
        reason = "its episode was resolved already; the trigger came late or again"
        return Decision(Verdict.RESOLVED, reason, Effect.COUNT_CLOSED, after)
    if event.episode and event.episode in known.held:
        closed = {**known.closed, event.episode: event.severity}
        after = replace(known, closed=closed, held=known.held - {event.episode})
        reason = "its resolve had come first; the alert is on record and nobody is paged"
        return Decision(Verdict.RESOLVED, reason, Effect.OPEN_CLOSED, after)
    if known.alert is None:
        return _opened(event, known)
    if known.alert.is_over:
        return _flaps_again(event, known, known.alert)
    return _again(event, known, known.alert)


def _opened(event: Event, known: Known) -> Decision:
    alert = OpenAlert(AlertState.FIRING, event.severity, event.episode, event.started_at)
    if known.limits is not None and known.openings + 1 >= known.limits.openings:
        after = replace(known, alert=replace(alert, flaps=True))
        return Decision(Verdict.FLAPPING, known.limits.words, Effect.OPEN, after)
    after = replace(known, alert=alert)
    return Decision(Verdict.OPENED, "nothing was open under this key", Effect.OPEN, after)


def _flaps_again(event: Event, known: Known, alert: OpenAlert) -> Decision:
    """Return what a trigger does to an alert that flaps and whose sender said it was over."""
    if event.episode and event.episode == alert.episode:
        reason = "its episode was over already; the trigger came late or again"
        return Decision(Verdict.RESOLVED, reason, Effect.COUNT, known)
    if event.episode and _is_earlier(event.started_at, alert.started_at):
        reason = "it is of an earlier episode of the alert that flaps"
        return Decision(Verdict.DEDUPED, reason, Effect.COUNT, known)
    after = replace(
        alert,
        severity=_worst(alert.severity, event.severity),
        is_over=False,
        episode=event.episode or alert.episode,
        started_at=event.started_at if event.episode else alert.started_at,
    )
    worse = event.severity.rank > alert.severity.rank and alert.state is not AlertState.FIRING
    if worse:
        known = replace(known, alert=replace(after, state=AlertState.FIRING))
        reason = (
            f"{event.severity.value} is worse than what was {alert.state.value}: it pages again"
        )
        return Decision(Verdict.FLAPPING, reason, Effect.PAGE_AGAIN, known)
    reason = (
        "it fires again and flaps: nobody is called anew, its first pages go on if nobody took it"
    )
    return Decision(Verdict.FLAPPING, reason, Effect.FLAP, replace(known, alert=after))


def _again(event: Event, known: Known, alert: OpenAlert) -> Decision:
    """Return what a trigger does to the alert that is open under its key."""
    after = replace(alert, severity=_worst(alert.severity, event.severity))
    reason, again = "the alert is open already", ""
    if event.episode and event.episode != alert.episode:
        if _is_earlier(event.started_at, alert.started_at):
            reason = "it is of an earlier episode of the alert that is open"
        else:
            after = replace(after, episode=event.episode, started_at=event.started_at)
            reason = "a new episode began before the one before it was resolved"
            if alert.state is AlertState.SNOOZED and not alert.flaps:
                again = "a new episode began while it was snoozed"
    if event.severity.rank > alert.severity.rank and alert.state is not AlertState.FIRING:
        worse, before = event.severity.value, alert.severity.value
        again = f"{worse} is worse than the {before} that was {alert.state.value}"
    if again:
        after = replace(after, state=AlertState.FIRING)
        known = replace(known, alert=after)
        return Decision(Verdict.DEDUPED, f"{again}: it pages again", Effect.PAGE_AGAIN, known)
    return Decision(Verdict.DEDUPED, reason, Effect.COUNT, replace(known, alert=after))


def _resolve(event: Event, known: Known) -> Decision:
    alert = known.alert
    if not event.episode:
        if alert is None:
            reason = "nothing was open under this key"
            return Decision(Verdict.RESOLVED, reason, Effect.NOTHING, known)
        return _close(known, alert, "the sender says that it is over")
    if event.episode in known.closed:
        reason = "its episode was resolved already"
        return Decision(Verdict.RESOLVED, reason, Effect.NOTHING, known)
    if alert is not None and alert.episode in {"", event.episode}:
        return _close(known, alert, "the sender says that it is over", episode=event.episode)
    held = replace(known, held=known.held | {event.episode})
    if alert is None or event.started_at is None or alert.started_at is None:
        reason = "its trigger has not come yet; kept until it does"
        return Decision(Verdict.HELD, reason, Effect.HOLD, held)
    if event.started_at < alert.started_at:
        reason = "it ends an earlier episode; a later one is open"
        return Decision(Verdict.HELD, reason, Effect.HOLD, held)
    reason = "a later episode of it is over, whose trigger has not come"
    return _close(held, alert, reason)


def _close(known: Known, alert: OpenAlert, reason: str, *, episode: str = "") -> Decision:
    if alert.flaps:
        return _held_open(known, alert, reason, episode=episode)
    name = episode or alert.episode
    closed = {**known.closed, name: alert.severity} if name else known.closed
    after = replace(known, alert=None, closed=closed)
    return Decision(Verdict.RESOLVED, reason, Effect.RESOLVE, after)


def _held_open(known: Known, alert: OpenAlert, reason: str, *, episode: str) -> Decision:
    """Return what the end of an alert that flaps does: it stays open until it is quiet."""
    if alert.is_over and episode in {"", alert.episode}:
        told = f"{reason}, as it did before; it stays open until it is quiet"
        return Decision(Verdict.FLAPPING, told, Effect.NOTHING, known)
    after = replace(alert, is_over=True, episode=episode or alert.episode)
    told = f"{reason}; it flaps, so it stays open until it is quiet"
    return Decision(Verdict.FLAPPING, told, Effect.FLAP, replace(known, alert=after))


def _acknowledge(known: Known) -> Decision:
    if known.alert is None:
        reason = "nothing is open under this key that could be acknowledged"
        return Decision(Verdict.ACKNOWLEDGED, reason, Effect.NOTHING, known)
    if known.alert.state is AlertState.ACKNOWLEDGED:
        reason = "it was acknowledged already"
        return Decision(Verdict.ACKNOWLEDGED, reason, Effect.NOTHING, known)
    after = replace(known, alert=replace(known.alert, state=AlertState.ACKNOWLEDGED))
    reason = "the sender says that somebody took it"
    return Decision(Verdict.ACKNOWLEDGED, reason, Effect.ACKNOWLEDGE, after)


def _ping(known: Known) -> Decision:
    if known.alert is None:
        return Decision(Verdict.HEARTBEAT, "the sender lives", Effect.NOTHING, known)
    closed = _close(known, known.alert, "the sender lives again")
    return replace(closed, verdict=Verdict.HEARTBEAT)


def _noted(event: Event, known: Known) -> str:
    where = "for the open alert" if known.alert is not None else "though nothing is open"
    return f"a note {where}: {event.description or event.title}"[:500]


def _worst(one: Severity, other: Severity) -> Severity:
    return one if one.rank >= other.rank else other


def _is_earlier(one: dt.datetime | None, other: dt.datetime | None) -> bool:
    return one is not None and other is not None and one < other
