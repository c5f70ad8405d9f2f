"""How long the list of alerts takes over many millions of them, on PostgreSQL."""

import argparse
import os

from bench import house

BOUND_SECONDS = 0.2
ALERTS, OPEN, SERVICES = 10_000_000, 2_000, 500
PAGES = (
    "/alerts",
    "/alerts?state=all",
    "/alerts?state=all&service=service-7",
    "/alerts?state=resolved",
    "/alerts?state=all&severity=critical",
    "/alerts?state=all&q=service-7",
    "/alerts?state=all&before=5000000",
)
_SAID = {
    "scope": "'am'",
    "key": "'key-' || n",
    "episode": "''",
    "service_name": "'service-' || mod(n, {services})",
    "state": "CASE WHEN n > {alerts} - {open} THEN 'firing' ELSE 'resolved' END",
    "severity": "CASE mod(n, 10) WHEN 0 THEN 'critical' ELSE 'warning' END",
    "urgency": "'high'",
    "title": "'Errors above 5 %% at service-' || mod(n, {services})",
    "labels": "jsonb_build_object('alertname', 'HighErrorRate', 'instance', 'i-' || n)",
    "count": "1",
    "opened_at": "now() - ({alerts} - n) * interval '1 second'",
    "last_event_at": "now() - ({alerts} - n) * interval '1 second'",
    "resolved_at": "CASE WHEN n <= {alerts} - {open} THEN now() END",
    "resolved_by": "CASE WHEN n <= {alerts} - {open} THEN 'sender' ELSE '' END",
    "is_over": "false",
}


def main() -> None:
    """Fill a database of its own and ask for pages again and again."""
    parser = argparse.ArgumentParser(prog="python -m bench.alert_list", description=__doc__)
    parser.add_argument("--alerts", type=int, default=ALERTS)
    parser.add_argument("--times", type=int, default=40)
    chosen = parser.parse_args()
    from tests.databases import new_database

    os.environ["WATCHKEEPER_DATABASE_URL"] = new_database("alert_list")
    with house.fresh():
        _fill(chosen.alerts)
        _measure(chosen.alerts, times=chosen.times)


def _fill(alerts: int) -> None:
    from django.db import connection

    from watchkeeper.alerts.models import Alert

    names, values = [], []
    for field in Alert._meta.concrete_fields:
        if field.primary_key:
            continue
        names.append(connection.ops.quote_name(field.attname))
        empty = "NULL" if field.null else "''"
        said = _SAID.get(field.attname, empty)
        values.append(said.format(alerts=alerts, open=OPEN, services=SERVICES))
    sql = (
        f"INSERT INTO {Alert._meta.db_table} ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM generate_series(%s, %s) AS n"
    )
    step = 500_000
    with connection.cursor() as cursor:
        for start in range(1, alerts + 1, step):
            cursor.execute(sql, [start, min(alerts, start + step - 1)])
        cursor.execute(f"ANALYZE {Alert._meta.db_table}")


def _measure(alerts: int, *, times: int) -> None:
    from django.test import Client
    from tests.factories import make_user

    client = Client(SERVER_NAME="localhost")
    user = make_user("alice", role="admin")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    print(f"List of {alerts:,} alerts, {OPEN:,} of them open, inside the server, PostgreSQL")
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        taken = sorted(house.timed(lambda path=path: client.get(path))[0] for _ in range(times))
        middle, p95 = taken[len(taken) // 2], taken[int(len(taken) * 0.95)]
        print(
            f"  {path:40} median {middle * 1000:6.0f} ms   p95 {p95 * 1000:6.0f} ms"
            f"   bound {BOUND_SECONDS * 1000:.0f} ms   ratio {p95 / BOUND_SECONDS:.2f}"
        )


if __name__ == "__main__":
    main()
