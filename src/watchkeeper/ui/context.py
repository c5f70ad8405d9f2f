"""What every screen's shell is filled with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from watchkeeper.kernel import clock
from watchkeeper.kernel.access import Permission, may
from watchkeeper.kernel.actors import ANONYMOUS, Actor, ActorKind
from watchkeeper.ui.domain import navigation, ranges, times

logger = structlog.get_logger("watchkeeper.ui")

THEME_COOKIE = "wk_theme"
ZONE_COOKIE = "wk_zone"
ZONE_PARAMETER = "zone"
THEMES = ("light", "dark")
FIRST_RUN = "prometheus:first_run"
PALETTE_URL = "home:search"

SampleProbe = Callable[[], bool]
T = TypeVar("T")
_sample_probes: list[SampleProbe] = []


@dataclass(frozen=True, slots=True)
class Person:
    """The one who is signed in, as the foot of the rail shows them."""

    name: str
    initials: str
    note: str
    tint: int


def register_sample_probe(probe: SampleProbe) -> None:
    """Let ``probe`` say whether sample data is here; every screen asks it, so it must be quick."""
    if probe not in _sample_probes:
        _sample_probes.append(probe)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return what the shell shows around a page; never raises, since error pages use it too."""
    now = clock.now()
    actor: Actor = getattr(request, "actor", ANONYMOUS)
    own = own_zone_of(request)
    zone = zone_of(request)
    theme = request.COOKIES.get(THEME_COOKIE, "")
    signed_in = actor.kind is not ActorKind.ANONYMOUS
    nothing: tuple[navigation.Group, ...] = ()
    rail = _safely(lambda: _rail(request, actor), default=nothing) if signed_in else nothing
    return {
        "organisation": settings.WATCHKEEPER.organisation,
        "navigation": rail,
        "quick": navigation.quick(rail),
        "actor": actor,
        "person": _safely(lambda: _person(request, actor), default=None) if signed_in else None,
        "theme": theme if theme in THEMES else "",
        "zone": zone,
        "zone_abbreviation": zone.abbreviation(now),
        "zone_switch": None if own == times.UTC else (own if zone == times.UTC else times.UTC),
        "now": now,
        "request_id": getattr(request, "request_id", ""),
        "sample": signed_in and any(_safely(probe, default=False) for probe in _sample_probes),
        "may_administer": may(actor, Permission.ADMINISTER),
        "palette_url": address(PALETTE_URL) or "",
        "home_url": address("home:overview") or "/",
        "sample_url": address("sample:clean") or "",
        "account_url": address("identity:account") or "",
        "sign_out_url": address("account_logout") or "",
    }


def zone_of(request: HttpRequest) -> times.Zone:
    """Return the zone that times on this page are written in.

    The address may ask for one (``zone``: ``own``, ``UTC`` or an IANA name), so that what somebody
    shares is read alike; else it is the person's own, or UTC where they switched to it.
    """
    asked = request.GET.get(ZONE_PARAMETER, "")
    if asked and asked != "own" and times.is_zone(asked):
        return times.zone(asked)
    if asked != "own" and request.COOKIES.get(ZONE_COOKIE) == "utc":
        return times.UTC
    return own_zone_of(request)


def own_zone_of(request: HttpRequest) -> times.Zone:
    """Return the zone of the one who looks, else the organisation's."""
    return times.zone(_own_zone(request))


def shared_address(request: HttpRequest) -> str:
    """Return the page's address with the ends of its range as instants, for all readers alike.

    Empty where it says them so already; see ``ranges.instants``.
    """
    ends = ranges.instants(request.GET.dict(), zone=zone_of(request))
    if not ends:
        return ""
    asked = request.GET.copy()
    asked.pop("range", None)
    for name, at in ends.items():
        asked[name] = at
    return f"{request.path}?{asked.urlencode()}"


def address(url_name: str, *args: str) -> str | None:
    """Return the path of ``url_name``; ``None`` where nothing answers to it."""
    try:
        return reverse(url_name, args=args)
    except NoReverseMatch:
        return None


def _rail(request: HttpRequest, actor: Actor) -> tuple[navigation.Group, ...]:
    items = navigation.registry.items()
    return navigation.groups(items, actor=actor, address=address, path=request.path)


def _own_zone(request: HttpRequest) -> str:
    """Return the person's zone, else the organisation's.

    ``request.zone_name`` is set by whoever knows the person; the user row is the fallback.
    """
    user = getattr(request, "user", None)
    name = getattr(request, "zone_name", "") or _safely(
        lambda: getattr(user, "time_zone", ""), default=""
    )
    return str(name or settings.WATCHKEEPER.time_zone)


def _person(request: HttpRequest, actor: Actor) -> Person:
    user = getattr(request, "user", None)
    shown = getattr(user, "display_name", "") or getattr(user, "name", "") or actor.label
    name = str(shown or "You")
    words = [word for word in name.replace(".", " ").replace("-", " ").split() if word]
    letters = words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])
    return Person(
        name=name,
        initials=letters.upper(),
        note=actor.role.value.capitalize() if actor.role else "",
        tint=sum(map(ord, name)) % 6 + 1,
    )


def _safely(ask: Callable[[], T], *, default: T) -> T:
    """Return what ``ask`` says; a shell that cannot be filled must not hide the page in it."""
    try:
        return ask()
    except Exception:  # the outermost edge of the shell: an error page is drawn by it too
        logger.exception("the shell could not be filled")
        return default
