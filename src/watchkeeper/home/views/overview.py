"""The first page: the state of all budgets, what changed, how journeys fare."""

import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from watchkeeper.home import queries
from watchkeeper.home.queries import Gauge, Overview
from watchkeeper.home.views import duty_lines, since, unheard_strip
from watchkeeper.kernel import clock
from watchkeeper.kernel.access import Permission, may
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.context import FIRST_RUN, address, zone_of
from watchkeeper.ui.domain import navigation, numbers, states, times

_TIER_WORDS = {0: "the business stops", 1: "customers suffer", 2: "comfort", 3: "inside only"}
_STATUS = {
    "burn": "burning",
    "watch": "burning_slowly",
    "crit": "exhausted",
    "nodata": "no_data",
    "few": "insufficient",
    "ok": "ok",
}
_SMALL_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
_NOTHING = "Nothing is watched yet"


@members_only
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show which budgets are in danger and what changed since yesterday."""
    now = clock.now()
    found = queries.overview(now=now)
    actor, zone = actor_of(request), zone_of(request)
    teams = any(may(actor, Permission.EDIT, team_id=team) for team in actor.team_roles)
    context: dict[str, object] = {
        "found": found,
        "truth": truth(found, now=now, zone=zone),
        "yesterday": now - dt.timedelta(days=1),
        "duties": [duty_lines.line(row, now=now, zone=zone) for row in found.duties.lines],
        "lines": [since.line(change) for change in found.changes],
        "strip": unheard_strip.strip(found.unheard),
        "duties_hidden": found.duties.hidden,
        "may_edit": may(actor, Permission.EDIT) or teams,
    }
    if not found.total:
        context["discover_url"] = address(FIRST_RUN) if may(actor, Permission.ADMINISTER) else ""
        return render(request, "home/overview_empty.html", context)
    context |= {
        "tiers": [(tier, _tier_note(tier.tier), len(tier.gauges)) for tier in found.tiers],
        "legend": [
            (look, states.LOOKS[look].word, count, _list_url(status=_STATUS.get(look, "")))
            for look, count in found.counts
        ],
    }
    return render(request, "home/overview.html", context)


def _tier_note(tier: int | None) -> str:
    return _TIER_WORDS.get(tier, "") if tier is not None else ""


def _list_url(**asked: str) -> str:
    return f"{reverse('slos:list')}?{urlencode(asked)}"


def truth(found: Overview, *, now: dt.datetime, zone: times.Zone) -> list[tuple[str, bool]]:
    """Return the sentence under the title, in parts: words, and whether they stand out."""
    head = _budgets(found, now=now, zone=zone) if found.total else [(_NOTHING, False)]
    tail = f"; {_firing(found.firing)}." if found.firing else "."
    return [*head, (tail, False)]


def _firing(count: int) -> str:
    if count > navigation.MOST_IN_BADGE:
        return f"more than {navigation.MOST_IN_BADGE} alerts are firing"
    return f"{count} alert{' is' if count == 1 else 's are'} firing"


def _budgets(found: Overview, *, now: dt.datetime, zone: times.Zone) -> list[tuple[str, bool]]:
    counts: Mapping[str, int] = dict(found.counts)
    holding = counts.get("ok", 0)
    held = f"{numbers.count(holding)} of {numbers.count(found.total)} SLOs hold"
    burning = [gauge for gauge in found.danger if gauge.look == "burn"]
    if burning:
        since = found.burning_since
        head = _burning(burning, counts["burn"])
        when = times.short(since, now=now, zone=zone) if since is not None else ""
        middle = [(" since ", False), (when, True)] if when else []
        return [(head, False), *middle, (f"; {held}", False)]
    others = [("watch", "burn slowly", "burns slowly"), ("crit", "are exhausted", "is exhausted")]
    worse = [
        f"{numbers.count(counts[look])} {one if counts[look] == 1 else many}"
        for look, many, one in others
        if look in counts
    ]
    if worse:
        return [(f"No budget burns fast; {', '.join(worse)}; {held}", False)]
    if holding == found.total:
        return [("Nothing burns", True), (f": all {numbers.count(found.total)} SLOs hold", False)]
    return [(f"Nothing burns; {held}", False)]


def _burning(burning: list[Gauge], count: int) -> str:
    tiers = {gauge.tier for gauge in burning}
    only = tiers.pop() if len(tiers) == 1 and count == len(burning) else None
    number = _SMALL_NUMBERS[count] if count < len(_SMALL_NUMBERS) else numbers.count(count)
    tier = "" if only is None else f" tier {only}"
    return f"{number}{tier} budget{'' if count == 1 else 's'} {'burns' if count == 1 else 'burn'}"
