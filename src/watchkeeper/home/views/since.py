"""What happened of late, in words."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from watchkeeper.alerts.queries import alerts
from watchkeeper.alerts.queries.recent import PagedAlert
from watchkeeper.changes.queries.events import ChangeRow
from watchkeeper.home.queries import Change
from watchkeeper.slos.queries import DefinitionChange, FiringRow
from watchkeeper.ui.domain import numbers, times

_SENDER = "sender"


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened, in words.

    Attributes:
        at: When.
        look: Of its mark.
        title: What.
        note: More of it.
        side: How it stands, in a word or two.
        url: Where it is shown.
        is_outside: Whether that is on another server.
    """

    at: dt.datetime
    look: str
    title: str
    note: str
    side: str
    url: str
    is_outside: bool = False


def line(change: Change) -> Line:
    """Return something that happened, in words."""
    if change.firing is not None:
        return _firing_line(change, change.firing)
    if change.event is not None:
        return _event_line(change.event)
    if change.alert is not None:
        return _alert_line(change.alert)
    assert change.definition is not None
    return _definition_line(change, change.definition)


def _definition_line(change: Change, definition: DefinitionChange) -> Line:
    is_new = definition.number == 1
    if change.others:
        many = numbers.count(change.others + 1)
        return Line(
            at=change.at,
            look="done",
            title=f"{many} SLOs {'are new' if is_new else 'were changed'}",
            note=f"{definition.slo} and {numbers.count(change.others)} more",
            side="",
            url=reverse("slos:list"),
        )
    return Line(
        at=change.at,
        look="done",
        title=f"{definition.slo} {'is new' if is_new else 'was changed'}",
        note="its definition came into force" if is_new else "a new version came into force",
        side=f"version {definition.number}",
        url=f"{reverse('slos:detail', args=[definition.slo])}#versions",
    )


def _firing_line(change: Change, firing: FiringRow) -> Line:
    slow = firing.severity == "ticket"
    reason = firing.reason
    rate = f"{numbers.burn(reason.get('long_rate'))} over {reason.get('long', '')}"
    url = f"{reverse('slos:detail', args=[firing.slo])}#firings"
    if change.has_ended and firing.ended_at is not None:
        lasted = times.duration(firing.ended_at - firing.started_at)
        title = f"{firing.slo} stopped burning{' slowly' if slow else ''}"
        return Line(change.at, "ok", title, f"{firing.rule} fired for {lasted}", "ended", url)
    title = f"{firing.slo} began to burn{' slowly' if slow else ''}"
    look = "watch" if slow else "burn"
    side = "open" if firing.ended_at is None else "ended"
    return Line(
        change.at, look, title, f"{rate} · {firing.severity} to {firing.service}", side, url
    )


def _event_line(event: ChangeRow) -> Line:
    by = event.author or event.source or _("by hand")
    note = f"{event.service} · {by}" if event.service else by
    asked = {"service": event.service} if event.service else {"kind": event.kind}
    return Line(
        at=event.at,
        look="deploy",
        title=event.title,
        note=note,
        side=event.kind,
        url=event.url or f"{reverse('changes:changes')}?{urlencode(asked)}",
        is_outside=bool(event.url),
    )


def _alert_line(alert: PagedAlert) -> Line:
    row = alert.row
    look, words = alerts.look_of(row)
    answer = _answer(alert)
    return Line(
        at=row.opened_at,
        look=look,
        title=row.title,
        note=f"{row.service} · {answer}" if row.service else answer,
        side=words.lower(),
        url=reverse("alerts:detail", args=[row.id]),
    )


def _answer(alert: PagedAlert) -> str:
    taken_at = alert.row.acknowledged_at
    if taken_at is None:
        return _("not acknowledged")
    after = times.duration(taken_at - alert.row.opened_at)
    if alert.by == _SENDER:
        return _("acknowledged by its sender after {after}").format(after=after)
    return _("acknowledged by {name} after {after}").format(name=alert.by, after=after)
