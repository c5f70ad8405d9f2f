"""What helps whoever is woken: the service, its budgets, changes, and the same alert before.

None of it is asked for while somebody is being paged. What slices above know is asked through
``ports.AlertContext`` with a deadline, so that what is slow is left out and named.
"""

import datetime as dt
import queue
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils.module_loading import import_string

from watchkeeper.alerts.domain import page_verdicts
from watchkeeper.alerts.models import Alert, AlertAct, PageVerdictRow
from watchkeeper.alerts.ports import AlertContext, ContextItem
from watchkeeper.alerts.queries import alerts
from watchkeeper.alerts.queries.alerts import AlertRow
from watchkeeper.catalog import queries as catalog
from watchkeeper.catalog.queries import ServiceRow
from watchkeeper.changes.queries import events as changes
from watchkeeper.changes.queries.events import ChangeRow
from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import Actor
from watchkeeper.slos import queries as slos
from watchkeeper.slos.queries import SloRow

DEADLINE_SECONDS = 1.0
MOST_EARLIER = 5
LOOKED_THROUGH = 5_000
_MOST_NOTES = 3
_MOST_SLOS = 50
_NOTED = "noted"
_NOT_JUDGED = 99
_SLOTS = threading.BoundedSemaphore(16)

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SloLine:
    """An SLO of the service, by the worst of its objectives and windows.

    Attributes:
        name: Its name.
        title: Its words for people, or its name.
        status: As ``slo status`` has it; ``no_data`` before its first tick.
        severity: Of the burn rule that fires; ``None``: none does.
        words: The status in words.
        objective: Target ratio, 0 to 1; ``None`` before the first tick.
        window: Over which, as ``30d``; ``None`` before the first tick.
        budget_remaining: Share of the error budget left, below zero when overspent; ``None`` where
            it is not known, which is not zero.
        as_of: When that was judged; ``None``: not yet.
    """

    name: str
    title: str
    status: str
    severity: str | None
    words: str
    objective: float | None
    window: str | None
    budget_remaining: float | None
    as_of: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """The same alert before: of the same key, or of the same title at the same service.

    Attributes:
        id: Its id.
        title: One line.
        is_same_key: Whether it has the same dedup key.
        opened_at: When its first event came.
        resolved_at: When it ended; ``None``: it has not.
        lasted_seconds: How long it was open; ``None``: it still is.
        acknowledged_at: When somebody took it; ``None``: nobody did.
        acknowledged_by: Who did, by name; empty: nobody.
        verdict: ``actionable``, ``not_actionable``; empty: nobody said.
        verdict_told: The verdict in words; empty: none.
        notes: What people wrote beside it, the newest of them last.
    """

    id: str
    title: str
    is_same_key: bool
    opened_at: dt.datetime
    resolved_at: dt.datetime | None
    lasted_seconds: float | None
    acknowledged_at: dt.datetime | None
    acknowledged_by: str
    verdict: str
    verdict_told: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """All that helps.

    Attributes:
        service: Name of the service; empty: the alert names none.
        is_known: Whether the catalogue has that service.
        owner: Team that owns it; ``None``: nobody, or it is not known.
        tier: 0 to 3; ``None``: nobody said.
        runbook_url: What to do: the sender's, else the service's; empty: neither has one.
        slos: SLOs of the service, worst first, at most 50.
        changes: What changed in the hour before.
        earlier: The same alert before, the newest first, at most 5.
        earlier_count: How often it came before, among the last 5,000 of its service.
        items: What slices above know, as open incidents.
        missing: Parts that did not answer in time, or failed.
    """

    service: str
    is_known: bool
    owner: str | None
    tier: int | None
    runbook_url: str
    slos: tuple[SloLine, ...]
    changes: tuple[ChangeRow, ...]
    earlier: tuple[Earlier, ...]
    earlier_count: int
    items: tuple[ContextItem, ...]
    missing: tuple[str, ...]


def context_of(row: AlertRow, *, actor: Actor, now: dt.datetime) -> Context:
    """Return what helps with an alert.

    Args:
        row: The alert.
        actor: For whom; slices above show only what they may read.
        now: The present.
    """
    service = catalog.service_by_name(row.service) if row.service else None
    found, count = _earlier(row)
    items, missing = _from_above(row, actor=actor, now=now)
    return Context(
        service=row.service,
        is_known=service is not None,
        owner=service.owner_name if service is not None else None,
        tier=service.tier if service is not None else None,
        runbook_url=runbook_of(row, service),
        slos=_slos(row.service),
        changes=tuple(changes.before_an_alert(row.service, row.opened_at)),
        earlier=found,
        earlier_count=count,
        items=items,
        missing=missing,
    )


def runbook_of(row: AlertRow, service: ServiceRow | None) -> str:
    """Return where it stands what to do: the sender's runbook, else the service's; or empty."""
    return row.runbook_url or (service.runbook_url if service is not None else "")


def _slos(service: str) -> tuple[SloLine, ...]:
    if not service:
        return ()
    rows = slos.slo_rows(service=service)
    lines = sorted((_slo(row) for row in rows), key=lambda pair: (pair[0], pair[1].name))
    return tuple(line for _, line in lines[:_MOST_SLOS])


def _slo(row: SloRow) -> tuple[int, SloLine]:
    """Return an SLO with its urgency, lower is worse."""
    worst = min(
        row.states,
        key=lambda s: (s.urgency, 9.0 if s.budget_remaining is None else s.budget_remaining),
        default=None,
    )
    title = row.title or row.name
    if worst is None:
        line = SloLine(row.name, title, "no_data", None, "Not judged yet", None, None, None, None)
        return _NOT_JUDGED, line
    return worst.urgency, SloLine(
        name=row.name,
        title=title,
        status=worst.status,
        severity=worst.severity,
        words=worst.words,
        objective=worst.objective,
        window=worst.window,
        budget_remaining=worst.budget_remaining,
        as_of=worst.as_of,
    )


_FIELDS = ("pk", "title", "scope", "key", "opened_at", "resolved_at", "acknowledged_at",
           "acknowledged_by")  # fmt: skip


def _earlier(row: AlertRow) -> tuple[tuple[Earlier, ...], int]:
    """Return the same alert before, and how often there was one.

    Looked for among the last thousands of its service, so that no history makes a screen slow.
    """
    number = alerts.number_of(row.id)
    scope = Alert.objects.filter(pk=number).values_list("scope", flat=True).first()
    before = Alert.objects.filter(service_name=row.service, pk__lt=number).order_by("-pk")
    same = Q(scope=scope, key=row.key)
    if row.service:
        same |= Q(title=row.title)
    found = Alert.objects.filter(same, pk__in=before.values("pk")[:LOOKED_THROUGH])
    rows = list(found.order_by("-pk").values_list(*_FIELDS)[:MOST_EARLIER])
    if not rows:
        return (), 0
    count = len(rows) if len(rows) < MOST_EARLIER else found.count()
    ids = [values[0] for values in rows]
    names = alerts.names_of(values[7] for values in rows)
    verdicts = {each.alert_id: each for each in PageVerdictRow.objects.filter(alert__in=ids)}
    notes = _notes(ids)
    return tuple(
        Earlier(
            id=str(pk),
            title=title,
            is_same_key=(its_scope, key) == (scope, row.key),
            opened_at=opened,
            resolved_at=resolved,
            lasted_seconds=None if resolved is None else (resolved - opened).total_seconds(),
            acknowledged_at=taken,
            acknowledged_by=names.get(by, by),
            verdict=verdicts[pk].verdict if pk in verdicts else "",
            verdict_told=_verdict(verdicts.get(pk)),
            notes=tuple(notes.get(pk, ())),
        )
        for pk, title, its_scope, key, opened, resolved, taken, by in rows
    ), count


def _verdict(row: PageVerdictRow | None) -> str:
    if row is None:
        return ""
    return page_verdicts.told(*page_verdicts.read(row.verdict, row.why))


def _notes(ids: Collection[int]) -> dict[int, list[str]]:
    """Return the newest notes beside alerts, the oldest of them first."""
    found: dict[int, list[str]] = {}
    rows = AlertAct.objects.filter(alert__in=ids, act=_NOTED).order_by("-pk")[:200]
    for row in rows:
        own = found.setdefault(row.alert_id, [])
        if len(own) < _MOST_NOTES:
            own.insert(0, row.detail)
    return found


def _from_above(
    row: AlertRow, *, actor: Actor, now: dt.datetime
) -> tuple[tuple[ContextItem, ...], tuple[str, ...]]:
    """Ask every wired context at once; who does not answer in time is named and left behind."""
    ports = _wired(tuple(settings.WATCHKEEPER_ALERT_CONTEXTS))
    answers: queue.SimpleQueue[tuple[str, Sequence[ContextItem]]] = queue.SimpleQueue()
    end = clock.monotonic() + DEADLINE_SECONDS
    waiting = {port.name for port in ports}
    asked = [port for port in ports if _SLOTS.acquire(blocking=False)]
    for port in asked:
        ask = threading.Thread(
            target=_ask, args=(port, row, actor, now, answers), name=port.name, daemon=True
        )
        ask.start()
    found: dict[str, Sequence[ContextItem]] = {}
    for _ in asked:
        try:
            name, items = answers.get(timeout=max(0.0, end - clock.monotonic()))
        except queue.Empty:
            break
        found[name] = items
    items = tuple(item for port in ports for item in found.get(port.name, ()))
    return items, tuple(sorted(waiting - set(found)))


def _ask(
    port: AlertContext,
    row: AlertRow,
    actor: Actor,
    now: dt.datetime,
    answers: "queue.SimpleQueue[tuple[str, Sequence[ContextItem]]]",
) -> None:
    """Ask one context, in a thread that may be left behind."""
    try:
        answers.put((port.name, port.about(row.id, service=row.service, actor=actor, now=now)))
    except Exception:  # the page of the alert stands without it
        logger.exception("a context failed", context=port.name)
    finally:
        connection.close()
        _SLOTS.release()


@cache
def _wired(paths: tuple[str, ...]) -> tuple[AlertContext, ...]:
    return tuple(import_string(path)() for path in paths)
