"""Pages of API tokens."""

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from watchkeeper.identity import queries, usecases
from watchkeeper.identity.forms import TokenForm
from watchkeeper.identity.queries import TokenRow
from watchkeeper.identity.views import shared
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of

_LATELY = dt.timedelta(days=7)
_SOON = dt.timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Line:
    """A token with what is true of it now."""

    row: TokenRow
    look: str
    words: str
    may_revoke: bool

    @property
    def is_live(self) -> bool:
        return self.look in ("ok", "watch")


@members_only
@require_safe
def token_list(request: HttpRequest) -> HttpResponse:
    """Show the tokens one may see; live ones first, those that end soon before others."""
    actor = actor_of(request)
    reads_all = access.may(actor, Permission.READ_AUDIT)
    if not reads_all and not _teams(actor):
        access.require(actor, Permission.READ_AUDIT, what="tokens")
    now = clock.now()
    rows = [row for row in queries.token_rows() if reads_all or _manages(actor, row)]
    lines = [_line(row, now, may_revoke=_manages(actor, row)) for row in rows]
    lines.sort(key=lambda line: (not line.is_live, line.row.expires_at, line.row.name))
    context = {
        "limited": [line.row for line in lines if _is_limited(line.row, now)],
        "addresses": queries.addresses_limited(since=now - _LATELY) if reads_all else [],
        "lines": lines,
        "live": sum(line.is_live for line in lines),
        "reads_all": reads_all,
        "may_make": access.may(actor, Permission.ADMINISTER) or bool(_teams(actor)),
    }
    return render(request, "identity/tokens.html", context)


def _is_limited(row: TokenRow, now: dt.datetime) -> bool:
    return row.limited_at is not None and row.limited_at > now - _LATELY


def _manages(actor: Actor, row: TokenRow) -> bool:
    """Return whether ``actor`` may end a token, and make one like it."""
    needed = Permission.MANAGE if row.team_id is not None else Permission.ADMINISTER
    return access.may(actor, needed, team_id=row.team_id)


def _teams(actor: Actor) -> list[tuple[str, str]]:
    """Return name and words of the teams that ``actor`` may make tokens for."""
    return [
        (team.name, team.title or team.name)
        for team in queries.teams()
        if access.may(actor, Permission.MANAGE, team_id=team.id)
    ]


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make a token; it is told on the answer to this and never again."""
    actor = actor_of(request)
    teams, is_admin = _teams(actor), access.may(actor, Permission.ADMINISTER)
    if not teams:
        access.require(actor, Permission.ADMINISTER, what="tokens")
    asked = request.POST if request.method == "POST" else None
    form = TokenForm(asked, teams=teams, is_admin=is_admin)
    if form.is_bound and form.is_valid():
        chosen = form.cleaned_data
        made = saved(
            form,
            lambda: usecases.create_token(
                actor=actor,
                name=chosen["name"].strip(),
                role=chosen["role"],
                team=chosen["team"] or None,
                lasts=dt.timedelta(days=int(chosen["days"])),
                now=clock.now(),
            ),
        )
        if made is not None:
            return shared.told_once(render(request, "identity/token_made.html", {"made": made}))
    status = 422 if form.is_bound else 200
    return render(request, "identity/token_new.html", {"form": form}, status=status)


@members_only
@require_http_methods(METHODS)
def revoke(request: HttpRequest, name: str) -> HttpResponse:
    """End a token, after asking."""
    actor = actor_of(request)
    live = [row for row in queries.token_rows() if row.name == name and row.revoked_at is None]
    if not live:
        raise usecases.TokenNotFoundError(f"There is no live token {name}")
    if not _manages(actor, live[0]):
        access.require(actor, Permission.ADMINISTER, what=f"token {name}")
    if request.method == "POST":
        usecases.revoke_token(actor=actor, name=name, now=clock.now())
        messages.success(request, _("%(name)s is revoked.") % {"name": name})
        return redirect("identity:tokens")
    return render(request, "identity/token_revoke.html", {"row": live[0]})


def _line(row: TokenRow, now: dt.datetime, *, may_revoke: bool) -> Line:
    if row.revoked_at is not None:
        return Line(row, "nodata", _("Revoked"), may_revoke=False)
    if row.expires_at <= now:
        return Line(row, "nodata", _("Expired"), may_revoke=False)
    if row.expires_at <= now + _SOON:
        return Line(row, "watch", _("Ends soon"), may_revoke=may_revoke)
    return Line(row, "ok", _("Live"), may_revoke=may_revoke)
