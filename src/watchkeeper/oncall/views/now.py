"""The first page of on call: who is on now, the weeks of all schedules together, coverage."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from watchkeeper.identity import queries as identity
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.intervals import Interval
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.queries import Coverage, Duty
from watchkeeper.oncall.views import calendar
from watchkeeper.oncall.views.calendar import Lane, Week
from watchkeeper.oncall.views.schedules import monday_of, own_name, zone_shown, zones_to_look_in
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.domain.times import Zone

MOST_CARDS = 8
MOST_LANES = 12
_MOST_POLICIES = 20
_MOST_LACKING = 5
_WEEKS = {"1w": 1, "2w": 2, "4w": 4}
_USUAL = "2w"
_WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Card:
    """A schedule as its card shows it.

    Attributes:
        duty: The schedule and who is on call in it.
        people: (Name, what they are called) of those.
        next_people: What those are called who follow.
        unreachable: What those of them are called who cannot be called.
        left: How long it stays as it is; ``None``: nobody knows an end.
        owner: Words of the team that owns it; empty: none.
        is_mine: Whether who looks is on call in it.
        may_take: Whether who looks may put themselves in the place of those on call.
        may_hand_on: Whether who looks may let somebody else stand in for them.
    """

    duty: Duty
    people: tuple[tuple[str, str], ...]
    next_people: tuple[str, ...]
    unreachable: tuple[str, ...]
    left: dt.timedelta | None
    owner: str
    is_mine: bool
    may_take: bool
    may_hand_on: bool


@members_only
@require_safe
def now_page(request: HttpRequest) -> HttpResponse:
    """Show who is on call now, everywhere, and in the weeks to come."""
    now, actor = clock.now(), actor_of(request)
    own = own_name(actor)
    cards = _cards(queries.duties(now=now), actor, own, now=now)
    zones = zones_to_look_in(request)
    zone = zone_shown(request, zones)
    key = request.GET.get("range", "")
    weeks = _WEEKS.get(key) or _WEEKS[_USUAL]
    monday = monday_of(request.GET.get("from", ""), zone, now)
    lanes = cards[:MOST_LANES]
    coverage = _coverage(now)
    context = {
        "cards": cards[:MOST_CARDS],
        "lines": sorted(cards, key=_name) if len(cards) > MOST_CARDS else [],
        "total": len(cards),
        "empty": sum(not card.people for card in cards),
        "gaps": sum(bool(card.people) and card.duty.hole is not None for card in cards),
        "weeks": _board(lanes, monday, weeks, zone=zone, now=now),
        "lanes": len(lanes),
        "zone_shown": zone,
        "zones": zones,
        "ranges": [("1w", _("Week")), ("2w", _("2 weeks")), ("4w", _("4 weeks"))],
        "current": key if key in _WEEKS else _USUAL,
        "earlier": (monday - weeks * _WEEK).isoformat(),
        "later": (monday + weeks * _WEEK).isoformat(),
        "coverage": coverage,
        "lacking": coverage.lacking[:_MOST_LACKING] if coverage is not None else (),
        "days": queries.COVERAGE_DAYS,
        "is_person": own is not None,
        "may_edit": any(
            access.may(actor, Permission.EDIT, team_id=team) for team in (None, *actor.team_roles)
        ),
    }
    return render(request, "oncall/now.html", context)


def _cards(
    duties: Sequence[Duty], actor: Actor, own: str | None, *, now: dt.datetime
) -> list[Card]:
    """Return a card of each schedule: one's own first, then those of concern, then by name."""
    owners = {team.name: team.title or team.name for team in identity.teams()}
    names = {person for duty in duties for person in _named(duty)}
    called = identity.shown_names(names)
    cards = [_card(duty, actor, own, called, owners, now=now) for duty in duties]
    return sorted(
        cards, key=lambda card: (not card.is_mine, not card.duty.is_of_concern, _name(card))
    )


def _card(
    duty: Duty,
    actor: Actor,
    own: str | None,
    called: Mapping[str, str],
    owners: Mapping[str, str],
    *,
    now: dt.datetime,
) -> Card:
    people, until, team = duty.standing.people, duty.standing.until, duty.row.owner_id
    is_mine = own is not None and own in people
    may_edit = access.may(actor, Permission.EDIT, team_id=team)
    following = duty.following.people if duty.following is not None else ()
    return Card(
        duty=duty,
        people=tuple((name, called[name]) for name in people),
        next_people=tuple(called[name] for name in following),
        unreachable=tuple(called[name] for name in duty.unreachable),
        left=until - now if until is not None else None,
        owner=owners.get(duty.row.owner_name or "", ""),
        is_mine=is_mine,
        may_take=own is not None and not is_mine and may_edit,
        may_hand_on=is_mine and usecases.may_override(actor, team_id=team, replaces=own),
    )


def _named(duty: Duty) -> tuple[str, ...]:
    return (*duty.standing.people, *(duty.following.people if duty.following is not None else ()))


def _name(card: Card) -> str:
    return (card.duty.row.title or card.duty.row.name).casefold()


def _board(
    cards: Sequence[Card], monday: dt.date, weeks: int, *, zone: Zone, now: dt.datetime
) -> list[Week]:
    """Draw the final schedules of ``cards`` below each other, week by week."""
    spans = calendar.week_spans(monday, weeks, zone)
    interval = Interval(spans[0][1][0], spans[-1][1][1])
    found = queries.on_call_in([card.duty.row.id for card in cards], interval)
    lanes = [
        Lane(card.duty.row.title or card.duty.row.name, found[card.duty.row.id]) for card in cards
    ]
    called = calendar.names_in(found.values())
    return [
        calendar.board(first, span, lanes, called=called, zone=zone, now=now)
        for first, span in spans
    ]


def _coverage(now: dt.datetime) -> Coverage | None:
    """Return the coverage of all policies; ``None``: they are too many to prove by the way."""
    if len(queries.policy_rows()) > _MOST_POLICIES:
        return None
    return queries.coverage_of_all(now=now)
