"""Pages of services."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.catalog import queries, usecases
from watchkeeper.catalog.domain.services import TIER_WORDS, TIERS
from watchkeeper.catalog.forms import ServiceForm, initial_of
from watchkeeper.catalog.queries import ServiceRow
from watchkeeper.catalog.views import shared
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import panels, yaml_documents
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of

GROUPS = ("team", "tier", "none")
PAGE = 200
_FILTERS = ("q", "team", "tier", "journey")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A service in the list."""

    row: ServiceRow
    owner: str
    status: str | None
    needs: int
    findings: int


@dataclass(frozen=True, slots=True)
class Group:
    """Services under one word; no word where all stand together."""

    label: str
    note: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Link:
    """A line about a service; ``url`` is empty where its text leads nowhere."""

    label: str
    text: str
    url: str


@members_only
@require_safe
def service_list(request: HttpRequest) -> HttpResponse:
    """Show services, filtered and grouped by the address."""
    asked = {name: request.GET.get(name, "").strip()[:_LONGEST] for name in _FILTERS}
    found = _asked_for(asked)
    is_filtered = any(asked.values())
    words = shared.team_words()
    group = request.GET.get("group", "team")
    wrong = queries.findings()
    group = group if group in GROUPS else "team"
    place = _place(request)
    shown = _ordered(found, words, group)[place : place + PAGE]
    lines = _lines_of(shown, words, Counter(name for f in wrong for name in f.services))
    context = {
        "asked": asked,
        "is_filtered": is_filtered,
        "groups": _grouped(lines, group),
        "group": group,
        "shown": len(shown),
        "total": len(queries.services()) if is_filtered else len(found),
        "next_place": place + PAGE if place + PAGE < len(found) else "",
        "teams": shared.teams(),
        "tiers": [str(tier) for tier in TIERS],
        "journeys": queries.journeys(),
        "findings": len(wrong),
        "has_states": queries.watch() is not None,
        "may_edit": shared.edits_somewhere(request),
    }
    return render(request, "catalog/services.html", context)


def _place(request: HttpRequest) -> int:
    """Return how many services stand before the first that is shown."""
    text = request.GET.get("from", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0


def _ordered(
    found: Sequence[ServiceRow], words: Mapping[str, str], group: str
) -> Sequence[ServiceRow]:
    """Return services in the order of their groups, then by name."""
    if group == "team":
        return sorted(found, key=lambda row: _owner_key(_owner_words(row, words)))
    if group == "tier":
        return sorted(found, key=lambda row: len(TIERS) if row.tier is None else row.tier)
    return found


def _owner_words(row: ServiceRow, words: Mapping[str, str]) -> str:
    return words.get(row.owner_name or "", row.owner_name or "")


def _owner_key(owner: str) -> tuple[bool, str]:
    return owner == "", owner.lower()


def _asked_for(asked: Mapping[str, str]) -> list[ServiceRow]:
    return queries.services(
        owner=("" if asked["team"] == "-" else asked["team"]) if asked["team"] else None,
        tier=int(asked["tier"]) if asked["tier"] in {str(tier) for tier in TIERS} else None,
        journey=asked["journey"] or None,
        text=asked["q"] or None,
    )


def _lines_of(
    found: Sequence[ServiceRow], words: Mapping[str, str], wrong: Mapping[str, int]
) -> list[Line]:
    watching = queries.watch()
    states = watching.states([row.name for row in found]) if watching is not None else {}
    return [
        Line(
            row=row,
            owner=_owner_words(row, words),
            status=states.get(row.name),
            needs=len(row.hard) + len(row.soft),
            findings=wrong.get(row.name, 0),
        )
        for row in found
    ]


def _grouped(lines: Sequence[Line], group: str) -> list[Group]:
    if group == "none":
        return [Group("", "", lines)] if lines else []
    if group == "tier":
        order: list[int | None] = [*TIERS, None]
        return [
            Group(
                _("Tier not known") if tier is None else _("Tier %(tier)s") % {"tier": tier},
                "" if tier is None else TIER_WORDS[tier],
                held,
            )
            for tier in order
            for held in [[line for line in lines if line.row.tier == tier]]
            if held
        ]
    owners = sorted({line.owner for line in lines}, key=_owner_key)
    return [
        Group(owner or _("Nobody"), "", [line for line in lines if line.owner == owner])
        for owner in owners
    ]


@members_only
@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """Show all that is wrong with the catalogue."""
    found = queries.findings()
    context = {"findings": found[:PAGE], "total": len(found)}
    return render(request, "catalog/findings.html", context)


@members_only
@require_safe
def service(request: HttpRequest, name: str) -> HttpResponse:
    """Show a service and what hangs on it."""
    detail = queries.service_detail(name)
    if detail is None:
        raise usecases.ServiceNotFoundError(f"There is no service {name}")
    actor, row = actor_of(request), detail.row
    watching = queries.watch()
    around = [name, *(end.target for end in (*detail.needs, *detail.needed_by))]
    context = {
        "detail": detail,
        "row": row,
        "owner": shared.team_words().get(row.owner_name or "", row.owner_name),
        "words": shared.team_words(),
        "tier_words": TIER_WORDS[row.tier] if row.tier is not None else "",
        "links": _links(row),
        "states": watching.states(around) if watching is not None else None,
        "panels": panels.shown(queries.panels(), name, actor=actor, now=clock.now()),
        "code": yaml_documents.dump([detail.document]),
        "may_edit": access.may(actor, Permission.EDIT, team_id=row.owner_id),
    }
    return render(request, "catalog/service.html", context)


def _links(row: ServiceRow) -> list[Link]:
    held = (
        (_("On call"), row.on_call_url),
        (_("Runbook"), row.runbook_url),
        (_("Repository"), row.repository_url),
        (_("Chat"), row.chat_channel),
    )
    return [Link(label, _short(text), _safe(text)) for label, text in held]


def _safe(text: str) -> str:
    """Return ``text`` if a browser may be sent there; anything else is shown and no link."""
    return text if text.lower().startswith(("https://", "http://")) else ""


def _short(text: str) -> str:
    return text.removeprefix("https://").removeprefix("http://").removeprefix("github.com/")


@members_only
@require_safe
def as_code(request: HttpRequest, name: str) -> HttpResponse:
    """Give a service as a Backstage Component."""
    del request
    document = queries.service_document(name)
    if document is None:
        raise usecases.ServiceNotFoundError(f"There is no service {name}")
    return shared.yaml_file(document, "catalog-info.yaml")


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make a service."""
    shared.require_some_edit(request, "services")
    return _form_page(request, None)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a service; one that a file keeps is shown to be taken over."""
    row = _found(name)
    what = f"service {name}"
    access.require(actor_of(request), Permission.EDIT, what=what, team_id=row.owner_id)
    if row.is_in_file and queries.entity_document("Component", name) is not None:
        context = {
            "name": name,
            "file": row.file,
            "back_url": reverse("catalog:service", args=[name]),
            "take_over_url": reverse("catalog:take_over_service", args=[name]),
        }
        return render(request, "catalog/kept_in_file.html", context)
    return _form_page(request, row)


def _found(name: str) -> ServiceRow:
    row = queries.service_by_name(name)
    if row is None:
        raise usecases.ServiceNotFoundError(f"There is no service {name}")
    return row


def _form_page(request: HttpRequest, row: ServiceRow | None) -> HttpResponse:
    asked = request.POST if request.method == "POST" else None
    initial = initial_of(queries.spec_of(row)) if row is not None else {}
    form = ServiceForm(asked, teams=shared.teams(), is_new=row is None, initial=initial)
    if form.is_valid():
        spec = form.spec(row.name if row is not None else "")
        if row is None and queries.service_by_name(spec.name) is not None:
            form.add_error("name", _("There is a service of that name already."))
        elif saved(
            form,
            lambda: usecases.save_service(
                actor=actor_of(request), spec=spec, origin=Origin.UI, now=clock.now()
            ),
            field_of=shared.field_of,
        ):
            messages.success(request, _("Saved."))
            return redirect("catalog:service", name=spec.name)
    context = {"form": form, "row": row, "names": [each.name for each in queries.services()]}
    return render(
        request, "catalog/service_form.html", context, status=422 if form.errors else 200
    )


@members_only
@require_POST
def take_over(request: HttpRequest, name: str) -> HttpResponse:
    """Let a service that came from a file be changed here."""
    usecases.take_over_service(actor=actor_of(request), name=name, now=clock.now())
    messages.success(request, _("Taken over. Files no longer rule it; take it out of them."))
    return redirect("catalog:edit_service", name=name)


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then remove a service."""
    row = _found(name)
    what = f"service {name}"
    access.require(actor_of(request), Permission.EDIT, what=what, team_id=row.owner_id)
    if request.method == "POST":
        usecases.remove_service(actor=actor_of(request), name=name, now=clock.now())
        messages.success(request, _("%(name)s is removed.") % {"name": name})
        return redirect("catalog:services")
    watching = queries.watch()
    context = {
        "name": name,
        "title": _("Remove the service %(name)s") % {"name": name},
        "effect": _effect(name),
        "uses": watching.uses(name) if watching is not None else "",
        "back_url": reverse("catalog:service", args=[name]),
        "trail": [(_("Services"), reverse("catalog:services"))],
    }
    return render(request, "catalog/remove.html", context)


def _effect(name: str) -> str:
    users = queries.needed_by(name)
    journeys = [path.name for path in queries.journeys() if name in path.services]
    parts = []
    if users:
        parts.append(_("%(names)s still name it as a dependency") % {"names": ", ".join(users)})
    if journeys:
        parts.append(_("the journeys %(names)s still name it") % {"names": ", ".join(journeys)})
    words = "; ".join(parts) or _("nothing names it")
    return f"{words[0].upper()}{words[1:]}."
