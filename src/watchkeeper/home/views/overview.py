"""The first page: the state of all budgets, what changed, how journeys fare."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from watchkeeper.home import queries
from watchkeeper.home.queries import Change, Gauge, Overview
from watchkeeper.home.views import duty_lines, unheard_strip
from watchkeeper.kernel import clock
from watchkeeper.kernel.access import Permission, may
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.context import FIRST_RUN, address, zone_of
from watchkeeper.ui.domain import numbers, states, times

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


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened, in words."""

    at: dt.datetime
    look: str
    title: str
    note: str
    side: str
    url: str


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
        "yesterday": now - dt.timedelta(days=1),
        "duties": [duty_lines.line(row, now=now, zone=zone) for row in found.duties.lines],
        "strip": unheard_strip.strip(found.unheard),
        "duties_hidden": found.duties.hidden,
        "may_edit": may(actor, Permission.EDIT) or teams,
    }
    if not found.total:
        context["discover_url"] = address(FIRST_RUN) if may(actor, Permission.ADMINISTER) else ""
        return render(request, "home/overview_empty.html", context)
    context |= {
        "truth": truth(found, now=now, zone=zone),
        "tiers": [(tier, _tier_note(tier.tier), len(tier.gauges)) for tier in found.tiers],
        "legend": [
            (look, states.LOOKS[look].word, count, _list_url(status=_STATUS.get(look, "")))
            for look, count in found.counts
        ],
        "lines": [_line(change, now=now, zone=zone) for change in found.changes],
    }
    return render(request, "home/overview.html", context)


def _tier_note(tier: int | None) -> str:
    return _TIER_WORDS.get(tier, "") if tier is not None else ""


def _list_url(**asked: str) -> str:
    return f"{reverse('slos:list')}?{urlencode(asked)}"


def truth(found: Overview, *, now: dt.datetime, zone: times.Zone) -> list[tuple[str, bool]]:
    """Return the sentence under the title, in parts: words, and whether they stand out."""
    counts: Mapping[str, int] = dict(found.counts)
    holding = counts.get("ok", 0)
    held = f"{numbers.count(holding)} of {numbers.count(found.total)} SLOs hold."
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
        return [("Nothing burns", True), (f": all {numbers.count(found.total)} SLOs hold.", False)]
    return [(f"Nothing burns; {held}", False)]


def _burning(burning: list[Gauge], count: int) -> str:
    tiers = {gauge.tier for gauge in burning}
    only = tiers.pop() if len(tiers) == 1 and count == len(burning) else None
    number = _SMALL_NUMBERS[count] if count < len(_SMALL_NUMBERS) else numbers.count(count)
    tier = "" if only is None else f" tier {only}"
    return f"{number}{tier} budget{'' if count == 1 else 's'} {'burns' if count == 1 else 'burn'}"


def _line(change: Change, *, now: dt.datetime, zone: times.Zone) -> Line:
    if change.firing is not None:
        return _firing_line(change)
    definition = change.definition
    assert definition is not None
    is_new = definition.number == 1
    if change.others:
        many = numbers.count(change.others + 1)
        return Line(
            at=change.at,
            look="done",
            title=f"{many} SLOs {'are new' if is_new else 'were changed'}",
            note=f"{definition.slo} and {numbers.count(change.others)} more",
            side="",
            url=reverse("slos:list"),
        )
    return Line(
        at=change.at,
        look="done",
        title=f"{definition.slo} {'is new' if is_new else 'was changed'}",
        note="its definition came into force" if is_new else "a new version came into force",
        side=f"version {definition.number}",
        url=f"{reverse('slos:detail', args=[definition.slo])}#versions",
    )


def _firing_line(change: Change) -> Line:
    firing = change.firing
    assert firing is not None
    slow = firing.severity == "ticket"
    reason = firing.reason
    rate = f"{numbers.burn(reason.get('long_rate'))} over {reason.get('long', '')}"
    url = f"{reverse('slos:detail', args=[firing.slo])}#firings"
    if change.has_ended and firing.ended_at is not None:
        lasted = times.duration(firing.ended_at - firing.started_at)
        title = f"{firing.slo} stopped burning{' slowly' if slow else ''}"
        return Line(change.at, "ok", title, f"{firing.rule} fired for {lasted}", "ended", url)
    title = f"{firing.slo} began to burn{' slowly' if slow else ''}"
    look = "watch" if slow else "burn"
    side = "open" if firing.ended_at is None else "ended"
    return Line(
        change.at, look, title, f"{rate} · {firing.severity} to {firing.service}", side, url
    )
