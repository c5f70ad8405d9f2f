"""What holds for every schedule, and a second resolver that counts minutes to check the first."""

import datetime as dt
import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.oncall.domain.making import layer, schedule, spec_document, utc
from watchkeeper.kernel.intervals import Interval
from watchkeeper.oncall.domain import documents, resolver, rotations
from watchkeeper.oncall.domain.documents import DAYS
from watchkeeper.oncall.domain.schedule import Rotation, Schedule

MINUTE = dt.timedelta(minutes=1)
LENGTH = dt.timedelta(days=8)

# A first day in each zone, some days before clocks change there.
ZONES = {
    "America/Chicago": ["2020-03-05", "2020-10-29"],
    "Europe/Berlin": ["2026-03-26", "2026-10-22"],
    "Australia/Lord_Howe": ["2024-10-03", "2025-04-03"],
    "Africa/Casablanca": ["2023-03-16", "2023-04-20"],
    "Pacific/Apia": ["2011-12-27", "2012-03-29"],
    "Asia/Beirut": ["2022-03-24", "2022-10-27"],
    "America/St_Johns": ["2010-11-04", "2011-03-10"],
    "Africa/Cairo": ["2024-04-23", "2024-10-29"],
}
BOUNDED = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # to make it smaller would count minutes for minutes
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no fault
)
NAMES = ["a", "b", "c", "d"]


@st.composite
def times(draw: st.DrawFn, first: str, days: int = 5) -> str:
    """A wall time on the hour or half, near the first day."""
    day = dt.date.fromisoformat(first) + dt.timedelta(days=draw(st.integers(0, days)))
    minutes = draw(st.sampled_from([0, 15, 30, 60, 90, 120, 150, 180, 540, 1020, 1410]))
    return f"{day}T{minutes // 60:02}:{minutes % 60:02}:00"


@st.composite
def specs(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A first day, and a schedule around it."""
    zone = draw(st.sampled_from(sorted(ZONES)))
    first = draw(st.sampled_from(ZONES[zone]))
    clocks = st.sampled_from(["00:00", "00:30", "01:15", "02:00", "02:30", "09:00", "23:30"])
    restriction = st.fixed_dictionaries(
        {"days": st.lists(st.sampled_from(DAYS), min_size=1, unique=True), "from": clocks,
         "to": clocks}
    )  # fmt: skip
    members = st.lists(
        st.one_of(
            st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), min_size=1, max_size=2)
        ),
        min_size=1,
        max_size=3,
    )
    layers = []
    for place in range(draw(st.integers(1, 3))):
        unit = draw(st.sampled_from(["hour", "day", "week"]))
        every = draw(st.sampled_from([1, 2, 5, 12] if unit == "hour" else [1, 2]))
        layers.append(
            {
                "name": f"l{place}",
                "rotation": {"unit": unit, "every": every, "start": draw(times(first, 2)),
                             "members": draw(members)},
                "restrictions": draw(st.lists(restriction, max_size=2)),
            }
        )  # fmt: skip
    stretch = st.tuples(times(first), times(first)).filter(lambda pair: pair[0] != pair[1])
    overrides = []
    for start, end in draw(st.lists(stretch, max_size=3)):
        one: dict[str, Any] = {"start": min(start, end), "end": max(start, end)}
        one["person"] = draw(st.sampled_from(NAMES))
        kind = draw(st.sampled_from(["all", "swap", "join"]))
        if kind == "swap":
            one["replaces"] = draw(st.sampled_from(NAMES))
        elif kind == "join":
            one["add"] = True
        overrides.append(one)
    away = [
        {"person": draw(st.sampled_from(NAMES)), "start": min(pair), "end": max(pair)}
        for pair in draw(st.lists(stretch, max_size=2))
    ]
    return first, {"timeZone": zone, "layers": layers, "overrides": overrides, "timeOff": away}


@cache
def walls(zone: str, first: str) -> list[tuple[dt.datetime, dt.datetime]]:
    """Every minute of the stretch, and what the clock on the wall shows then."""
    start = utc(f"{first} 00:00") - dt.timedelta(days=1)
    place = ZoneInfo(zone)
    return [
        (at, at.astimezone(place).replace(tzinfo=None))
        for at in (start + step * MINUTE for step in range(LENGTH // MINUTE))
    ]


def naive(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def minutes(first: str, spec: dict[str, Any]) -> Iterator[tuple[dt.datetime, list[str], str]]:
    """Watch the wall clock go and do what the schedule says, minute after minute."""
    watched = [WatchedLayer(one) for one in spec["layers"]]
    overrides = [WatchedStretch(one) for one in spec["overrides"]]
    away = [WatchedStretch(one) for one in spec["timeOff"]]
    for at, wall in walls(spec["timeZone"], first):
        said = [(w.name, w.people(at, wall)) for w in watched]
        holding = [o.what for o in overrides if o.holds(wall)]
        gone = {t.what["person"] for t in away if t.holds(wall)}
        people, name = decide([(n, p) for n, p in reversed(said) if p], holding, gone)
        yield at, people, name


class WatchedStretch:
    """Opens when the wall clock first shows its start or later, and closes for good."""

    def __init__(self, what: dict[str, Any]) -> None:
        self.what, self.is_open, self.is_closed = what, False, False
        self.start, self.end = naive(what["start"]), naive(what["end"])

    def holds(self, wall: dt.datetime) -> bool:
        self.is_open = self.is_open or wall >= self.start
        self.is_closed = self.is_closed or wall >= self.end
        return self.is_open and not self.is_closed


class WatchedLayer:
    """Counts hand-offs as they pass."""

    def __init__(self, what: dict[str, Any]) -> None:
        self.name, self.rotation = what["name"], what["rotation"]
        self.count = -1
        self.began: dt.datetime | None = None
        self.next = naive(self.rotation["start"])
        first = self.next.date() - 5 * dt.timedelta(days=1)
        self.windows = [
            WatchedStretch({"start": f"{day}T{r['from']}", "end": f"{ends}T{r['to']}"})
            for r in what["restrictions"]
            for day in (first + step * dt.timedelta(days=1) for step in range(15))
            for ends in [day if r["from"] < r["to"] else day + dt.timedelta(days=1)]
            if DAYS[day.weekday()] in r["days"]
        ]
        self.is_restricted = bool(what["restrictions"])

    def people(self, at: dt.datetime, wall: dt.datetime) -> list[str]:
        is_on = sum(window.holds(wall) for window in self.windows) > 0
        self.windows = [window for window in self.windows if not window.is_closed]
        every, unit = self.rotation["every"], self.rotation["unit"]
        if self.began is None and wall >= self.next:
            self.began = at
        if self.began is None:
            return []
        if unit == "hour":
            self.count = int((at - self.began) / dt.timedelta(hours=every))
        else:
            while wall >= self.next:
                self.count += 1
                self.next += dt.timedelta(days=every * (7 if unit == "week" else 1))
        members = self.rotation["members"]
        turn = members[self.count % len(members)]
        people = [turn] if isinstance(turn, str) else turn
        return people if is_on or not self.is_restricted else []


def decide(
    said: list[tuple[str, list[str]]], holding: list[dict[str, Any]], gone: set[str]
) -> tuple[list[str], str]:
    """The rules again, person by person: the last word on each place counts."""
    for name, people in said:
        fates = [fate(person, holding) for person in people]
        if all(end == person and not touched and person in gone
               for person, (end, touched) in zip(people, fates, strict=True)):  # fmt: skip
            continue
        kept = [end for end, touched in fates if touched or end not in gone]
        return finish(kept, holding, name, is_touched=any(touched for _, touched in fates))
    filling = [place for place, o in enumerate(holding) if not o.get("replaces")]
    if not filling:
        return [], ""
    start = holding[filling[0]]["person"]
    end, _ = fate(start, holding[filling[0] + 1 :])
    rest = holding[filling[0] + 1 :]
    return finish([end], rest, "override", is_touched=True)


def fate(person: str, holding: list[dict[str, Any]]) -> tuple[str, bool]:
    """Return who sits in the end where ``person`` began, and whether an override said so."""
    now, touched = person, False
    for one in holding:
        if one.get("add"):
            continue
        if one.get("replaces") in (None, person, now):
            now, touched = one["person"], True
    return now, touched


def finish(
    kept: list[str], holding: list[dict[str, Any]], name: str, *, is_touched: bool
) -> tuple[list[str], str]:
    """Add those who join; what comes after their joining may move them too."""
    for place, one in enumerate(holding):
        if one.get("add"):
            kept = [*kept, fate(one["person"], holding[place + 1 :])[0]]
            is_touched = True
    return sorted(set(kept)), "override" if is_touched else name


@BOUNDED
@given(specs())
def test_counting_minutes_gives_the_same_answer(made: tuple[str, dict[str, Any]]) -> None:
    first, spec = made
    wanted = documents.read(spec_document(**spec)).schedule
    found = resolver.resolve(wanted, span_of(first, spec))
    place = 0

    for at, people, name in minutes(first, spec):
        while place < len(found) and found[place].end <= at:
            place += 1
        is_in = place < len(found) and found[place].start <= at
        got = (sorted(found[place].people), found[place].layer) if is_in else ([], "")
        assert got == (people, name if people else ""), at


def span_of(first: str, spec: dict[str, Any]) -> Interval:
    seen = walls(spec["timeZone"], first)
    return Interval(seen[0][0], seen[-1][0] + MINUTE)


@BOUNDED
@given(specs(), st.lists(st.integers(0, int(LENGTH.total_seconds()) - 1), max_size=20))
def test_an_instant_and_a_stretch_of_time_agree(
    made: tuple[str, dict[str, Any]], seconds: list[int]
) -> None:
    first, spec = made
    wanted = documents.read(spec_document(**spec)).schedule
    span = span_of(first, spec)
    found = resolver.resolve(wanted, span)
    edges = [edge for entry in found for edge in (entry.start, entry.end)]
    asked = [span.start + dt.timedelta(seconds=s) for s in seconds]

    for at in [*asked, *edges, *(edge - dt.timedelta(seconds=1) for edge in edges)]:
        if at not in span:
            continue
        held = [entry for entry in found if entry.start <= at < entry.end]
        assert len(held) < 2
        wanted_now = (held[0].people, held[0].layer) if held else resolver.NOBODY
        assert resolver.on_call_at(wanted, at) == wanted_now


@BOUNDED
@given(specs(), st.integers(1, 8 * 24 * 60 - 1))
def test_a_stretch_is_the_sum_of_its_parts(made: tuple[str, dict[str, Any]], cut: int) -> None:
    first, spec = made
    wanted = documents.read(spec_document(**spec)).schedule
    span = span_of(first, spec)
    middle = span.start + cut * MINUTE
    parts = [
        *resolver.resolve(wanted, Interval(span.start, middle)),
        *resolver.resolve(wanted, Interval(middle, span.end)),
    ]

    whole = resolver.resolve(wanted, span)

    assert resolver.merged(parts) == whole
    assert all(a.end <= b.start for a, b in itertools.pairwise(whole))


FAR = [
    "UTC", "America/Chicago", "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Casablanca",
    "Asia/Beirut", "America/Asuncion", "Africa/Cairo", "America/St_Johns", "Europe/Dublin",
]  # fmt: skip


def turning(zone: str, **rotation: Any) -> tuple[Schedule, Rotation]:
    found = schedule(timeZone=zone, layers=[layer(**rotation)])
    turns = found.layers[0].rotation
    assert isinstance(turns, Rotation)
    return found, turns


@pytest.mark.parametrize("zone", FAR)
@pytest.mark.parametrize("clock", ["00:00", "00:30", "02:30", "23:59"])
def test_boundaries_rise_over_ten_years_and_the_computed_index_fits_each(
    zone: str, clock: str
) -> None:
    found, turns = turning(zone, unit="day", start=f"2020-01-31T{clock}:00")
    edges = [rotations.boundary(turns, index, found.zone) for index in range(3660)]

    assert all(a < b for a, b in itertools.pairwise(edges))
    second = dt.timedelta(seconds=1)
    for index, edge in enumerate(edges):
        assert rotations.index_at(turns, edge, found.zone) == index
        assert rotations.index_at(turns, edge - second, found.zone) == index - 1


@pytest.mark.parametrize("zone", FAR)
def test_months_are_counted_from_the_first_hand_off_without_drift(zone: str) -> None:
    found, turns = turning(zone, unit="month", start="2020-01-31T09:00:00")

    for index in range(120):
        edge = rotations.boundary(turns, index, found.zone)
        wall = edge.astimezone(found.zone)
        assert (wall + dt.timedelta(days=1)).day == 1 or wall.day == 31
        assert (wall.hour, wall.minute) == (9, 0)
        assert rotations.index_at(turns, edge, found.zone) == index


def test_only_a_day_that_was_left_out_makes_two_boundaries_equal() -> None:
    found, turns = turning("Pacific/Apia", unit="day", start="2011-12-20T00:00:00")
    edges = [rotations.boundary(turns, index, found.zone) for index in range(30)]

    equal = [index for index, pair in enumerate(itertools.pairwise(edges))
             if pair[0] == pair[1]]  # fmt: skip

    assert equal == [10]  # 30 December 2011
    assert rotations.index_at(turns, edges[11], found.zone) == 11


def test_looking_from_another_zone_changes_nothing() -> None:
    wanted = schedule(timeZone="Europe/Berlin", layers=[layer(unit="day")])
    span = Interval(utc("2026-03-20 00:00"), utc("2026-04-05 00:00"))
    tokyo = ZoneInfo("Asia/Tokyo")
    seen = Interval(span.start.astimezone(tokyo), span.end.astimezone(tokyo))

    assert resolver.resolve(wanted, seen) == resolver.resolve(wanted, span)


def test_a_rotation_without_restrictions_covers_all_time_from_its_start() -> None:
    for zone in FAR:
        wanted, turns = turning(zone, unit="day", start="2026-01-05T02:30:00")
        span = Interval(turns.first, utc("2036-01-01 00:00"))
        found = resolver.resolve(wanted, span)

        assert found[0].start == span.start
        assert found[-1].end == span.end
        assert all(a.end == b.start for a, b in itertools.pairwise(found))
