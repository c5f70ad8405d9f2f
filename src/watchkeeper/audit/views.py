"""Pages of the log."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchkeeper.audit import queries
from watchkeeper.audit.queries import EntryRow, Filter
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import ActorKind
from watchkeeper.kernel.errors import NotFoundError
from watchkeeper.plumbing import spreadsheets
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.context import zone_of

PAGE = 50
_FILE_PAGE = 1_000
_LONGEST = 300
_COLUMNS = (
    "number", "at", "actor_kind", "actor_id", "actor", "via", "action", "object_kind",
    "object_id", "detail", "request_id", "address",
)  # fmt: skip
_FILTERS = ("action", "kind", "object", "actor", "from", "to")
_MOST_CHECKED = 100_000
"""Entries that one request checks; a longer chain is checked by the command."""


class EntryNotFoundError(NotFoundError):
    """There is no entry of that number, or it was kept long enough."""

    code = "entry_not_found"


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the page shows it."""

    row: EntryRow
    who: str
    actor: str
    detail: Sequence[tuple[str, str]]


@members_only
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Show what was done, the newest first."""
    actor = actor_of(request)
    asked = _asked(request)
    rows = queries.entries(
        actor=actor,
        wanted=_wanted(request, asked),
        before=_number(request.GET.get("before", "")),
        limit=PAGE + 1,
    )
    names = queries.names_of(rows)
    actions, kinds = queries.words_in_use(actor=actor)
    context = {
        "lines": [_line(row, names) for row in rows[:PAGE]],
        "asked": asked,
        "since": asked["from"],
        "until": asked["to"],
        "actor_words": _actor_words(asked["actor"], rows, names),
        "is_filtered": any(asked.values()),
        "actions": actions,
        "kinds": kinds,
        "older": rows[PAGE - 1].number if len(rows) > PAGE else "",
    }
    return render(request, "audit/log.html", context)


@members_only
@require_safe
def entry(request: HttpRequest, number: int) -> HttpResponse:
    """Show one entry with all that is known of it."""
    row = queries.entry(number, actor=actor_of(request))
    if row is None:
        raise EntryNotFoundError(f"There is no entry {number}, or it is no longer kept")
    return render(request, "audit/entry.html", {"line": _line(row, queries.names_of([row]))})


def _line(row: EntryRow, names: Mapping[int, str]) -> Line:
    actor = row.actor_kind if row.actor_id is None else f"{row.actor_kind}:{row.actor_id}"
    return Line(row, _who(row, names), actor, _told(row.detail))


def _actor_words(asked: str, rows: Sequence[EntryRow], names: Mapping[int, str]) -> str:
    """Return how the actor that is filtered by is called; empty where none is."""
    return next((_who(row, names) for row in rows), asked) if asked else ""


@members_only
@require_safe
def log_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the log as it is filtered."""
    actor = actor_of(request)
    access.require(actor, Permission.READ_AUDIT, what="audit log")
    wanted = _wanted(request, _asked(request))

    def rows() -> Iterator[Sequence[object]]:
        before = None
        while found := queries.entries(
            actor=actor, wanted=wanted, before=before, limit=_FILE_PAGE
        ):
            names = queries.names_of(found)
            for row in found:
                yield _values(row, names)
            before = found[-1].number

    return spreadsheets.response(_COLUMNS, rows(), file="audit.csv")


@members_only
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Check the whole chain and say what was found."""
    access.require(actor_of(request), Permission.READ_AUDIT, what="audit log")
    if queries.count() > _MOST_CHECKED:
        messages.warning(
            request,
            _("The log is too long to be checked here. On the host: watchkeeper audit verify"),
        )
        return redirect("audit:log")
    verdict = queries.verify()
    if verdict.broken is None:
        messages.success(
            request, _("The log is whole: %(count)s entries.") % {"count": verdict.count}
        )
    else:
        words = {"number": verdict.broken.number, "why": verdict.broken.reason}
        messages.error(
            request, _("The log was tampered with at entry %(number)s: %(why)s.") % words
        )
    return redirect("audit:log")


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "").strip()[:_LONGEST] for name in _FILTERS}


def _wanted(request: HttpRequest, asked: Mapping[str, str]) -> Filter:
    kind, _colon, actor_id = asked["actor"].partition(":")
    return Filter(
        action=asked["action"] or None,
        object_kind=asked["kind"] or None,
        object_id=asked["object"] or None,
        actor_kind=kind or None,
        actor_id=_number(actor_id),
        since=_day(request, asked["from"]),
        until=_day(request, asked["to"], after=1),
    )


def _day(request: HttpRequest, text: str, *, after: int = 0) -> dt.datetime | None:
    """Return a day's first instant in the reader's zone, or that of a later day."""
    try:
        day = dt.date.fromisoformat(text) + dt.timedelta(days=after)
    except (ValueError, OverflowError):
        return None
    return dt.datetime.combine(day, dt.time(), tzinfo=zone_of(request).info)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def _who(row: EntryRow, names: Mapping[int, str]) -> str:
    if row.actor_kind == ActorKind.USER.value and row.actor_id is not None:
        return names.get(row.actor_id) or _("person %(id)s, gone") % {"id": row.actor_id}
    words = row.actor_kind if row.actor_id is None else f"{row.actor_kind} {row.actor_id}"
    return words.capitalize()


def _told(detail: Mapping[str, object]) -> list[tuple[str, str]]:
    return [
        (key.replace("_", " "), value if isinstance(value, str) else json.dumps(value))
        for key, value in sorted(detail.items())
    ]


def _values(row: EntryRow, names: Mapping[int, str]) -> Sequence[object]:
    return (
        row.number,
        row.at.astimezone(dt.UTC).isoformat(),
        row.actor_kind,
        row.actor_id,
        _who(row, names),
        row.via,
        row.action,
        row.object_kind,
        row.object_id,
        json.dumps(row.detail, sort_keys=True),
        row.request_id,
        row.address,
    )
