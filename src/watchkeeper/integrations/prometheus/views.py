"""The first run: from the address of a server to living SLOs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from watchkeeper.identity import queries as identity
from watchkeeper.integrations.prometheus import usecases
from watchkeeper.integrations.prometheus.domain import discovery
from watchkeeper.integrations.prometheus.domain.discovery import Proposal
from watchkeeper.integrations.prometheus.forms import FirstSourceForm, OwnerForm
from watchkeeper.integrations.prometheus.usecases import Discovery
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.errors import ConflictError, DependencyError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.slos import queries as slos
from watchkeeper.telemetry import queries as telemetry
from watchkeeper.telemetry import usecases as telemetry_usecases
from watchkeeper.telemetry.domain import sources
from watchkeeper.telemetry.forms import field_of
from watchkeeper.telemetry.queries import SourceNotFoundError, SourceRow
from watchkeeper.ui.domain import numbers

_STEPS = ("Source", "Services", "Owners", "Done")


@dataclass(frozen=True, slots=True)
class Offer:
    """A service that the server shows, and the SLOs that it could have.

    Attributes:
        service: Its name.
        proposals: Its SLOs.
        objectives: Each in words.
        why: What the targets rest on.
        is_kept: Whether all of them are there already.
        is_ticked: Whether it is ticked.
    """

    service: str
    proposals: Sequence[Proposal]
    objectives: Sequence[str]
    why: Sequence[str]
    is_kept: bool
    is_ticked: bool

    @property
    def count(self) -> int:
        """How many SLOs it would get."""
        return len(self.proposals)


def _steps(current: int) -> list[tuple[str, str]]:
    return [
        (_(word), "past" if place < current else "cur" if place == current else "")
        for place, word in enumerate(_STEPS)
    ]


@members_only
@require_http_methods(METHODS)
def first_run(request: HttpRequest) -> HttpResponse:
    """Ask for a server, try it, keep it."""
    actor = actor_of(request)
    access.require(actor, Permission.ADMINISTER, what="sources")
    form = FirstSourceForm(request.POST if request.method == "POST" else None)
    refused = ""
    if form.is_bound and form.is_valid():
        try:
            name = saved(form, lambda: _kept(request, form), field_of=field_of)
        except DependencyError as error:
            refused = error.message
        else:
            if name is not None:
                return redirect("prometheus:services", name=name)
    context = {
        "form": form,
        "refused": refused,
        "steps": _steps(0),
        "known": [row for row in telemetry.sources() if row.kind == sources.PROMETHEUS],
    }
    status = 422 if form.errors else 200
    return render(request, "prometheus/first_source.html", context, status=status)


def _kept(request: HttpRequest, form: FirstSourceForm) -> str:
    """Try the server that was typed, and store it if it answers; return its name."""
    actor, definition = actor_of(request), form.definition()
    telemetry_usecases.try_source(actor=actor, definition=definition)
    telemetry_usecases.save_source(
        actor=actor, definition=definition, origin=Origin.UI, now=clock.now(), must_be_new=True
    )
    return definition.name


@members_only
@require_safe
def services(request: HttpRequest, name: str) -> HttpResponse:
    """Show the services that a server holds metrics of, to be ticked."""
    access.require(actor_of(request), Permission.ADMINISTER, what=f"source {name}")
    row = _found(name)
    context: dict[str, object] = {"row": row, "steps": _steps(1)}
    try:
        found = usecases.discover_stored(source_id=row.id, now=clock.now())
    except (DependencyError, InvalidError) as error:
        context["refused"] = error.message
        return render(request, "prometheus/first_services.html", context, status=502)
    offers = _offers(found.proposals)
    context |= {
        "found": found,
        "offers": offers,
        "ticked": sum(offer.is_ticked for offer in offers),
        "ticked_slos": sum(offer.count for offer in offers if offer.is_ticked),
    }
    return render(request, "prometheus/first_services.html", context)


def _offers(proposals: Iterable[Proposal]) -> list[Offer]:
    held = {row.name for row in slos.slo_rows()}
    by_service: dict[str, list[Proposal]] = {}
    for proposal in proposals:
        by_service.setdefault(proposal.service, []).append(proposal)
    offers = []
    for service, own in sorted(by_service.items()):
        is_kept = all(each.name in held for each in own)
        offers.append(
            Offer(
                service=service,
                proposals=own,
                objectives=[_objective(each) for each in own],
                why=[each.sentences[-1] for each in own],
                is_kept=is_kept,
                is_ticked=discovery.is_kept_well(own) and not is_kept,
            )
        )
    return offers


def _objective(proposal: Proposal) -> str:
    words = proposal.title.removeprefix(proposal.service).strip(" :,")
    return f"{numbers.objective(float(proposal.target))} {words}"


@members_only
@require_http_methods(METHODS)
def owners(request: HttpRequest, name: str) -> HttpResponse:
    """Ask who owns what was ticked, then make the SLOs."""
    actor = actor_of(request)
    access.require(actor, Permission.ADMINISTER, what=f"source {name}")
    row = _found(name)
    asked = list(dict.fromkeys(request.POST.getlist("service")))
    if request.method != "POST":
        return redirect("prometheus:services", name=name)
    if not asked:
        messages.error(request, _("Tick at least one service."))
        return redirect("prometheus:services", name=name)
    teams = [(team.name, team.title or team.name) for team in identity.teams()]
    is_sent = request.POST.get("act") == "protect" or not teams
    data = request.POST if request.POST.get("act") == "protect" else None
    form = OwnerForm(
        data if data is not None else ({} if is_sent else None),
        services=asked,
        teams=teams,
        owned=usecases.owners_of(asked),
    )
    if is_sent and form.is_valid():
        answer = _protect(request, row, asked, form)
        if answer is not None:
            return answer
    context = {"row": row, "services": asked, "form": form, "steps": _steps(2)}
    status = 422 if form.errors else 200
    return render(request, "prometheus/first_owners.html", context, status=status)


def _protect(
    request: HttpRequest, row: SourceRow, asked: Sequence[str], form: OwnerForm
) -> HttpResponse | None:
    """Make the SLOs; what stands in the way is said on the form."""
    try:
        usecases.protect(
            actor=actor_of(request),
            source_id=row.id,
            source=row.name,
            services=asked,
            owners=form.owners(),
            now=clock.now(),
        )
    except InvalidError as error:
        for problem in error.problems:
            form.add_error(None, problem.detail)
        if not error.problems:
            form.add_error(None, error.message)
    except (ConflictError, DependencyError) as error:
        form.add_error(None, error.message)
    else:
        return redirect("prometheus:done", name=row.name)
    return None


@members_only
@require_safe
def done(request: HttpRequest, name: str) -> HttpResponse:
    """Say what was made, and how far its history is read."""
    access.require(actor_of(request), Permission.READ, what=f"source {name}")
    row = _found(name)
    slis = telemetry.slis([sli for _, sli in telemetry.slis_of_source(row.id)])
    context = {
        "row": row,
        "steps": _steps(3),
        "measured": sum(sli.first_minute is not None for sli in slis),
        "slis": len(slis),
        "waiting_days": -(-row.backfill_minutes // 1440),
    }
    return render(request, "prometheus/first_done.html", context)


@members_only
@require_safe
def as_code(request: HttpRequest, name: str) -> HttpResponse:
    """Give everything that is proposed as OpenSLO, for those who rather keep files."""
    access.require(actor_of(request), Permission.ADMINISTER, what=f"source {name}")
    row = _found(name)
    found: Discovery = usecases.discover_stored(source_id=row.id, now=clock.now())
    documents: Sequence[Mapping[str, object]] = usecases.documents_of(found, source=row.name)
    text = yaml_documents.dump(documents)
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="slos.yaml"'
    return response


def _found(name: str) -> SourceRow:
    row = telemetry.source_by_name(name)
    if row is None or row.kind != sources.PROMETHEUS:
        raise SourceNotFoundError(f"There is no Prometheus source named {name[:253]}")
    return row
