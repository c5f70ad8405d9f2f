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
_FILTERS = ("action", "kind", "object", "day")


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the page shows it."""

    row: EntryRow
    who: str
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
        "lines": [Line(row, _who(row, names), _told(row.detail)) for row in rows[:PAGE]],
        "asked": asked,
        "is_filtered": any(asked.values()),
        "actions": actions,
        "kinds": kinds,
        "older": rows[PAGE - 1].number if len(rows) > PAGE else "",
    }
    return render(request, "audit/log.html", context)


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
    since, until = _day(request, asked["day"])
    return Filter(
        action=asked["action"] or None,
        object_kind=asked["kind"] or None,
        object_id=asked["object"] or None,
        since=since,
        until=until,
    )


def _day(request: HttpRequest, text: str) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return the day's first instant and the next one's, in the reader's zone."""
    try:
        day = dt.date.fromisoformat(text)
        after = day + dt.timedelta(days=1)
    except (ValueError, OverflowError):
        return None, None
    zone = zone_of(request).info
    return tuple(  # type: ignore[return-value]
        dt.datetime.combine(each, dt.time(), tzinfo=zone) for each in (day, after)
    )


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
