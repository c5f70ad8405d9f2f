"""Pages of sources."""

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.telemetry import queries, usecases
from watchkeeper.telemetry.domain import sources
from watchkeeper.telemetry.domain.load import Load
from watchkeeper.telemetry.domain.sources import Condition
from watchkeeper.telemetry.forms import SourceForm, field_of
from watchkeeper.telemetry.queries import Coverage, SourceNotFoundError, SourceRow
from watchkeeper.telemetry.usecases import SourceCheck
from watchkeeper.telemetry.views import coverage_chart
from watchkeeper.ui.context import own_zone_of, shared_address, zone_of
from watchkeeper.ui.domain import numbers, ranges, times

_SHOWN_SLIS = 200
_SHOWN_FINDINGS = 20
_STATES = {
    Condition.NOT_ASKED: ("few", "Not asked yet"),
    Condition.LATE: ("watch", "Late"),
    Condition.ANSWERS: ("ok", "Answers"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A source with what is true of it now.

    Attributes:
        row: The source; ``None``: what is pushed.
        look: Look of its state.
        words: Its state in words.
        lag: How far it is behind.
        coverage: Of the last day.
        sli_count: SLIs that it measures.
    """

    row: SourceRow | None
    look: str
    words: str
    lag: dt.timedelta | None
    coverage: Coverage
    sli_count: int

    @property
    def behind(self) -> str:
        """How far it is behind, in words; empty: unknown."""
        return times.duration(self.lag) if self.lag is not None else ""

    @property
    def covered(self) -> str:
        """Coverage in words; empty: unknown."""
        return "" if self.coverage.share is None else numbers.ratio(self.coverage.share)


@members_only
@require_safe
def source_list(request: HttpRequest) -> HttpResponse:
    """Show where minutes come from, and how each source fares."""
    actor, now = actor_of(request), clock.now()
    access.require(actor, Permission.READ, what="sources")
    rows = queries.sources()
    zone = zone_of(request)
    lines = [_line(row, now=now, zone=zone) for row in rows]
    pushed = queries.pushed()
    if pushed.sli_count:
        lines.append(_pushed_line(pushed, now=now))
    context = {
        "lines": lines,
        "silent": [line for line in lines if line.row and line.row.silent_since_at],
        "asked": [line for line in lines if line.row],
        "findings": queries.findings(limit=_SHOWN_FINDINGS),
        "may_change": access.may(actor, Permission.ADMINISTER),
    }
    return render(request, "telemetry/sources.html", context)


def _line(row: SourceRow, *, now: dt.datetime, zone: times.Zone) -> Line:
    look, words = _state(row, now=now, zone=zone)
    coverage = queries.coverage_of_source(row.id, now=now)
    return Line(row, look, words, row.lag(now), coverage, row.sli_count)


def _pushed_line(pushed: queries.PushedRow, *, now: dt.datetime) -> Line:
    lag = pushed.lag(now)
    if lag is None:
        look, words = "few", _("Nothing came yet")
    elif lag > sources.LATE:
        look, words = "watch", _("Late")
    else:
        look, words = "ok", _("Receives")
    return Line(
        None, look, words, lag, queries.coverage_of_source(None, now=now), pushed.sli_count
    )


def _state(row: SourceRow, *, now: dt.datetime, zone: times.Zone) -> tuple[str, str]:
    """Return the look of a source's state, and its words."""
    found = sources.condition(
        is_silent=row.silent_since_at is not None,
        has_answered=row.last_ok_at is not None,
        lag=row.lag(now),
        measures=row.sli_count > 0,
    )
    if found is Condition.SILENT:
        since = times.short(row.silent_since_at, now=now, zone=zone)
        return "nodata", _("Silent since %(when)s") % {"when": since}
    look, words = _STATES[found]
    return look, _(words)


@members_only
@require_safe
def source(request: HttpRequest, name: str) -> HttpResponse:
    """Show one source: how it fares, how it is reached, what it measures."""
    actor, now = actor_of(request), clock.now()
    access.require(actor, Permission.READ, what=f"source {name}")
    row = _found(name)
    shared = shared_address(request)
    if shared:
        return redirect(shared)
    zone = zone_of(request)
    look, words = _state(row, now=now, zone=zone)
    shown = coverage_chart.chosen(request.GET.dict(), now=now, zone=zone)
    over_time = queries.coverage_over_time(row.id, start=shown.start, end=shown.end, now=now)
    slis = queries.slis_of_source(row.id)
    lag = row.lag(now)
    context = {
        "look": look,
        "state_words": words,
        "behind": times.duration(lag) if lag is not None else "",
        "row": row,
        "shown": shown,
        "over_time": over_time,
        "chart": coverage_chart.chart(over_time, shown, zone=zone),
        "ranges": coverage_chart.OFFERED,
        "choice": ranges.form(shown, zone=zone, own=own_zone_of(request)),
        "login": _login(row),
        "slis": queries.slis([sli for _, sli in slis[:_SHOWN_SLIS]]),
        "more": max(len(slis) - _SHOWN_SLIS, 0),
        "findings": queries.findings(source_id=row.id, limit=_SHOWN_FINDINGS),
        "waiting_days": -(-row.backfill_minutes // 1440),
        "load": _load(row.load),
        "code": yaml_documents.dump(queries.source_documents(name)),
        "may_change": access.may(actor, Permission.ADMINISTER),
        "is_askable": row.kind == sources.PROMETHEUS,
    }
    return render(request, "telemetry/source.html", context)


def _load(load: Load) -> str:
    """Return what asking a source cost in words; empty where it was not asked."""
    if load.mean_seconds is None:
        return ""
    words = {
        "requests": numbers.count(load.requests),
        "mean": f"{load.mean_seconds:.3f}",
        "slowest": f"{load.slowest_seconds:.2f}",
        "failed": numbers.count(load.failures),
    }
    return (
        _("%(requests)s requests, %(mean)s s each, the slowest %(slowest)s s, %(failed)s failed")
        % words
    )


def _login(row: SourceRow) -> str:
    """Return how a source is signed in to, in words."""
    held = {*row.secrets, *row.settings}
    if "bearerToken" in held:
        return _("a bearer token")
    if "username" in held:
        return _("user %(name)s and a password") % {"name": row.settings.get("username")}
    return _("nothing")


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Add a source; it may be tried before it is kept."""
    access.require(actor_of(request), Permission.ADMINISTER, what="sources")
    return _form_page(request, None)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a source; one that a file keeps is shown to be taken over."""
    access.require(actor_of(request), Permission.ADMINISTER, what=f"source {name}")
    row = _found(name)
    if row.kind != sources.PROMETHEUS:
        raise InvalidError(f"Source {name} is of kind {row.kind}; it is changed in its file")
    is_taken = request.method == "POST" and request.POST.get("take_over") == "yes"
    if row.origin == Origin.FILE.value and not is_taken and "take-over" not in request.GET:
        return render(request, "telemetry/source_in_file.html", {"row": row})
    return _form_page(request, row)


def _form_page(request: HttpRequest, row: SourceRow | None) -> HttpResponse:
    form = SourceForm(request.POST if request.method == "POST" else None, stored=row)
    checked: SourceCheck | None = None
    refused = ""
    if form.is_bound and form.is_valid():
        if request.POST.get("act") == "try":
            try:
                checked = saved(form, lambda: _tried(request, form), field_of=field_of)
            except DependencyError as error:
                refused = error.message
        else:
            name = saved(form, lambda: _kept(request, form, row), field_of=field_of)
            if name is not None:
                messages.success(request, _("Saved."))
                return redirect("telemetry:source", name=name)
    context = {
        "form": form,
        "row": row,
        "checked": checked,
        "refused": refused,
        "takes_over": row is not None and row.origin == Origin.FILE.value,
    }
    status = 422 if form.errors else 200
    return render(request, "telemetry/source_form.html", context, status=status)


def _tried(request: HttpRequest, form: SourceForm) -> SourceCheck:
    return usecases.try_source(actor=actor_of(request), definition=form.definition())


def _kept(request: HttpRequest, form: SourceForm, row: SourceRow | None) -> str:
    definition = form.definition()
    usecases.save_source(
        actor=actor_of(request),
        definition=definition,
        origin=Origin.UI,
        now=clock.now(),
        take_over=row is not None,
        must_be_new=row is None,
    )
    return definition.name


@members_only
@require_POST
def check(request: HttpRequest, name: str) -> HttpResponse:
    """Ask a source what it is, now."""
    try:
        told = usecases.check_source(actor=actor_of(request), name=name, now=clock.now())
    except (DependencyError, InvalidError) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("It answers: %(about)s.") % {"about": told.about})
    return redirect("telemetry:source", name=name)


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then remove a source."""
    access.require(actor_of(request), Permission.ADMINISTER, what=f"source {name}")
    row = _found(name)
    if request.method == "POST":
        usecases.remove_source(
            actor=actor_of(request), name=name, now=clock.now(), origin=Origin.UI
        )
        messages.success(request, _("%(name)s is removed.") % {"name": name})
        return redirect("telemetry:sources")
    using = queries.slis_of_source(row.id)
    return render(request, "telemetry/source_remove.html", {"row": row, "using": len(using)})


@members_only
@require_safe
def as_code(request: HttpRequest, name: str) -> HttpResponse:
    """Give a source as an OpenSLO DataSource; secrets are not in it."""
    del request
    _found(name)
    text = yaml_documents.dump(queries.source_documents(name))
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="datasource.yaml"'
    return response


def _found(name: str) -> SourceRow:
    row = queries.source_by_name(name)
    if row is None:
        raise SourceNotFoundError(f"There is no source named {name[:253]}")
    return row
