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
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of

_SOON = dt.timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Line:
    """A token with what is true of it now."""

    row: TokenRow
    look: str
    words: str

    @property
    def is_live(self) -> bool:
        return self.look in ("ok", "watch")


@members_only
@require_safe
def token_list(request: HttpRequest) -> HttpResponse:
    """Show all tokens; live ones first, those that end soon before others."""
    actor = actor_of(request)
    access.require(actor, Permission.READ_AUDIT, what="tokens")
    now = clock.now()
    lines = [_line(row, now) for row in queries.token_rows()]
    lines.sort(key=lambda line: (not line.is_live, line.row.expires_at, line.row.name))
    context = {
        "lines": lines,
        "live": sum(line.is_live for line in lines),
        "may_make": access.may(actor, Permission.ADMINISTER),
    }
    return render(request, "identity/tokens.html", context)


@members_only
@require_http_methods(shared.METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make a token; it is told on the answer to this and never again."""
    actor = actor_of(request)
    access.require(actor, Permission.ADMINISTER, what="tokens")
    teams = [(team.name, team.title or team.name) for team in queries.teams()]
    form = TokenForm(request.POST if request.method == "POST" else None, teams=teams)
    if form.is_bound and form.is_valid():
        chosen = form.cleaned_data
        made = shared.saved(
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
@require_http_methods(shared.METHODS)
def revoke(request: HttpRequest, name: str) -> HttpResponse:
    """End a token, after asking."""
    actor = actor_of(request)
    access.require(actor, Permission.ADMINISTER, what="tokens")
    live = [row for row in queries.token_rows() if row.name == name and row.revoked_at is None]
    if not live:
        raise usecases.TokenNotFoundError(f"There is no live token {name}")
    if request.method == "POST":
        usecases.revoke_token(actor=actor, name=name, now=clock.now())
        messages.success(request, _("%(name)s is revoked.") % {"name": name})
        return redirect("identity:tokens")
    return render(request, "identity/token_revoke.html", {"row": live[0]})


def _line(row: TokenRow, now: dt.datetime) -> Line:
    if row.revoked_at is not None:
        return Line(row, "nodata", _("Revoked"))
    if row.expires_at <= now:
        return Line(row, "nodata", _("Expired"))
    if row.expires_at <= now + _SOON:
        return Line(row, "watch", _("Ends soon"))
    return Line(row, "ok", _("Live"))
