"""How long the server takes for pages of many SLOs."""

import argparse
import datetime as dt

import numpy as np

from bench import house

BOUND_SECONDS = 0.2
PAGES = ("/slos", "/slos?group=tier", "/slos?status=burning", "/", "/services", "/sources")


def main() -> None:
    """Make SLOs with minutes, judge them once, and ask for pages again and again."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--slos", type=int, default=2_000)
    parser.add_argument("--times", type=int, default=40)
    chosen = parser.parse_args()
    with house.fresh():
        run(slos=chosen.slos, times=chosen.times)


def run(*, slos: int, times: int) -> None:
    """Measure whole requests inside the process."""
    from django.test import Client
    from tests.factories import make_slo, make_user, slo_document

    from watchkeeper.kernel import clock
    from watchkeeper.plumbing import memory
    from watchkeeper.slos import usecases
    from watchkeeper.telemetry import queries as telemetry
    from watchkeeper.telemetry.domain.series import MinuteSeries
    from watchkeeper.telemetry.usecases import store

    chance = np.random.default_rng(7)
    now = clock.now()
    minute = int(now.timestamp()) // 60
    for place in range(slos):
        name = make_slo(slo_document(f"slo-{place}", service=f"service-{place // 4}"))
        total = np.full(240, 3_000_000, np.int64)
        bad = np.where(chance.random(240) < 0.01, 12_000, 0)
        series = MinuteSeries(minute - 242, total - bad, total, np.ones(240, np.bool_))
        sli = telemetry.resolve(name).id
        store.store_minutes(sli_id=sli, minutes=series, origin="bench", observed_at=now, now=now)
    usecases.tick(now=now + dt.timedelta(seconds=1))
    client = Client(SERVER_NAME="localhost")
    user = make_user("alice", role="admin")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    print(f"Pages with {slos} SLOs, inside the server, SQLite")
    for path in PAGES:
        client.get(path)
    memory.leave_out_what_is_loaded()  # as a server does when it has started
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        took = [house.timed(lambda path=path: client.get(path)) for _ in range(times)]
        taken, used = (sorted(column) for column in zip(*took, strict=True))
        middle, p95 = taken[len(taken) // 2], taken[int(len(taken) * 0.95)]
        print(
            f"  {path:28} median {middle * 1000:6.0f} ms   p95 {p95 * 1000:6.0f} ms"
            f"   bound {BOUND_SECONDS * 1000:.0f} ms   ratio {p95 / BOUND_SECONDS:.2f}"
            f"   processor {used[len(used) // 2] * 1000:.0f} ms"
        )


if __name__ == "__main__":
    main()
