"""What is kept quiet: silences and maintenance on one page; silences are made and ended here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.alerts.domain import documents
from watchkeeper.alerts.domain.documents import SilenceSpec
from watchkeeper.alerts.forms.quiet import SilenceForm, field_of, silence_values
from watchkeeper.alerts.queries import directory, previews
from watchkeeper.alerts.queries.directory import SilenceRow
from watchkeeper.alerts.usecases import rules
from watchkeeper.alerts.views.inhibitions import may_edit
from watchkeeper.changes.queries import maintenance
from watchkeeper.changes.views.maintenance import lines_of as windows_of
from watchkeeper.changes.views.maintenance import may_add
from watchkeeper.kernel import access, clock, instants, lengths, wall_time
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import hands
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.context import zone_of
from watchkeeper.ui.domain import times
from watchkeeper.ui.domain.times import Zone

_LOOKS = {"active": "mute", "pending": "due", "expired": "ok"}
_ORDER = {"active": 0, "pending": 1, "expired": 2}


@dataclass(frozen=True, slots=True)
class SilenceLine:
    """A silence as a list shows it."""

    row: SilenceRow
    look: str
    words: str
    may_end: bool
    may_change: bool


@members_only
@require_safe
def silences(request: HttpRequest) -> HttpResponse:
    """Show what is kept quiet now, will be, and was."""
    actor, now = actor_of(request), clock.now()
    access.require(actor, Permission.READ, what="silences")
    lines = lines_of(directory.silence_rows(now=now), actor=actor)
    windows = windows_of(maintenance.rows(now=now), actor=actor)
    states = [line.row.state for line in lines] + [line.row.state for line in windows]
    context = {
        "silences": lines,
        "lines": windows,
        "inhibitions": directory.inhibition_rows(),
        "active": states.count("active"),
        "may_add": may_add(actor),
        "may_inhibit": may_edit(actor),
    }
    return render(request, "alerts/silences.html", context)


def lines_of(rows: Iterable[SilenceRow], *, actor: Actor) -> list[SilenceLine]:
    """Return silences as lists show them: what holds, what comes next, what is over."""
    lines = [_line(row, actor) for row in rows]
    return sorted(
        lines,
        key=lambda line: (
            _ORDER[line.row.state],
            line.row.until or line.row.next_start or instants.END,
            line.row.name,
        ),
    )


def _line(row: SilenceRow, actor: Actor) -> SilenceLine:
    words = {"active": _("Quiet now"), "pending": _("Comes"), "expired": _("Over")}
    may = rules.may_silence(actor, row.match)
    return SilenceLine(
        row,
        _LOOKS[row.state],
        words[row.state],
        may_end=may and row.state == "active",
        may_change=may and not row.is_in_file,
    )


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make a silence, or show first what it would keep quiet."""
    actor, zone, now = actor_of(request), zone_of(request), clock.now()
    if not may_add(actor):
        access.require(actor, Permission.RESPOND, what="silences")
    start = wall_time.shown_at(now, zone.info).replace(second=0, microsecond=0)
    service = request.GET.get("service", "")[:253].replace('"', "")
    match = f'service="{service}"' if service else ""
    length = lengths.read("1h")
    initial = {"start": start, "end": start + length if length else start, "match": match}
    return _page(request, initial, zone=zone, stored=None)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a silence, as to let it last longer; one that a file keeps is changed there."""
    row = directory.silence_row(name, now=clock.now())
    if not rules.may_silence(actor_of(request), row.match):
        access.require(actor_of(request), Permission.RESPOND, what=f"silence {name}")
    if row.is_in_file:
        where = {"name": name, "file": row.file or _("a file")}
        messages.error(request, _("%(name)s is kept in %(file)s; change it there.") % where)
        return redirect("alerts:silences")
    stored = row.spec()
    zone = times.zone(stored.time_zone or "UTC") if stored.recurrence else zone_of(request)
    return _page(request, silence_values(stored, zone=zone), zone=zone, stored=stored)


def _page(
    request: HttpRequest, initial: Mapping[str, Any], *, zone: Zone, stored: SilenceSpec | None
) -> HttpResponse:
    asked = request.POST if request.method == "POST" else None
    state = hands.state_of(documents.write(stored) if stored is not None else None)
    known = asked.get("known", "") if asked is not None else state
    form = SilenceForm(asked, zone=zone, stored=stored, initial=dict(initial))
    preview, fault = _preview(form) if asked is not None else (None, "")
    is_asked_only = asked is not None and asked.get("act") == "preview"
    if not is_asked_only and form.is_valid() and _saved(request, form, known):
        messages.success(request, _("Saved. What it matches pages nobody meanwhile."))
        return redirect("alerts:silences")
    if is_asked_only and asked is not None:
        form = SilenceForm(zone=zone, stored=stored, initial=dict(asked.items()))
    context = {
        "form": form,
        "preview": preview,
        "fault": fault,
        "name": stored.name if stored is not None else "",
        "known": known,
    }
    status = 422 if form.errors or fault else 200
    return render(request, "alerts/silence_edit.html", context, status=status)


def _saved(request: HttpRequest, form: SilenceForm, known: str) -> bool:
    actor, now = actor_of(request), clock.now()

    def act() -> bool:
        if form.stored is None:
            rules.create_silence(actor=actor, spec=form.spec(), now=now)
        else:
            rules.save_silence(
                actor=actor, spec=form.spec(), origin=Origin.UI, now=now, known=known
            )
        return True

    return bool(saved(form, act, field_of=field_of))


def _preview(form: SilenceForm) -> tuple[previews.Preview | None, str]:
    """Return what the matchers that were typed match, or why they cannot."""
    if not form.matchers():
        return None, _("Write a matcher first; a silence must not hide all.")
    try:
        return previews.preview(form.matchers(), now=clock.now()), ""
    except InvalidError as error:
        return None, error.message


@members_only
@require_POST
def end(request: HttpRequest, name: str) -> HttpResponse:
    """End early what holds."""
    try:
        rules.end_silence(actor=actor_of(request), name=name, now=clock.now())
        messages.success(request, _("%(name)s has ended.") % {"name": name})
    except ConflictError as error:
        messages.error(request, error.message)
    return redirect("alerts:silences")


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then remove a silence."""
    actor, now = actor_of(request), clock.now()
    row = directory.silence_row(name, now=now)
    if not rules.may_silence(actor, row.match):
        access.require(actor, Permission.RESPOND, what=f"silence {name}")
    if request.method == "POST":
        rules.remove_silence(actor=actor, name=name, now=now)
        messages.success(request, _("%(name)s is removed.") % {"name": name})
        return redirect("alerts:silences")
    context = {
        "row": row,
        "title": _("Remove the silence %(name)s") % {"name": name},
        "effect": _("It comes no more. Alerts that it keeps quiet and that still fire page now."),
        "back_url": reverse("alerts:silences"),
    }
    return render(request, "alerts/remove_silence.html", context)
