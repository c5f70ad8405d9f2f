"""The list of SLOs and its CSV."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from watchkeeper.catalog import queries as catalog
from watchkeeper.kernel.access import Permission, may
from watchkeeper.plumbing import spreadsheets
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.slos import queries
from watchkeeper.slos.views import rows as listing
from watchkeeper.slos.views.rows import Filters, Row
from watchkeeper.ui.context import FIRST_RUN, address

PAGE = 100
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
    every = listing.rows_of(queries.slo_rows())
    actor = actor_of(request)
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
    journeys = None
    if group == "journey":
        journeys = {j.title or j.name: list(j.services) for j in catalog.journeys()}
    groups = listing.grouped(found, group, journeys)
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
        "columns": _columns(sort),
        "teams": sorted({row.team or "-" for row in every}),
        "as_of": max((row.state.as_of for row in every if row.state), default=None),
    }
    return render(request, "slos/list.html", context)


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


def _columns(sort: str) -> list[Column]:
    heads = (
        ("name", "SLO", ""),
        ("status", "Status", "st"),
        ("", "Objective", "r"),
        ("", "Attained", "r"),
        ("left", "Budget left", "left"),
        ("", "Window", ""),
        ("burn", "Burn, 1 h", "r"),
        ("slow", "Burn, 3 d", "r wk-hide-l"),
        ("exhausted", "Exhausted in", "r"),
        ("coverage", "Coverage", "r wk-hide-l"),
    )
    current = sort or "status"
    return [
        Column(
            key=key,
            label=label,
            css=css,
            sort=f"-{key}" if current == key else key,
            direction=_direction(key, current),
        )
        for key, label, css in heads
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
    every = listing.rows_of(queries.slo_rows())
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
