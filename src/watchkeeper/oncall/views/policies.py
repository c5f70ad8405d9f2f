"""Pages of escalation policies: all of them, and one with whom each step would find now."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.queries import PolicyRow
from watchkeeper.oncall.queries.policy_steps import PolicyShown, policies_shown, policy_shown
from watchkeeper.oncall.queries.policy_uses import policy_uses
from watchkeeper.oncall.views.policy_editing import may_add
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of

_MOST_FINDINGS = 20


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A policy as a list shows it."""

    row: PolicyRow
    shown: PolicyShown


@members_only
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """Show all policies and whom their first steps would find now."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what="escalation policies")
    shown = policies_shown(now=clock.now())
    lines = [PolicyLine(row, shown[row.name]) for row in queries.policy_rows()]
    empty = sum(line.shown.finds_nobody for line in lines)
    context = {"lines": lines, "empty": empty, "may_add": may_add(actor)}
    return render(request, "oncall/policies.html", context)


@members_only
@require_safe
def policy(request: HttpRequest, name: str) -> HttpResponse:
    """Show one policy: its steps along time, its next 90 days, and it as code."""
    access.require(actor_of(request), Permission.READ, what=f"escalation policy {name}")
    now, row = clock.now(), queries.policy_row(name)
    found = queries.coverage_findings(now=now, only=name)
    actor = actor_of(request)
    context = {
        "row": row,
        "shown": policy_shown(name, now=now),
        "rooms": queries.rooms_of(row, actor=actor),
        "may_edit": access.may(actor, Permission.EDIT, team_id=row.owner_id),
        "preview": queries.preview(name, "high", at=now),
        "findings": found[:_MOST_FINDINGS],
        "many_findings": len(found),
        "days": queries.COVERAGE_DAYS,
        "code": yaml_documents.dump([queries.document_for(actor, row)]),
        "uses": policy_uses(name),
    }
    return render(request, "oncall/policy.html", context)


@members_only
@require_POST
def try_room(request: HttpRequest, name: str, room: str) -> HttpResponse:
    """Tell a room that nothing is wrong."""
    try:
        usecases.try_room(actor=actor_of(request), policy=name, room=room, now=clock.now())
        messages.success(request, _("A test is on its way; Deliveries tell what came of it."))
    except InvalidError as error:
        messages.error(request, error.message)
    return redirect("oncall:policy", name=name)


@members_only
@require_POST
def room_secret(request: HttpRequest, name: str, room: str) -> HttpResponse:
    """Make the secret of a policy's webhook anew and show it, this once."""
    secret = usecases.remake_room_secret(
        actor=actor_of(request), policy=name, room=room, now=clock.now()
    )
    context = {"row": queries.policy_row(name), "secret": secret}
    return render(request, "oncall/room_secret.html", context)
