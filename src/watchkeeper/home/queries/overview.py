"""The overview: which budgets are in danger, what changed, how journeys fare."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.alerts.queries.alerts import firing_count
from watchkeeper.alerts.queries.unheard import Unheard, unheard
from watchkeeper.catalog import queries as catalog
from watchkeeper.home.queries.on_call import Duties, duties_now
from watchkeeper.home.queries.since import Change, changes_since
from watchkeeper.slos import queries as slos
from watchkeeper.slos.queries import SloRow, StateRow
from watchkeeper.ui.domain import states

_DAY = dt.timedelta(days=1)
_MOST_GAUGES = 20
_MOST_IN_DANGER = 8
_IN_DANGER = 3
_NO_TIER = 9


@dataclass(frozen=True, slots=True)
class Gauge:
    """One SLO by the worst of its objectives and windows.

    Attributes:
        slo: Its name.
        title: Its words for people, or its name.
        service: Name of its service.
        tier: Of the service, 0 to 3; ``None`` where nobody said.
        look: Key of the look of its status.
        word: Its status in words.
        urgency: Place in a list, worst first.
        state: The worst state; ``None`` before the first tick.
    """

    slo: str
    title: str
    service: str
    tier: int | None
    look: str
    word: str
    urgency: int
    state: StateRow | None

    @property
    def part(self) -> str:
        """What of its service it speaks of: its name without the service's."""
        rest = self.slo.removeprefix(f"{self.service}-")
        return rest.replace("-", " ")

    @property
    def remaining(self) -> float | None:
        """Share of the budget that is left; ``None`` where unknown."""
        return self.state.budget_remaining if self.state else None

    @property
    def left(self) -> str:
        """The same as a bare number for the CSV; empty where unknown."""
        return "" if self.remaining is None else f"{self.remaining:.9g}"

    @property
    def burn_fast(self) -> float | None:
        """Burn rate of the last hour; ``None`` where unknown."""
        return self.state.burn_rates.get("1h") if self.state else None

    @property
    def spent_in_a_day(self) -> float | None:
        """Change of the budget over the last day; known for windows of 30 days only.

        The history that is kept with the state has a point for each thirtieth of the window.
        """
        if self.state is None or self.state.window != "30d" or len(self.state.spark) < 2:
            return None
        before, now = self.state.spark[-2:]
        return None if before is None or now is None else now - before


@dataclass(frozen=True, slots=True)
class Tier:
    """The gauges of one tier, worst first, and how many are not shown."""

    label: str
    tier: int | None
    gauges: Sequence[Gauge]
    hidden: int


@dataclass(frozen=True, slots=True)
class JourneyLine:
    """A journey with the worst state among the SLOs of its services.

    Attributes:
        title: Its words.
        look: Key of the worst look; ``nodata`` where no service has an SLO.
        word: The same in words.
        urgency: Place in a list, worst first.
        least: Least share of a budget that is left on the way; ``None`` where unknown.
        steps: Its services in order, each with the look of its worst SLO; ``None`` without SLO.
    """

    title: str
    look: str
    word: str
    urgency: int
    least: float | None
    steps: Sequence[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it.

    Attributes:
        total: How many SLOs there are.
        counts: Look and how many SLOs have it, those of concern first.
        tiers: The tide.
        danger: The gauges that ask for somebody, worst first.
        danger_count: How many they are in all.
        changes: What happened since yesterday, the newest first.
        journeys: Worst first.
        burning_since: When the oldest page that is open began.
        as_of: When the newest state was written.
        duties: Who is on call now.
        unheard: Alerts that nobody answered; ``None``: there are none.
        firing: How many alerts fire that nobody took and nothing keeps quiet; 100 stands for that
            many or more.
    """

    total: int
    counts: Sequence[tuple[str, int]]
    tiers: Sequence[Tier]
    danger: Sequence[Gauge]
    danger_count: int
    changes: Sequence[Change]
    journeys: Sequence[JourneyLine]
    burning_since: dt.datetime | None
    as_of: dt.datetime | None
    duties: Duties
    unheard: Unheard | None
    firing: int


def overview(*, now: dt.datetime) -> Overview:
    """Return what the overview tells, by a fixed number of queries."""
    rows = slos.slo_rows()
    gauges = sorted((_gauge(row) for row in rows), key=_order)
    danger = [gauge for gauge in gauges if gauge.urgency <= _IN_DANGER]
    open_firings = slos.firing_rows(is_open=True)
    pages = [row.started_at for row in open_firings if row.severity == "page"]
    return Overview(
        total=len(gauges),
        counts=_counts(gauges),
        tiers=_tiers(gauges),
        danger=danger[:_MOST_IN_DANGER],
        danger_count=len(danger),
        changes=changes_since(now - _DAY, now=now),
        journeys=_journeys(gauges),
        burning_since=min(pages, default=None),
        as_of=max((s.as_of for row in rows for s in row.states), default=None),
        duties=duties_now(now=now),
        unheard=unheard(),
        firing=firing_count(),
    )


def _gauge(row: SloRow) -> Gauge:
    worst = min(row.states, key=_state_order, default=None)
    look = states.look(worst.status, severity=worst.severity).key if worst else "nodata"
    return Gauge(
        slo=row.name,
        title=row.title or row.name,
        service=row.service,
        tier=row.tier,
        look=look,
        word=worst.words if worst else "Not judged yet",
        urgency=worst.urgency if worst else _IN_DANGER + 1,
        state=worst,
    )


def _state_order(state: StateRow) -> tuple[int, float]:
    left = state.budget_remaining
    return state.urgency, left if left is not None else 9.0


def _order(gauge: Gauge) -> tuple[int, float, str]:
    left = gauge.remaining
    return gauge.urgency, left if left is not None else 9.0, gauge.slo


def _counts(gauges: Sequence[Gauge]) -> list[tuple[str, int]]:
    found = [(look, sum(gauge.look == look for gauge in gauges)) for look in states.LOOKS]
    return [(look, count) for look, count in found if count]


def _tiers(gauges: Sequence[Gauge]) -> list[Tier]:
    """Return the worst gauges by tier; every tier keeps its worst, the rest is counted."""
    by_tier: dict[int, list[Gauge]] = {}
    for gauge in gauges:
        by_tier.setdefault(_NO_TIER if gauge.tier is None else gauge.tier, []).append(gauge)
    shown = {id(own[0]) for own in by_tier.values()}
    for gauge in gauges:
        if len(shown) >= _MOST_GAUGES:
            break
        shown.add(id(gauge))
    found = []
    for tier, own in sorted(by_tier.items()):
        kept = [gauge for gauge in own if id(gauge) in shown]
        label = "No tier" if tier == _NO_TIER else f"Tier {tier}"
        number = None if tier == _NO_TIER else tier
        found.append(Tier(label, number, kept, len(own) - len(kept)))
    return found


def _journeys(gauges: Sequence[Gauge]) -> list[JourneyLine]:
    by_service: dict[str, list[Gauge]] = {}
    for gauge in gauges:
        by_service.setdefault(gauge.service, []).append(gauge)
    found = [
        _journey(row.title or row.name, row.services, by_service) for row in catalog.journeys()
    ]
    return sorted(found, key=lambda line: (line.urgency, line.title))


def _journey(
    title: str, services: Sequence[str], by_service: Mapping[str, Sequence[Gauge]]
) -> JourneyLine:
    own = sorted((g for service in services for g in by_service.get(service, ())), key=_order)
    known = [gauge.remaining for gauge in own if gauge.remaining is not None]
    steps = []
    for service in services:
        worst = min(by_service.get(service, ()), key=_order, default=None)
        steps.append((service, worst.look if worst else None))
    return JourneyLine(
        title=title,
        look=own[0].look if own else "nodata",
        word=own[0].word if own else "No SLO on its way",
        urgency=own[0].urgency if own else _IN_DANGER + 1,
        least=min(known, default=None),
        steps=steps,
    )
