"""Rows of the SLO list: filtered, grouped and put in order as the address says."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse

from watchkeeper.slos.queries import SloRow, StateRow
from watchkeeper.ui.domain import states, times

NO_TEAM = "No team"
NO_TIER = "No tier"
NO_JOURNEY = "In no journey"
STATUSES = {
    "burning": "burn",
    "burning_slowly": "watch",
    "exhausted": "crit",
    "no_data": "nodata",
    "insufficient": "few",
    "ok": "ok",
}
"""What the address calls a status, and its look."""
GROUPS = (
    ("team", "By team"),
    ("journey", "By journey"),
    ("tier", "By tier"),
    ("service", "By service"),
    ("none", "No groups"),
)
MINE = "*"
"""What the address calls the teams of the one who looks; no team can have that name."""
_NOT_JUDGED = 4
_SECONDS = {"m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Row:
    """One objective over one window, or an SLO that no tick has judged yet (no ``state``)."""

    name: str
    title: str
    service: str
    team: str | None
    tier: int | None
    origin: str
    look: str
    words: str
    urgency: int
    part: str
    state: StateRow | None
    is_mine: bool = False
    journeys: Sequence[str] = ()
    team_words: str = NO_TEAM

    @property
    def url(self) -> str:
        """The page of the objective over the window."""
        url = reverse("slos:detail", args=[self.name])
        place = {}
        if self.state is not None and self.state.objective_index:
            place["objective"] = self.state.objective_index
        if self.state is not None and self.state.window_index:
            place["window"] = self.state.window_index
        return f"{url}?{urlencode(place)}" if place else url

    @property
    def left(self) -> float | None:
        return self.state.budget_remaining if self.state else None

    @property
    def objective(self) -> float | None:
        return self.state.objective if self.state else None

    @property
    def sli(self) -> float | None:
        return self.state.sli if self.state else None

    @property
    def coverage(self) -> float | None:
        return self.state.coverage if self.state else None

    @property
    def window(self) -> str:
        return self.state.window if self.state else ""

    @property
    def spark(self) -> Sequence[float | None]:
        return self.state.spark if self.state else ()

    def burn(self, lookback: str) -> float | None:
        """Return the rate over a lookback, as ``1h``."""
        return self.state.burn_rates.get(lookback) if self.state else None

    @property
    def burn_fast(self) -> float | None:
        return self.burn("1h")

    @property
    def burn_slow(self) -> float | None:
        return self.burn("3d")

    @property
    def why_unknown(self) -> str:
        """Why figures of this row are a dash."""
        if self.state is None:
            return "not judged yet: the next tick is within a minute"
        if self.look == "nodata":
            return "no data: nothing was measured in the window"
        if self.look == "few":
            return "too few events"
        return "nothing measured"

    @property
    def exhausted(self) -> str:
        """When the budget is gone, in words; empty where unknown."""
        if self.left is None or self.state is None or self.look in ("few", "nodata"):
            return ""
        if self.left <= 0:
            return "gone"
        seconds = self.state.exhausted_in_seconds
        if seconds is None:
            return "lasts"
        limit = _length_of(self.window)
        return f"> {times.duration(limit)}" if seconds > limit else times.duration(seconds)


def _length_of(window: str) -> float:
    """Return beyond how many seconds nobody looks: a rolling window's length, else a quarter."""
    amount, unit = window[:-1], window[-1:]
    if amount.isdecimal() and unit in _SECONDS:
        return float(int(amount) * _SECONDS[unit])
    return 90.0 * _SECONDS["d"]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one word, with how many of each state that asks for attention."""

    label: str
    rows: Sequence[Row]
    worries: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Chip:
    """One status to filter by, with how many rows have it."""

    key: str
    look: str
    word: str
    count: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; an empty text asks for nothing."""

    q: str = ""
    status: str = ""
    team: str = ""
    tier: str = ""
    service: str = ""
    journey: str = ""

    def without(self, name: str) -> "Filters":
        """Return the filters with one dropped."""
        return Filters(**({key: self.get(key) for key in NAMES} | {name: ""}))

    def get(self, name: str) -> str:
        """Return one of them."""
        return str(getattr(self, name))

    def active(self) -> list[str]:
        """Return the names of those that ask for something."""
        return [name for name in NAMES if self.get(name)]


NAMES = ("q", "status", "team", "tier", "service", "journey")


@dataclass(frozen=True, slots=True)
class Around:
    """What rows are seen in.

    Attributes:
        teams: Ids of the teams of the one who looks.
        journeys: Services of each journey, by name.
        titles: Words of each team, by name.
    """

    teams: Collection[int] = ()
    journeys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)


def rows_of(slos: Sequence[SloRow], around: Around | None = None) -> list[Row]:
    """Return a row for each objective and window; one for an SLO that was not judged yet."""
    seen = around or Around()
    found = []
    for slo in slos:
        if not slo.states:
            found.append(_row(slo, None, seen))
        found.extend(_row(slo, state, seen) for state in slo.states)
    return found


def _row(slo: SloRow, state: StateRow | None, around: Around) -> Row:
    several = len(slo.states) > 1
    return Row(
        name=slo.name,
        title=slo.title or slo.name,
        service=slo.service,
        team=slo.owner,
        tier=slo.tier,
        origin=slo.origin,
        look=states.look(state.status, severity=state.severity).key if state else "nodata",
        words=state.words if state else "Not judged yet",
        urgency=state.urgency if state else _NOT_JUDGED,
        part=_part(slo, state) if several and state else "",
        state=state,
        is_mine=slo.owner_id in around.teams,
        journeys=[name for name, own in around.journeys.items() if slo.service in own],
        team_words=around.titles.get(slo.owner, slo.owner) if slo.owner else NO_TEAM,
    )


def _part(slo: SloRow, state: StateRow) -> str:
    """Return what tells one row of an SLO from its others."""
    parts = []
    if len({each.objective_index for each in slo.states}) > 1:
        parts.append(f"objective {state.objective_index + 1}")
    if len({each.window_index for each in slo.states}) > 1:
        parts.append(state.window)
    return ", ".join(parts)


def chosen(rows: Sequence[Row], filters: Filters) -> list[Row]:
    """Return the rows that every filter lets through."""
    words = filters.q.lower().split()
    look = STATUSES.get(filters.status, filters.status)
    return [
        row
        for row in rows
        if (not look or row.look == look)
        and (not filters.team or _is_of(row, filters.team))
        and (not filters.journey or filters.journey in row.journeys)
        and (not filters.tier or _tier_key(row) == filters.tier)
        and (not filters.service or row.service == filters.service)
        and all(word in _text(row) for word in words)
    ]


def _is_of(row: Row, team: str) -> bool:
    return row.is_mine if team == MINE else (row.team or "-") == team


def _text(row: Row) -> str:
    return f"{row.name} {row.title} {row.service} {row.team or ''} {row.team_words}".lower()


def _tier_key(row: Row) -> str:
    return "-" if row.tier is None else str(row.tier)


def chips(rows: Sequence[Row], filters: Filters) -> list[Chip]:
    """Return the statuses that occur under the other filters, and the chosen one, with counts."""
    others = chosen(rows, filters.without("status"))
    found = []
    for key, look in STATUSES.items():
        count = sum(row.look == look for row in others)
        if count or filters.status == key:
            found.append(Chip(key, look, states.LOOKS[look].word, count))
    return found


def droppable(rows: Sequence[Row], filters: Filters) -> list[tuple[str, int]]:
    """Return each active filter with how many rows would show without it, the most first."""
    found = [(name, len(chosen(rows, filters.without(name)))) for name in filters.active()]
    return sorted(found, key=lambda pair: -pair[1])


def _known(value: float | None, *, last: float) -> float:
    return last if value is None else value


_KEYS: Mapping[str, Callable[[Row], tuple[object, ...]]] = {
    "status": lambda row: (row.urgency, _known(row.left, last=9e9)),
    "name": lambda row: (row.service.lower(), row.name),
    "left": lambda row: (_known(row.left, last=9e9),),
    "burn": lambda row: (-_known(row.burn_fast, last=-9e9),),
    "slow": lambda row: (-_known(row.burn_slow, last=-9e9),),
    "exhausted": lambda row: (
        (row.left is None, (row.left or 0) > 0, _exhausted_in(row))
        if row.state
        else (True, True, 0)
    ),
    "coverage": lambda row: (_known(row.state.coverage if row.state else None, last=9e9),),
}


def _exhausted_in(row: Row) -> float:
    return _known(row.state.exhausted_in_seconds if row.state else None, last=9e12)


def ordered(rows: Sequence[Row], sort: str) -> list[Row]:
    """Return the rows worst first by ``sort``, or the other way round with ``-`` before it."""
    key = _KEYS.get(sort.removeprefix("-"), _KEYS["status"])
    found = sorted(rows, key=lambda row: (row.service.lower(), row.name, row.part))
    found.sort(key=key, reverse=sort.startswith("-"))
    return found


def grouped(
    rows: Sequence[Row], by: str, journeys: Mapping[str, Sequence[str]] | None = None
) -> list[Group]:
    """Return rows under words, the worst group first; rows keep their order.

    Args:
        rows: In the order of the list.
        by: ``team``, ``journey``, ``tier``, ``service`` or ``none``.
        journeys: Services of each journey, by title; a row stands in each of its own.
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        for label in _labels(row, by, journeys or {}):
            found.setdefault(label, []).append(row)
    groups = [Group(label, own, _worries(own)) for label, own in found.items()]
    last = {NO_TEAM, NO_TIER, NO_JOURNEY}
    if by == "tier":
        return sorted(groups, key=lambda group: (group.label in last, group.label))
    return sorted(groups, key=lambda group: (group.label in last, _worst(group), group.label))


def _worst(group: Group) -> int:
    return min(row.urgency for row in group.rows)


def _labels(row: Row, by: str, journeys: Mapping[str, Sequence[str]]) -> list[str]:
    if by == "team":
        return [row.team_words]
    if by == "tier":
        return [NO_TIER if row.tier is None else f"Tier {row.tier}"]
    if by == "service":
        return [row.service]
    if by == "journey":
        return [name for name, own in journeys.items() if row.service in own] or [NO_JOURNEY]
    return [""]


def _worries(rows: Sequence[Row]) -> list[tuple[str, str]]:
    found = []
    for look in ("burn", "watch", "crit", "nodata"):
        count = sum(row.look == look for row in rows)
        if count:
            found.append((look, f"{count} {states.LOOKS[look].word.lower()}"))
    return found


def summary(rows: Sequence[Row]) -> list[tuple[str, bool]]:
    """Return the truth about a list in parts: words, and whether they are to stand out."""
    words = {
        "burn": ("burns", "burn"),
        "watch": ("burns slowly", "burn slowly"),
        "crit": ("is exhausted", "are exhausted"),
        "nodata": ("has no data", "have no data"),
        "few": ("has too few events", "have too few events"),
        "ok": ("is OK", "are OK"),
    }
    found = []
    for look, (one, many) in words.items():
        count = sum(row.look == look for row in rows)
        if count:
            found.append((f"{count} {one if count == 1 else many}", look == "burn"))
    return found
