"""Pages of integrations: who sends, how each fares, how it is set up."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.alerts.domain import documents
from watchkeeper.alerts.domain.documents import IntegrationSpec
from watchkeeper.alerts.forms.senders import (
    KIND_WORDS,
    SETTINGS,
    ChangeIntegrationForm,
    IntegrationForm,
)
from watchkeeper.alerts.queries import alerts, integrations
from watchkeeper.alerts.queries.integrations import IntegrationRow
from watchkeeper.alerts.usecases import doors
from watchkeeper.alerts.usecases import integrations as usecases
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import ConfirmationNeededError, Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, ForbiddenError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.hands import state_of
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of

_FIELDS = {"spec.dedupScope": "scope"}
_QUARANTINED = "quarantined"
_ADDRESS, _KEY = "<address>", "<key>"


@dataclass(frozen=True, slots=True)
class Line:
    """An integration with what is true of it now.

    Attributes:
        row: The integration.
        kind: Its kind in words.
        look: Look of its state.
        words: Its state in words.
        verdicts: How many events of the last 24 hours had which verdict, the most first.
        total: How many events there were.
        quarantined: How many of them could not be read.
    """

    row: IntegrationRow
    kind: str
    look: str
    words: str
    verdicts: tuple[tuple[str, int], ...]
    total: int
    quarantined: int


@members_only
@require_safe
def integration_list(request: HttpRequest) -> HttpResponse:
    """Show who sends, and how each fares."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what="integrations")
    told = integrations.verdicts_since(clock.now() - integrations.LATELY)
    rows = integrations.integration_rows()
    lines = [_line(row, told.get(row.name, {})) for row in rows]
    context = {
        "lines": lines,
        "missed": [line for line in lines if line.look == "crit"],
        "quarantined": sum(counts.get(_QUARANTINED, 0) for counts in told.values()),
        "may_make": may_edit_some(actor),
    }
    return render(request, "alerts/integrations.html", context)


def may_edit_some(actor: Actor) -> bool:
    """Return whether ``actor`` may change something of some team."""
    places: list[int | None] = [None, *actor.team_roles]
    return any(access.may(actor, Permission.EDIT, team_id=team) for team in places)


def _line(row: IntegrationRow, counts: Mapping[str, int]) -> Line:
    quarantined = counts.get(_QUARANTINED, 0)
    if row.kind == "heartbeat" and row.due_at is None:
        look, words = "crit", _("Not heard of")
    elif quarantined:
        look, words = "watch", _("Some cannot be read")
    elif row.last_post_at is None:
        look, words = "few", _("Nothing came yet")
    else:
        look, words = "ok", _("Receives")
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    kind = KIND_WORDS.get(row.kind, row.kind)
    return Line(row, kind, look, words, tuple(ordered), sum(counts.values()), quarantined)


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make an integration; its key is shown on its own page, to who proves who they are."""
    actor = actor_of(request)
    if not may_edit_some(actor):
        access.require(actor, Permission.EDIT, what="integrations")
    asked = request.POST if request.method == "POST" else None
    form = IntegrationForm(asked, kinds=doors.kinds())
    if form.is_bound and form.is_valid():
        made = saved(
            form,
            lambda: usecases.create_integration(
                actor=actor, spec=_spec(form), now=clock.now(), origin=Origin.UI
            ),
            field_of=lambda path: path.removeprefix("spec."),
        )
        if made is not None:
            messages.success(request, _("Made. What to paste at the sender stands below."))
            return redirect("alerts:integration", name=made.name)
    status = 422 if form.is_bound else 200
    return render(request, "alerts/integration_new.html", {"form": form}, status=status)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change what an integration assumes; its name, kind and key stay."""
    _require_edit(request, name)
    row = integrations.row_of(name)
    if row.origin == Origin.FILE.value:
        where = {"name": name, "file": row.file or _("a file")}
        messages.error(request, _("%(name)s is kept in %(file)s; change it there.") % where)
        return redirect("alerts:integration", name=name)
    stored = integrations.spec_of(row)
    asked = request.POST if request.method == "POST" else None
    form = ChangeIntegrationForm(asked, stored=stored, known=state_of(documents.write(stored)))
    if form.is_valid() and _changed(request, form):
        messages.success(request, _("Saved. Events that come from now on are read by it."))
        return redirect("alerts:integration", name=name)
    status = 422 if form.errors else 200
    context = {"form": form, "name": name}
    return render(request, "alerts/integration_edit.html", context, status=status)


def _changed(request: HttpRequest, form: ChangeIntegrationForm) -> bool:
    try:
        change = saved(
            form,
            lambda: usecases.save_integration(
                actor=actor_of(request),
                spec=form.spec(),
                origin=Origin.UI,
                now=clock.now(),
                known=form.cleaned_data["known"],
            ),
            field_of=lambda path: _FIELDS.get(path, path.removeprefix("spec.")),
        )
    except ForbiddenError:
        form.add_error("service", _("Only who may edit what that service's team owns can say so."))
        return False
    return change is not None


def _spec(form: IntegrationForm) -> IntegrationSpec:
    chosen = form.cleaned_data
    lengths = {name: chosen[name].strip() for name in SETTINGS}
    return IntegrationSpec(
        name=chosen["name"].strip(),
        kind=chosen["kind"],
        service=chosen["service"].strip(),
        settings={name: length for name, length in lengths.items() if length},
    )


@members_only
@require_safe
def integration(request: HttpRequest, name: str) -> HttpResponse:
    """Show one integration: how it fares, and how its sender is set up."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what=f"integration {name}")
    return _page(request, name, address=_ADDRESS, key=_KEY, shows=False)


@members_only
@require_POST
def show_key(request: HttpRequest, name: str) -> HttpResponse:
    """Show the same page with address and key filled in, to who proves who they are."""
    actor = actor_of(request)
    try:
        opened = usecases.reveal(actor=actor, name=name, now=clock.now())
    except ConfirmationNeededError as error:
        messages.error(request, error.message)
        return _page(request, name, address=_ADDRESS, key=_KEY, shows=False, status=403)
    address = doors.address_of(opened.kind, opened.key)
    answer = _page(request, name, address=address, key=opened.key, shows=True)
    answer["Cache-Control"] = "no-store"
    return answer


def _page(
    request: HttpRequest, name: str, *, address: str, key: str, shows: bool, status: int = 200
) -> HttpResponse:
    row = integrations.integration_row(name)
    counts = integrations.verdicts_since(clock.now() - integrations.LATELY, name=name).get(
        name, {}
    )
    team = alerts.team_of(row.service)
    may_edit = access.may(actor_of(request), Permission.EDIT, team_id=team)
    spec = integrations.spec_of(integrations.row_of(name))
    key_in_address = doors.address_of(row.kind, _KEY) != doors.address_of(row.kind, "")
    context = {
        "line": _line(row, counts),
        "row": row,
        "snippets": doors.snippets_of(row.kind, address=address, key=key),
        "address": address,
        "key": key,
        "shows": shows,
        "needs_key": not key_in_address,
        "may_edit": may_edit,
        "is_in_file": row.origin == Origin.FILE.value,
        "rotates": may_edit and not spec.key,
        "code": yaml_documents.dump([documents.write(spec)]),
    }
    return render(request, "alerts/integration.html", context, status=status)


@members_only
@require_http_methods(METHODS)
def rotate(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then make a new key."""
    _require_edit(request, name)
    if request.method == "POST":
        usecases.rotate_key(actor=actor_of(request), name=name, now=clock.now())
        messages.success(request, _("The key is new; the one before it is good for a day longer."))
        return redirect("alerts:integration", name=name)
    return render(request, "alerts/integration_rotate.html", {"name": name})


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then remove an integration."""
    _require_edit(request, name)
    if request.method == "POST":
        try:
            usecases.remove_integration(
                actor=actor_of(request), name=name, now=clock.now(), origin=Origin.UI
            )
        except ConflictError as error:
            messages.error(request, error.message)
            return redirect("alerts:integration", name=name)
        messages.success(request, _("%(name)s is removed.") % {"name": name})
        return redirect("alerts:integrations")
    return render(request, "alerts/integration_remove.html", {"name": name})


def _require_edit(request: HttpRequest, name: str) -> None:
    row = integrations.integration_row(name)
    team = alerts.team_of(row.service)
    access.require(actor_of(request), Permission.EDIT, what=f"integration {name}", team_id=team)
