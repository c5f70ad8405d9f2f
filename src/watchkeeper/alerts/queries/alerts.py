"""Rows of alerts: lists, one alert, and its story."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from watchkeeper.alerts.domain import page_verdicts, routing
from watchkeeper.alerts.domain.events import Severity
from watchkeeper.alerts.domain.inhibition import INHIBITION
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert, AlertAct, InboundEvent, PageVerdictRow
from watchkeeper.alerts.queries import groups
from watchkeeper.catalog import queries as catalog
from watchkeeper.changes.queries import events as changes
from watchkeeper.identity import queries as identity
from watchkeeper.kernel.errors import NotFoundError
from watchkeeper.oncall.queries import escalations
from watchkeeper.oncall.queries.escalations import Subject

_LARGEST = 2**63 - 1


class AlertNotFoundError(NotFoundError):
    """There is no alert of that id."""

    code = "alert_not_found"


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert.

    Attributes:
        id: Its id, as text.
        key: Its dedup key.
        integration: Name of the integration it came by; empty: that is gone.
        service: Name of the service; empty: none.
        state: ``firing``, ``acknowledged``, ``snoozed`` or ``resolved``.
        severity: ``critical``, ``error``, ``warning`` or ``info``.
        urgency: ``high`` or ``low``.
        title: One line.
        description: Longer words; may be empty.
        url: Where the sender shows it; may be empty.
        runbook_url: What to do, as the sender says; may be empty.
        labels: The sender's pairs.
        route: Name of the route that placed it; empty: none matched.
        policy: Name of the policy; empty: none is named.
        placed_because: Why it went there.
        count: How often it was told.
        started_at: When the condition began, as the sender says; ``None``: unknown.
        opened_at: When its first event came.
        last_event_at: When the newest came.
        acknowledged_at: When somebody took it; ``None``: nobody has.
        acknowledged_by: Kind and id of who did, or ``sender``.
        resolved_at: When it ended; ``None``: it has not.
        resolved_by: Kind and id of who ended it, or ``sender``.
        muted_by: Name of the silence that kept it quiet, ``maintenance:NAME`` or
            ``inhibition:NAME``; may be empty.
        muted_until: Until when it is kept quiet, by an inhibition when that is looked at again;
            ``None``: it is not.
        merged_into: Id of the alert that stands for it; ``None``: none does.
        flapping_until: When it is quiet if nothing changes; ``None``: it does not flap.
        is_over: Of one that flaps, whether its sender says that it is over.
        inhibited_by: Id of the alert whose end lets it page; ``None``: none, or not known.
        led_by: Id of the first alert of its group, itself maybe, whose escalation serves all of
            the group; ``None``: it is in none.
        pages_again_at: When it pages again unless it ended before: a snooze ends then, or the time
            in which who took it had to resolve it; ``None``: it does not wait for that.
    """

    id: str
    key: str
    integration: str
    service: str
    state: str
    severity: str
    urgency: str
    title: str
    description: str
    url: str
    runbook_url: str
    labels: Mapping[str, str]
    route: str
    policy: str
    placed_because: str
    count: int
    started_at: dt.datetime | None
    opened_at: dt.datetime
    last_event_at: dt.datetime
    acknowledged_at: dt.datetime | None
    acknowledged_by: str
    resolved_at: dt.datetime | None
    resolved_by: str
    muted_by: str
    muted_until: dt.datetime | None
    pages_again_at: dt.datetime | None
    flapping_until: dt.datetime | None
    is_over: bool
    inhibited_by: str | None
    merged_into: str | None
    led_by: str | None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state != AlertState.RESOLVED.value

    @property
    def maintenance(self) -> str:
        """Name of the maintenance window that kept it quiet; empty: none did."""
        kind, _, name = self.muted_by.rpartition(":")
        return name if kind == routing.MAINTENANCE else ""

    @property
    def inhibition(self) -> str:
        """Name of the inhibition that kept it quiet; empty: none did."""
        kind, _, name = self.muted_by.rpartition(":")
        return name if kind == INHIBITION else ""


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event and what became of it."""

    id: str
    received_at: dt.datetime
    action: str
    key: str
    verdict: str
    reason: str
    rule: str
    alert: str | None


@dataclass(frozen=True, slots=True)
class ActRow:
    """What a person or a job did to an alert.

    Attributes:
        at: When.
        act: In the past tense.
        actor: Kind and id of who did.
        detail: More words; may be empty.
        by: The name that goes with ``actor``; the same as that where it has none.
    """

    at: dt.datetime
    act: str
    actor: str
    detail: str
    by: str


@dataclass(frozen=True, slots=True)
class PageVerdictLine:
    """Whether it was worth paging somebody for an alert.

    Attributes:
        verdict: ``actionable`` or ``not_actionable``.
        why: Why it was not, as a value of ``page_verdicts.Why``; empty for one that was.
        words: More; may be empty.
        actor: Kind and id of who said so.
        by: The name that goes with it; the same as that where it has none.
        at: When.
        told: All of it in words.
    """

    verdict: str
    why: str
    words: str
    actor: str
    by: str
    at: dt.datetime
    told: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alerts; all of them where nothing is said.

    Attributes:
        states: Only these; empty: any.
        service: Only of this service.
        severity: Only of this severity.
        integration: Only by this integration.
        text: Only those whose title or key holds it, in any case.
    """

    states: tuple[str, ...] = ()
    service: str = ""
    severity: str = ""
    integration: str = ""
    text: str = ""


OPEN = tuple(state.value for state in AlertState if state is not AlertState.RESOLVED)
_FIELDS = (
    "id", "key", "integration__name", "service_name", "state", "severity", "urgency", "title",
    "description", "url", "runbook_url", "labels", "route", "policy", "placed_because", "count",
    "started_at", "opened_at", "last_event_at", "acknowledged_at", "acknowledged_by",
    "resolved_at", "resolved_by", "muted_by", "muted_until", "pages_again_at",
    "flapping_until", "is_over", "inhibited_by_id", "merged_into_id", "led_by_id",
)  # fmt: skip


def alert_rows(wanted: Filter, *, limit: int, before: int | None = None) -> list[AlertRow]:
    """Return alerts, the newest first.

    Args:
        wanted: Which.
        limit: How many at most.
        before: Only those with a lower id; ``None``: from the newest on.
    """
    found = _filtered(wanted)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = found.order_by("-pk").values_list(*_FIELDS)[:limit]
    return [_row(values) for values in rows]


def _filtered(wanted: Filter) -> QuerySet[Alert]:
    found = Alert.objects.all()
    if wanted.states and set(wanted.states) == set(OPEN):
        found = found.exclude(state=AlertState.RESOLVED.value)  # as the index of open ones has it
    elif wanted.states:
        found = found.filter(state__in=wanted.states)
    exact = {
        "service_name": wanted.service,
        "severity": wanted.severity,
        "integration__name": wanted.integration,
    }
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if wanted.text:
        found = found.filter(title__icontains=wanted.text) | found.filter(
            key__icontains=wanted.text
        )
    return found


@dataclass(frozen=True, slots=True)
class Counts:
    """How many alerts are open: firing, acknowledged, snoozed, or firing and kept quiet."""

    firing: int
    acknowledged: int
    snoozed: int
    quiet: int


def counts() -> Counts:
    """Return how many alerts are open, each counted once."""
    firing = Q(state=AlertState.FIRING.value)
    found = Alert.objects.exclude(state=AlertState.RESOLVED.value).aggregate(
        firing=Count("pk", filter=firing & Q(muted_until=None)),
        acknowledged=Count("pk", filter=Q(state=AlertState.ACKNOWLEDGED.value)),
        snoozed=Count("pk", filter=Q(state=AlertState.SNOOZED.value)),
        quiet=Count("pk", filter=firing & Q(muted_until__isnull=False)),
    )
    return Counts(**found)


def firing_count(*, most: int = 100) -> int:
    """Return how many alerts fire that nobody took and nothing keeps quiet, as far as ``most``.

    It reads the index of open alerts alone and stops at ``most``, however many alerts there are.
    """
    found = Alert.objects.exclude(state=AlertState.RESOLVED.value)
    firing = found.filter(state=AlertState.FIRING.value, muted_until=None)
    return firing.order_by("-pk")[:most].count()


def alert_row(alert: str) -> AlertRow:
    """Return one alert.

    Raises:
        AlertNotFoundError: there is none of that id.
    """
    values = Alert.objects.filter(pk=number_of(alert)).values_list(*_FIELDS).first()
    if values is None:
        raise AlertNotFoundError(f"There is no alert {alert[:40]}")
    return _row(values)


def look_of(row: AlertRow) -> tuple[str, str]:
    """Return how the state of an alert looks, and the word for it."""
    if row.state == AlertState.RESOLVED.value:
        return "ok", _("Merged") if row.merged_into is not None else _("Resolved")
    if row.state == AlertState.ACKNOWLEDGED.value:
        return "due", _("Acknowledged")
    if row.state == AlertState.SNOOZED.value:
        return "mute", _("Snoozed")
    if row.muted_until is not None:
        if row.inhibition:
            return "mute", _("Inhibited")
        return "mute", _("In maintenance") if row.maintenance else _("Silenced")
    looks = {Severity.CRITICAL.value: "crit", Severity.ERROR.value: "burn"}
    words = _("Flapping") if row.flapping_until is not None else _("Firing")
    return looks.get(row.severity, "watch"), words


def name_of(label: str) -> str:
    """Return the name that goes with what a row keeps of who acted; that itself without one."""
    return names_of([label]).get(label, label)


def number_of(alert: str) -> int:
    """Return the number that an id is; -1 for one that is none of ours."""
    is_number = alert.isascii() and alert.isdigit() and len(alert) < 20
    return int(alert) if is_number and int(alert) <= _LARGEST else -1


def newest_of(scope: str, key: str) -> AlertRow | None:
    """Return the newest alert of a key, open or not; ``None``: there never was one."""
    found = Alert.objects.filter(scope=scope, key=key).order_by("-pk")
    values = found.values_list(*_FIELDS).first()
    return _row(values) if values is not None else None


def key_of(alert: str) -> str | None:
    """Return the dedup key of an alert; ``None``: there is none of that id."""
    return Alert.objects.filter(pk=number_of(alert)).values_list("key", flat=True).first()


def _row(values: tuple[Any, ...]) -> AlertRow:
    pk, key, integration, *rest, source, into, lead = values
    others = [None if each is None else str(each) for each in (source, into, lead)]
    return AlertRow(str(pk), key, integration or "", *[*rest, *others])


def team_of(service: str) -> int | None:
    """Return the team that owns a service; ``None``: nobody, or it is not known."""
    return teams_of([service]).get(service)


def teams_of(services: Collection[str]) -> dict[str, int | None]:
    """Return the teams that own services, by name; those that are not known are left out."""
    notes = catalog.service_notes(services, annotation="")
    return {name: note.owner_id for name, note in notes.items()}


def past(column: str, *, now: dt.datetime, limit: int) -> list[int]:
    """Return the ids of alerts whose instant in ``column`` is past, the longest first.

    In the order of its index: by id, SQLite would look at every alert there ever was.
    """
    found = Alert.objects.filter(**{f"{column}__lte": now}).order_by(column)
    return list(found.values_list("pk", flat=True)[:limit])


def event_rows(alert: str, *, limit: int = 1_000) -> list[EventRow]:
    """Return the newest events of an alert, the oldest of them first."""
    found = InboundEvent.objects.filter(alert_id=number_of(alert)).order_by("-pk")[:limit]
    return [_event(row) for row in reversed(found)]


def quarantined(*, limit: int = 200) -> list[EventRow]:
    """Return what could not be read, the newest first."""
    found = InboundEvent.objects.filter(verdict="quarantined").order_by("-pk")[:limit]
    return [_event(row) for row in found]


def event_of_request(request: str, *, integration_id: int) -> EventRow | None:
    """Return the first event of a request that an integration posted; ``None``: none."""
    found = InboundEvent.objects.filter(
        request_id=number_of(request), request__integration_id=integration_id
    )
    row = found.order_by("position").first()
    return _event(row) if row is not None else None


def _event(row: InboundEvent) -> EventRow:
    return EventRow(
        id=str(row.pk),
        received_at=row.received_at,
        action=row.action,
        key=row.key,
        verdict=row.verdict,
        reason=row.reason,
        rule=row.rule,
        alert=str(row.alert_id) if row.alert_id is not None else None,
    )


def act_rows(alert: str) -> list[ActRow]:
    """Return what people and jobs did to an alert, the oldest first."""
    found = list(AlertAct.objects.filter(alert_id=number_of(alert)).order_by("pk"))
    names = names_of(row.actor for row in found)
    return [ActRow(r.at, r.act, r.actor, r.detail, names.get(r.actor, r.actor)) for r in found]


def names_of(labels: Iterable[str]) -> dict[str, str]:
    """Return the names of people by the label that rows keep of them, as ``user 5``."""
    numbers = {label: label.removeprefix("user ") for label in labels}
    ids = {label: int(number) for label, number in numbers.items() if number.isdigit()}
    names = identity.names_of(set(ids.values()))
    return {label: names[pk] for label, pk in ids.items() if pk in names}


def page_verdict(alert: str) -> PageVerdictLine | None:
    """Return whether it was worth paging for an alert; ``None``: nobody has said so yet."""
    row = PageVerdictRow.objects.filter(alert_id=number_of(alert)).first()
    if row is None:
        return None
    told = page_verdicts.told(*page_verdicts.read(row.verdict, row.why))
    by = name_of(row.actor)
    return PageVerdictLine(row.verdict, row.why, row.words, row.actor, by, row.at, told)


def story(alert: str) -> escalations.Story:
    """Return who was paged for an alert, or for the group that it is in."""
    lead = Alert.objects.filter(pk=number_of(alert)).values_list("led_by", flat=True).first()
    return escalations.story(Subject("alert", alert if lead is None else str(lead)))


def explained(alert: str) -> dict[str, Any]:
    """Return all that happened to an alert and why, as ``alert explain`` tells it.

    Raises:
        AlertNotFoundError: there is none of that id.
    """
    row = alert_row(alert)
    told = story(alert)
    return {
        "alert": row,
        "events": event_rows(alert),
        "acts": act_rows(alert),
        "route": row.route or None,
        "policy": row.policy or None,
        "because": row.placed_because,
        "group": groups.group_of(row.led_by),
        "pages": [_page(page) for page in told.pages],
        "notes": told.notes,
        "next_at": told.next_at,
        "page_verdict": page_verdict(alert),
        "changes": changes.before_an_alert(row.service, row.opened_at),
    }


def _page(page: Any) -> dict[str, Any]:
    return {
        "page_id": page.page_id,
        "person": page.person,
        "contact": page.contact,
        "room": page.room,
        "channel": page.channel,
        "step": page.step,
        "loop": page.loop,
        "due_at": page.due_at,
        "state": page.state,
        "reason": page.reason,
        "attempts": [
            {"at": attempt.at, "outcome": attempt.outcome, "detail": attempt.detail}
            for attempt in page.attempts
        ],
        "bundle": _bundle(page.bundle) if page.bundle is not None else None,
    }


def _bundle(bundle: Any) -> dict[str, Any]:
    alerts = [{"id": each, "title": title} for each, title in bundle.alerts]
    return {"id": bundle.id, "pages": bundle.pages, "alerts": alerts}


def rows_of(ids: Collection[str]) -> dict[str, AlertRow]:
    """Return alerts by id; those that are gone are left out."""
    found = Alert.objects.filter(pk__in=[number_of(each) for each in ids])
    return {row.id: row for row in (_row(v) for v in found.values_list(*_FIELDS))}
