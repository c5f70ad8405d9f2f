"""Which objective over which window a page is about, and who may change it."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from watchkeeper.kernel.access import Permission, may, require
from watchkeeper.kernel.errors import NotFoundError
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.slos import queries
from watchkeeper.slos.queries import SloRow, Standing
from watchkeeper.ui.context import ZONE_PARAMETER


class PlaceNotFoundError(NotFoundError):
    """The SLO has no such objective or window."""

    code = "slo_place_not_found"


@dataclass(frozen=True, slots=True)
class Place:
    """One choice of objective and window."""

    url: str
    words: str
    current: bool


def chosen(
    request: HttpRequest, name: str, *, now: dt.datetime
) -> tuple[Standing, list[Standing]]:
    """Return the standing that the address names, and all of the SLO.

    Raises:
        SloNotFoundError: there is no such SLO.
        PlaceNotFoundError: it has no such objective or window.
    """
    every = list(queries.standings(now=now, name=name))
    wanted = tuple(_index(request, key) for key in ("objective", "window"))
    for standing in every:
        if (standing.objective_index, standing.window_index) == wanted:
            return standing, every
    raise PlaceNotFoundError(f"The SLO {name} has no such objective or window")


def _index(request: HttpRequest, key: str) -> int:
    text = request.GET.get(key, "0")
    return int(text) if text.isdecimal() and len(text) < 5 else 0


def query_of(standing: Standing, request: HttpRequest | None = None) -> str:
    """Return the part of an address that names the objective and window; may be empty.

    Of a request, the zone that its address asks for goes along.
    """
    asked: dict[str, object] = {}
    if standing.objective_index:
        asked["objective"] = standing.objective_index
    if standing.window_index:
        asked["window"] = standing.window_index
    zone = request.GET.get(ZONE_PARAMETER, "") if request is not None else ""
    if zone:
        asked[ZONE_PARAMETER] = zone
    return f"?{urlencode(asked)}" if asked else ""


def address_of(standing: Standing) -> str:
    """Return the page of a standing."""
    return reverse("slos:detail", args=[standing.name]) + query_of(standing)


def may_edit(request: HttpRequest, row: SloRow) -> bool:
    """Return whether the one who asks may change an SLO."""
    return may(actor_of(request), Permission.EDIT, team_id=row.owner_id)


def require_some_edit(request: HttpRequest) -> None:
    """Return if the one who asks may change an SLO somewhere.

    Raises:
        ForbiddenError: they may not.
    """
    actor = actor_of(request)
    if any(may(actor, Permission.EDIT, team_id=team) for team in actor.team_roles):
        return
    require(actor, Permission.EDIT, what="SLOs")
