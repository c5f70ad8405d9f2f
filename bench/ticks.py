"""One tick of many SLOs: new minutes stored, all rules judged, state rows written."""

import argparse
import datetime as dt
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bench import house

if TYPE_CHECKING:
    from watchkeeper.telemetry.domain.series import MinuteSeries


def main() -> None:
    """Make SLOs with history, then let minutes and ticks go on, and print what they cost."""
    parser = argparse.ArgumentParser(prog="python -m bench.ticks", description=__doc__)
    parser.add_argument("--slos", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=3, help="days of history")
    parser.add_argument("--ticks", type=int, default=90)
    chosen = parser.parse_args()
    with house.fresh():
        run(slos=chosen.slos, days=chosen.days, ticks=chosen.ticks)


def run(*, slos: int, days: int, ticks: int) -> None:
    """Measure; the first tick, which remembers nothing, is told apart."""
    from tests.factories import make_slo, slo_document

    from watchkeeper.slos import usecases
    from watchkeeper.telemetry import queries as telemetry
    from watchkeeper.telemetry.domain.series import MinuteSeries
    from watchkeeper.telemetry.usecases import store

    chance = np.random.default_rng(7)
    now = dt.datetime(2026, 3, 2, 0, 20, tzinfo=dt.UTC)
    minute = int(now.timestamp()) // 60

    def measured(start: int, end: int) -> MinuteSeries:
        """Return minutes of 3,000 events, one in a hundred with some errors."""
        total = np.full(end - start, 3_000_000, np.int64)
        bad = np.where(chance.random(end - start) < 0.01, 12_000, 0)
        return MinuteSeries(start, total - bad, total, np.ones(end - start, np.bool_))

    names = [make_slo(slo_document(f"slo-{place}")) for place in range(slos)]
    versions = []
    for name in names:
        sli = telemetry.resolve(name).id
        versions.append(int(store.versions_at(sli, np.array([minute]))[0]))
        store.store_minutes(
            sli_id=sli,
            minutes=measured(minute - days * 1440, minute - 1),
            origin="bench",
            observed_at=now,
            now=now,
        )
    before = house.peak_mebibytes()
    ticker = usecases.Ticker()
    cold = house.timed(lambda: ticker.tick(now=now))
    first = house.peak_mebibytes()
    wall: list[float] = []
    cpu: list[float] = []
    stored: list[float] = []
    for _ in range(ticks):
        now += dt.timedelta(minutes=1)
        at = int(now.timestamp()) // 60 - 2
        arrived = [(version, measured(at, at + 1)) for version in versions]
        put = house.timed(partial(_store, arrived, now))
        judged = house.timed(partial(ticker.tick, now=now))
        stored.append(put[0])
        wall.append(put[0] + judged[0])
        cpu.append(put[1] + judged[1])
    print(f"One tick of {slos} SLOs (30 days, the workbook's four rules), SQLite")
    house.told("first tick, nothing remembered", [cold[0]])
    house.told("store new minutes", stored)
    house.told("store and tick, wall", wall, bound=1)
    house.told("store and tick, processor", cpu)
    print(f"  {'peak memory':44} {house.peak_mebibytes():.0f} MiB   bound 572 MiB")
    print(f"  {'peak before the first tick, and after it':44} {before:.0f}, {first:.0f} MiB")


def _store(arrived: "list[tuple[int, MinuteSeries]]", now: dt.datetime) -> None:
    from watchkeeper.telemetry.usecases import store

    store.store_fetched(arrived, origin="bench", observed_at=now, now=now)


if __name__ == "__main__":
    main()
