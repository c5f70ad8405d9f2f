"""The list of SLOs and its CSV."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from watchkeeper.catalog import queries as catalog
from watchkeeper.catalog.queries import JourneyRow
from watchkeeper.identity import queries as identity
from watchkeeper.kernel.access import Permission, may
from watchkeeper.plumbing import spreadsheets
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.slos import queries
from watchkeeper.slos.views import rows as listing
from watchkeeper.slos.views.rows import Filters, Row
from watchkeeper.ui.context import FIRST_RUN, address

PAGE = 50
_COLUMNS = (
    "name", "title", "service", "team", "tier", "objective", "window", "status", "attained",
    "budget_remaining", "burn_1h", "burn_3d", "exhausted_in_seconds", "coverage", "good", "total",
    "as_of",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A head of the table that sorts."""

    key: str
    label: str
    css: str
    sort: str
    direction: str


_HEADS = (
    ("name", "SLO", "", "name"),
    ("status", "Status", "st", "status"),
    ("objective", "Objective", "r", ""),
    ("attained", "Attained", "r", ""),
    ("left", "Budget left", "left", "left"),
    ("window", "Window", "", ""),
    ("burn", "Burn, 1 h", "r", "burn"),
    ("slow", "Burn, 3 d", "r wk-hide-l", "slow"),
    ("exhausted", "Exhausted in", "r", "exhausted"),
    ("coverage", "Coverage", "r wk-hide-l", "coverage"),
)
"""Key, words, class and what it sorts by; the first two always stand."""
_FIXED = ("name", "status")
_CHOSEN = tuple(key for key, *_ in _HEADS if key not in _FIXED)


def filters_of(request: HttpRequest) -> Filters:
    """Return what the address asks for."""
    asked = {name: request.GET.get(name, "").strip()[:200] for name in listing.NAMES}
    if asked["status"] not in listing.STATUSES:
        asked["status"] = ""
    return Filters(**asked)


@members_only
@require_safe
def slo_list(request: HttpRequest) -> HttpResponse:
    """Show where every SLO stands, as of the newest tick."""
    actor = actor_of(request)
    journeys = catalog.journeys()
    every = _every(request, journeys)
    context: dict[str, object] = {
        "may_edit": may(actor, Permission.EDIT) or _edits_somewhere(request),
        "discover_url": address(FIRST_RUN) if may(actor, Permission.ADMINISTER) else "",
    }
    if not every:
        return render(request, "slos/list_empty.html", context)
    filters = filters_of(request)
    sort = request.GET.get("sort", "")
    group = request.GET.get("group", "team")
    found = listing.ordered(listing.chosen(every, filters), sort)
    titles = {j.title or j.name: list(j.services) for j in journeys}
    groups = listing.grouped(found, group, titles if group == "journey" else None)
    shown_columns = _shown(request)
    shown, place = _page(groups, request.GET.get("from", ""))
    context |= {
        "filters": filters,
        "active": filters.active(),
        "groups": shown,
        "place": place,
        "total": len(every),
        "found": len(found),
        "chips": listing.chips(every, filters),
        "all_count": len(listing.chosen(every, filters.without("status"))),
        "drops": listing.droppable(every, filters) if not found else [],
        "truth": listing.summary(every),
        "slo_count": len({row.name for row in every}),
        "group": group,
        "group_choices": listing.GROUPS,
        "sort": sort,
        "columns": _columns(sort, shown_columns),
        "shown": shown_columns,
        "width": len(shown_columns) + len(_FIXED) + 1,
        "column_choices": [
            (key, words, key in shown_columns) for key, words, *_ in _HEADS if key not in _FIXED
        ],
        "choices": _choices(every, filters, [(j.name, j.title or j.name) for j in journeys]),
        "has_teams": bool(actor.team_roles),
        "as_of": max((row.state.as_of for row in every if row.state), default=None),
    }
    return render(request, "slos/list.html", context)


def _every(request: HttpRequest, journeys: Sequence[JourneyRow]) -> list[Row]:
    """Return all rows as the one who asks sees them."""
    around = listing.Around(
        actor_of(request).team_roles,
        {journey.name: journey.services for journey in journeys},
        {team.name: team.title or team.name for team in identity.teams()},
    )
    return listing.rows_of(queries.slo_rows(), around)


def _edits_somewhere(request: HttpRequest) -> bool:
    actor = actor_of(request)
    return any(may(actor, Permission.EDIT, team_id=team) for team in actor.team_roles)


@dataclass(frozen=True, slots=True)
class Place:
    """Which part of a long list is shown, rows counted from 1."""

    first: int
    last: int
    total: int

    @property
    def before(self) -> str:
        """Return where the part before begins; empty where this is the first."""
        return str(max(0, self.first - 1 - PAGE)) if self.first > 1 else ""

    @property
    def after(self) -> str:
        """Return where the part after begins; empty where this is the last."""
        return str(self.last) if self.last < self.total else ""


def _page(groups: Sequence[listing.Group], asked: str) -> tuple[list[listing.Group], Place]:
    """Return the groups with the rows of one page; groups without one are left out."""
    total = sum(len(group.rows) for group in groups)
    start = min(int(asked), total) if asked.isdecimal() and len(asked) < 9 else 0
    found, passed = [], 0
    for group in groups:
        low, high = max(0, start - passed), max(0, start + PAGE - passed)
        own = group.rows[low:high]
        passed += len(group.rows)
        if own:
            found.append(listing.Group(group.label, own, group.worries))
    shown = sum(len(group.rows) for group in found)
    return found, Place(min(start + 1, total), start + shown, total)


def _shown(request: HttpRequest) -> list[str]:
    """Return the columns that the address asks for; all where it asks for none."""
    asked = request.GET.getlist("col")
    return [key for key in _CHOSEN if key in asked] or list(_CHOSEN)


def _columns(sort: str, shown: Sequence[str]) -> list[Column]:
    current = sort or "status"
    return [
        Column(
            key=by,
            label=label,
            css=css,
            sort=f"-{by}" if current == by else by,
            direction=_direction(by, current),
        )
        for key, label, css, by in _HEADS
        if key in _FIXED or key in shown
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """One select of the filter line: its name, the words for all, and what may be chosen."""

    name: str
    label: str
    everything: str
    options: Sequence[tuple[str, str, bool]]


def _choices(
    every: Sequence[Row], filters: Filters, journeys: Sequence[tuple[str, str]]
) -> list[Choice]:
    """Return the selects that have something to choose between."""
    teams = {row.team or "-": row.team_words for row in every}
    named = sorted(teams.items(), key=lambda pair: (pair[0] == "-", pair[1].lower()))
    if any(row.is_mine for row in every) or filters.team == listing.MINE:
        named.insert(0, (listing.MINE, "My teams"))
    tiers = sorted({"-" if row.tier is None else str(row.tier) for row in every})
    levels = [(tier, listing.NO_TIER if tier == "-" else f"Tier {tier}") for tier in tiers]
    found = (
        ("team", "Team", "All teams", named),
        ("journey", "Journey", "All journeys", journeys),
        ("tier", "Tier", "All tiers", levels),
    )
    return [
        Choice(name, label, words, [(k, text, k == filters.get(name)) for k, text in options])
        for name, label, words, options in found
        if len(options) > 1 or filters.get(name)
    ]


def _direction(key: str, current: str) -> str:
    if not key or current.removeprefix("-") != key:
        return ""
    # What is worst first shows great burn rates first, all else its least.
    falling = key in ("burn", "slow")
    return "descending" if falling != current.startswith("-") else "ascending"


@members_only
@require_safe
def slo_list_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the list as the filters show it, exact figures, unknown as empty."""
    every = _every(request, catalog.journeys())
    found = listing.ordered(
        listing.chosen(every, filters_of(request)), request.GET.get("sort", "")
    )
    return spreadsheets.response(_COLUMNS, map(_values, found), file="slos.csv")


def _values(row: Row) -> list[object]:
    state = row.state
    head: list[object] = [row.name, row.title, row.service, row.team, row.tier]
    if state is None:
        return [*head, None, None, "no_data", *[None] * 9]
    return [
        *head,
        state.objective,
        state.window,
        state.status,
        state.sli,
        state.budget_remaining,
        row.burn_fast,
        row.burn_slow,
        state.exhausted_in_seconds,
        state.coverage,
        state.good,
        state.total,
        state.as_of.isoformat(),
    ]
