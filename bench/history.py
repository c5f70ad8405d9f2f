"""How many bytes a day of minutes of one SLI takes on disk once it is sealed."""

import argparse
import datetime as dt

import numpy as np

from bench import house

BOUND_BYTES = 3000


def main() -> None:
    """Store whole days of 3,000 events a minute, seal them, and look at the database."""
    parser = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__)
    parser.add_argument("--slis", type=int, default=20)
    parser.add_argument("--days", type=int, default=30)
    chosen = parser.parse_args()
    with house.fresh():
        print(f"A sealed day of one SLI, 3,000 events a minute, {chosen.days} days, SQLite")
        for share in (0.0, 0.001, 0.01):
            taken = run(slis=chosen.slis, days=chosen.days, share=share)
            print(
                f"  {share:6.1%} of events fail {taken:32.0f} bytes   bound {BOUND_BYTES} bytes"
                f"   ratio {taken / BOUND_BYTES:.2f}"
            )


def run(*, slis: int, days: int, share: float) -> float:
    """Return the bytes that a day and SLI add to the database file."""
    from tests.factories import make_slo, slo_document

    from watchkeeper.telemetry import queries as telemetry
    from watchkeeper.telemetry.domain.series import MinuteSeries
    from watchkeeper.telemetry.usecases import seal, store

    chance = np.random.default_rng(7)
    now = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    end = int(now.timestamp()) // 86_400 * 1440
    before = _size()
    for place in range(slis):
        sli = telemetry.resolve(make_slo(slo_document(f"slo-{share}-{place}"))).id
        total = chance.poisson(3000, days * 1440)
        good = total - chance.binomial(total, share)
        covered = np.ones(days * 1440, np.bool_)
        series = MinuteSeries(end - days * 1440, good * 1000, total * 1000, covered)
        store.store_minutes(sli_id=sli, minutes=series, origin="bench", observed_at=now, now=now)
    after: int | None = 0
    while after is not None:
        after = seal.seal_some(after=after, now=now)
    return (_size() - before) / (slis * days)


def _size() -> int:
    """Return the bytes of the database, without what is free in it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    main()
