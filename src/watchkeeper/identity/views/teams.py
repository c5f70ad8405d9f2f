"""Pages of teams."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.identity import queries, usecases
from watchkeeper.identity.forms import MemberForm, TeamForm
from watchkeeper.identity.queries import TeamRow
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import panels
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of


@members_only
@require_safe
def team_list(request: HttpRequest) -> HttpResponse:
    """Show all teams; one's own first."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what="teams")
    teams = sorted(queries.teams(), key=lambda team: (team.id not in actor.team_roles, team.name))
    context = {
        "teams": teams,
        "own": set(actor.team_roles),
        "empty": sum(team.member_count == 0 for team in teams),
        "may_add": access.may(actor, Permission.EDIT),
    }
    return render(request, "identity/teams.html", context)


@members_only
@require_safe
def team(request: HttpRequest, name: str) -> HttpResponse:
    """Show a team: who is in it, and what it owns."""
    access.require(actor_of(request), Permission.READ, what=f"team {name}")
    return _page(request, _found(name), None)


def _page(request: HttpRequest, row: TeamRow, form: MemberForm | None) -> HttpResponse:
    actor = actor_of(request)
    may_manage = access.may(actor, Permission.MANAGE, team_id=row.id)
    context = {
        "row": row,
        "members": queries.members(row.name),
        "form": form or _member_form(),
        "may_manage": may_manage,
        "may_change": may_manage and row.origin != Origin.FILE.value,
        "panels": panels.shown(queries.panels(), row.name, actor=actor, now=clock.now()),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "identity/team.html", context, status=status)


def _member_form(data: Any = None) -> MemberForm:
    people = [
        (
            person.name,
            f"{person.display_name} ({person.name})" if person.display_name else person.name,
        )
        for person in queries.people()
        if person.is_active
    ]
    return MemberForm(data, people=people)


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make a team."""
    access.require(actor_of(request), Permission.EDIT, what="teams")
    return _form_page(request, None)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change how a team is called; one that a file keeps is shown to be taken over."""
    row = _managed(request, name)
    if row.origin == Origin.FILE.value:
        return render(request, "identity/team_in_file.html", {"row": row})
    return _form_page(request, row)


def _form_page(request: HttpRequest, row: TeamRow | None) -> HttpResponse:
    asked = request.POST if request.method == "POST" else None
    initial = {"title": row.title, "description": row.description} if row is not None else {}
    form = TeamForm(asked, is_new=row is None, initial=initial)
    if form.is_bound and form.is_valid():
        name = row.name if row is not None else form.cleaned_data["name"].strip()
        made = saved(
            form,
            lambda: usecases.save_team(
                actor=actor_of(request),
                name=name,
                title=form.cleaned_data["title"],
                description=form.cleaned_data["description"],
                origin=Origin.UI,
                now=clock.now(),
                must_be_new=row is None,
            ),
        )
        if made is not None:
            messages.success(request, _("Saved."))
            return redirect("identity:team", name=name)
    context = {"form": form, "row": row}
    return render(request, "identity/team_form.html", context, status=422 if form.errors else 200)


@members_only
@require_POST
def take_over(request: HttpRequest, name: str) -> HttpResponse:
    """Let a team that came from a file be changed here."""
    usecases.take_over_team(actor=actor_of(request), name=name, now=clock.now())
    messages.success(request, _("Taken over. Files no longer rule it; take it out of them."))
    return redirect("identity:team", name=name)


@members_only
@require_POST
def put_member(request: HttpRequest, name: str) -> HttpResponse:
    """Let somebody into a team, or give them another role there."""
    row = _managed(request, name)
    form = _member_form(request.POST)
    if form.is_valid():
        chosen = form.cleaned_data

        def put() -> bool:
            usecases.put_member(
                actor=actor_of(request),
                team=name,
                name=chosen["person"],
                role=chosen["role"],
                now=clock.now(),
            )
            return True

        if saved(form, put):
            messages.success(request, _("%(name)s is in the team.") % {"name": chosen["person"]})
            return redirect("identity:team", name=name)
    return _page(request, row, form)


@members_only
@require_POST
def remove_member(request: HttpRequest, name: str, person: str) -> HttpResponse:
    """Take somebody out of a team."""
    usecases.remove_member(actor=actor_of(request), team=name, name=person, now=clock.now())
    messages.success(request, _("%(name)s is no longer in the team.") % {"name": person})
    return redirect("identity:team", name=name)


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then remove a team."""
    row = _managed(request, name)
    if request.method == "POST":
        usecases.remove_team(actor=actor_of(request), name=name, origin=Origin.UI, now=clock.now())
        messages.success(request, _("%(name)s is removed.") % {"name": name})
        return redirect("identity:teams")
    return render(request, "identity/team_remove.html", {"row": row})


def _managed(request: HttpRequest, name: str) -> TeamRow:
    row = _found(name)
    access.require(actor_of(request), Permission.MANAGE, what=f"team {name}", team_id=row.id)
    return row


def _found(name: str) -> TeamRow:
    row = queries.team_by_name(name)
    if row is None:
        raise usecases.TeamNotFoundError(f"There is no team {name}")
    return row
