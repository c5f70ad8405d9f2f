"""Making, changing and removing escalation policies; what was filled in is never lost."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.identity import queries as identity
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.domain import drafts, policies
from watchkeeper.oncall.domain.drafts import PolicyDraft
from watchkeeper.oncall.forms import Choices, PolicyForms, typed
from watchkeeper.oncall.queries import PolicyRow, Preview
from watchkeeper.oncall.queries.escalations import target_choices
from watchkeeper.oncall.queries.policy_steps import PolicyShown, shown_of
from watchkeeper.oncall.queries.policy_uses import policy_uses
from watchkeeper.plumbing import hands, yaml_documents
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of

_JUDGED = ("save", "preview")
_MOST_STEPS = 40
"""So many of all rounds are drawn beside the form, which asks with each change."""


@dataclass(frozen=True, slots=True)
class WouldBe:
    """What a policy that is not saved yet would do from now on.

    Attributes:
        shown: Its steps.
        high: What it does about something of high urgency.
        low: The same of low urgency; ``None``: no other.
    """

    shown: PolicyShown
    high: Preview
    low: Preview | None


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make an escalation policy."""
    actor = actor_of(request)
    if not may_add(actor):
        access.require(actor, Permission.EDIT, what="escalation policies")
    return _page(request, None)


def may_add(actor: Actor) -> bool:
    """Return whether ``actor`` may make a policy for some team, or for nobody's."""
    places: list[int | None] = [None, *actor.team_roles]
    return any(access.may(actor, Permission.EDIT, team_id=team) for team in places)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change an escalation policy; one that a file keeps is shown to be taken over."""
    row = _changeable(request, name)
    if row.is_in_file:
        context = {"row": row, "code": yaml_documents.dump([row.document])}
        status = 409 if request.method == "POST" else 200
        return render(request, "oncall/policy_in_file.html", context, status=status)
    return _page(request, row)


def _changeable(request: HttpRequest, name: str) -> PolicyRow:
    row = queries.policy_row(name)
    what = f"escalation policy {name}"
    access.require(actor_of(request), Permission.EDIT, what=what, team_id=row.owner_id)
    return row


def _page(request: HttpRequest, row: PolicyRow | None) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    base = row.document if row is not None else {}
    owners = _owners(actor, row)
    asked = request.POST if request.method == "POST" else None
    act = asked.get("do", "save") if asked is not None else ""
    known = asked.get("known", "") if asked is not None else hands.state_of(base or None)
    draft = typed(asked) if asked is not None else _beginning(row, owners)
    if row is not None:
        draft = replace(draft, name=row.name)
    draft = drafts.done(draft, act)
    data = drafts.document_of(draft, base)
    form = PolicyForms(
        draft, owners=owners, choices=Choices(target_choices()), is_typed=act in _JUDGED
    )
    if act in _JUDGED:
        form.tell(policies.faults(data))
    if act == "save" and not form.errors and _saved(form, data, known=known, actor=actor, now=now):
        _tell_saved(request, draft.name, now)
        return redirect("oncall:policy", name=draft.name)
    context: dict[str, Any] = {
        "row": row,
        "form": form,
        "known": known,
        "is_typed": asked is not None,
    }
    context |= _would(draft, base, now)
    status = 422 if form.errors else 200
    return render(request, "oncall/policy_edit.html", context, status=status)


def _beginning(row: PolicyRow | None, owners: list[tuple[str, str]]) -> PolicyDraft:
    if row is not None:
        return drafts.draft_of(row.document)
    return PolicyDraft(owner=owners[0][0], repeat="1")


def _owners(actor: Actor, row: PolicyRow | None) -> list[tuple[str, str]]:
    """Return the teams that may be chosen: those whose editor it is, and the one that owns it."""
    own = row.owner_name if row is not None else None
    teams = identity.teams()
    found = [
        (team.name, team.title or team.name)
        for team in teams
        if team.name == own or access.may(actor, Permission.EDIT, team_id=team.id)
    ]
    may_without = access.may(actor, Permission.EDIT, team_id=None)
    if may_without or (row is not None and own is None) or not found:
        found.append(("", _("Nobody: admins change it")))
    return found


def _would(draft: PolicyDraft, base: Any, now: dt.datetime) -> dict[str, Any]:
    """Return what a draft would do as ``would``, or as ``fault`` why nobody can tell yet."""
    data = drafts.document_of(replace(draft, name=draft.name or "new"), base)
    for problem in policies.faults(data):
        is_empty = problem.path.endswith(".notify") or drafts.has_bare_room(draft)
        return {"fault": "" if is_empty else problem.detail}
    policy = policies.read(data)
    is_split = any(step.urgency for step in policy.steps)

    def calls(urgency: str) -> Preview:
        return queries.preview_of(policy, urgency, at=now, name=policy.name, most=_MOST_STEPS)

    low = calls("low") if is_split else None
    return {"would": WouldBe(shown_of(policy, now=now), calls("high"), low)}


def _saved(
    form: PolicyForms, data: dict[str, Any], *, known: str, actor: Actor, now: dt.datetime
) -> bool:
    change = saved(
        form.outer,
        lambda: usecases.save_policy(
            actor=actor, document=Document(data), origin=Origin.UI, now=now, known=known
        ),
    )
    return change is not None


def _tell_saved(request: HttpRequest, name: str, now: dt.datetime) -> None:
    messages.success(request, _("Saved. Escalations that begin from now on follow it."))
    many = len(queries.coverage_findings(now=now, only=name))
    if many:
        lacks = ngettext(
            "%(many)d finding of its coverage is below.",
            "%(many)d findings of its coverage are below.",
            many,
        )
        messages.warning(request, lacks % {"many": many})


@members_only
@require_safe
def as_code(request: HttpRequest, name: str) -> HttpResponse:
    """Give a policy as a document, with the addresses that the reader may see."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what=f"escalation policy {name}")
    text = yaml_documents.dump([queries.document_for(actor, queries.policy_row(name))])
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="policy.yaml"'
    return response


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then remove a policy; what names it is told."""
    row = _changeable(request, name)
    if request.method == "POST":
        usecases.remove_policy(
            actor=actor_of(request), name=name, now=clock.now(), origin=Origin.UI
        )
        messages.success(request, _("%(name)s is removed.") % {"name": name})
        return redirect("oncall:policies")
    context = {
        "row": row,
        "title": _("Remove the escalation policy %(name)s") % {"name": name},
        "effect": _("Escalations that began with it go on with it; no other begins with it."),
        "back_url": reverse("oncall:policy", args=[name]),
        "uses": policy_uses(name),
    }
    return render(request, "oncall/policy_remove.html", context)


@members_only
@require_POST
def take_over(request: HttpRequest, name: str) -> HttpResponse:
    """Let a policy that came from a file be changed here."""
    usecases.take_over_policy(actor=actor_of(request), name=name, now=clock.now())
    messages.success(request, _("Taken over. Files no longer rule it; take it out of them."))
    return redirect("oncall:policy", name=name)
