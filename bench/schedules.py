"""Who is on call: a thousand schedules at an instant, a year of one schedule."""

import argparse
import datetime as dt
from functools import partial
from typing import Any

from bench import house

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
ZONES = ("America/Chicago", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney", "UTC")
ROUNDS = 15


def main() -> None:
    """Make schedules and print what answers cost, cold and warm."""
    parser = argparse.ArgumentParser(prog="python -m bench.schedules", description=__doc__)
    parser.add_argument("--schedules", type=int, default=1000)
    chosen = parser.parse_args()
    with house.fresh():
        run(schedules=chosen.schedules)


def run(*, schedules: int) -> None:
    """Measure; the first question, which remembers nothing, is told apart."""
    from watchkeeper.kernel import actors
    from watchkeeper.kernel.intervals import Interval
    from watchkeeper.kernel.origins import Origin
    from watchkeeper.oncall import queries, usecases
    from watchkeeper.oncall.domain import documents, resolver

    for place in range(schedules):
        usecases.save_schedule(
            actor=actors.host(), document=document(place), origin=Origin.API, now=NOW
        )
    queries.forget()
    cold = house.timed(lambda: queries.on_call(at=NOW))
    same = [house.timed(lambda: queries.on_call(at=NOW)) for _ in range(ROUNDS)]
    other = [
        house.timed(partial(queries.on_call, at=NOW + (turn + 1) * dt.timedelta(days=9)))
        for turn in range(ROUNDS)
    ]
    print(f"Who is on call, {schedules} schedules of two layers with overrides, SQLite")
    _told("at an instant, nothing remembered", [cold], bound=0.25)
    _told("at the same instant again", same, bound=0.05)
    _told("at an instant days away", other, bound=0.25)
    year = Interval(NOW, NOW + dt.timedelta(days=365))
    print("A year of one schedule")
    for unit, bound in (("week", 0.02), ("day", 0.02), ("hour", 0.15)):
        for name, layers in (("one layer", 1), ("two layers", 2)):
            one = documents.read(document(0, unit, layers)).schedule
            spent = [house.timed(partial(resolver.resolve, one, year)) for _ in range(ROUNDS)]
            _told(f"a turn each {unit}, {name}", spent, bound=bound)


def _told(name: str, spent: list[tuple[float, float]], *, bound: float) -> None:
    house.told(f"{name}, wall", [pair[0] for pair in spent], bound=bound)
    house.told(f"{name}, processor", [pair[1] for pair in spent])


def document(place: int, unit: str = "week", layers: int = 2) -> Any:
    """Return a schedule: a rotation round the clock, and one at working hours above it."""
    from watchkeeper.kernel.documents import Document

    members = [f"person-{(place + step) % 700}" for step in range(5)]
    rotation = {"unit": unit, "start": "2024-01-01T09:00:00", "members": members}
    work = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}
    turns = rotation | {"unit": "day", "members": members[::-1]}
    found = [
        {"name": "always", "rotation": rotation},
        {"name": "work", "rotation": turns, "restrictions": [work]},
    ]
    spec = {
        "timeZone": ZONES[place % len(ZONES)],
        "layers": found[:layers],
        "overrides": [
            {"start": "2026-03-02T09:00:00", "end": "2026-03-03T09:00:00", "person": "person-1"}
        ],
    }
    metadata = {"name": f"schedule-{place:04}"}
    data = {"apiVersion": "watchkeeper/v1", "kind": "Schedule", "metadata": metadata, "spec": spec}
    return Document(data)


if __name__ == "__main__":
    main()
