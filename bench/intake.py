"""How many alerts are taken in a second, each on disk, and how many decided, beside Alertmanager.

Both get the same alerts over the same kept connections in the same run. Alertmanager keeps them in
memory. Each alert has a key of its own, so that each opens one. Neither has anybody to call while
this runs: the first step is due in an hour, as Alertmanager's receiver takes no calls.
"""

import argparse
import json
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import house, senders

if TYPE_CHECKING:
    from tests.plumbing.worlds import World
    from tests.product import Product

LINES = 32
SINGLE, BATCHED, BATCH = 6_000, 100_000, 100
SINGLES_A_SECOND, DECIDED_A_SECOND, LATEST_MS = 600, 4_000, 100
SHARE_OF_PACE = 0.8
_RULES = """
{apiVersion: watchkeeper/v1, kind: EscalationPolicy, metadata: {name: later}, spec: {steps: [{after: 1h, notify: [{person: alice}]}]}}
---
{apiVersion: watchkeeper/v1, kind: Route, metadata: {name: all}, spec: {order: 1, match: [], policy: later}}
"""  # noqa: E501  one document a line
_SILENT = """
route: {receiver: nobody, group_by: [service], group_wait: 30s}
receivers: [{name: nobody}]
"""


def main() -> None:
    """Measure both on the databases asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--single", type=int, default=SINGLE, help="posts of one alert")
    parser.add_argument("--batched", type=int, default=BATCHED, help="alerts in posts of 100")
    parser.add_argument("--lines", type=int, default=LINES, help="connections")
    asked = parser.parse_args()
    wanted = ("sqlite", "postgresql") if asked.database == "both" else (asked.database,)
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="watchkeeper-bench-"))
        )
        peer = _alertmanager(asked, folder, stack)
        for database in wanted:
            _ours(asked, database, folder / database, stack, peer)


def _alertmanager(asked: argparse.Namespace, folder: Path, stack: ExitStack) -> float:
    """Return how many alerts a second the peer takes in batches; 0 where it is not here."""
    from tests import servers
    from tests.databases import free_port

    if shutil.which("prometheus-alertmanager") is None:
        print("Alertmanager is not here: apt install prometheus-alertmanager")
        return 0.0
    (folder / "alertmanager").mkdir()
    settings = folder / "alertmanager" / "alertmanager.yml"
    settings.write_text(_SILENT, encoding="utf-8")
    port = free_port()
    server = servers.start(
        [
            "prometheus-alertmanager", f"--config.file={settings}", "--cluster.listen-address=",
            f"--storage.path={folder / 'alertmanager' / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        url=f"http://127.0.0.1:{port}", ready="/-/ready", folder=folder / "alertmanager",
    )  # fmt: skip
    stack.callback(server.stop)
    print("Alertmanager, in memory")
    path = "/api/v2/alerts"
    single = [_body([_labels("am1", n)], bare=True) for n in range(asked.single)]
    told = senders.post(port, senders.requests(port, path, single), lines=asked.lines)
    _say("single posts", asked.single, told)
    batches = senders.requests(port, path, _batches("am2", asked, bare=True))
    told = senders.post(port, batches, lines=asked.lines)
    _say("in posts of 100", asked.batched, told)
    server.stop()
    return asked.batched / told.seconds


def _ours(
    asked: argparse.Namespace, database: str, data: Path, stack: ExitStack, peer: float
) -> None:
    from tests.databases import new_database
    from tests.plumbing.worlds import World
    from tests.product import Product

    url = new_database("intake") if database == "postgresql" else None
    product = Product(data, database_url=url)
    made = json.loads(
        product.run("integration", "create", "alertmanager", "--name", "am", "--json").stdout
    )
    path = made["url"][made["url"].index("/in/") :]
    (data.parent / "rules.yaml").write_text(_RULES, encoding="utf-8")
    product.run("user", "create", "alice", "--email", "a@example.org", "--role", "responder")
    product.run("apply", "-f", str(data.parent / "rules.yaml"))
    product.start()
    stack.callback(product.stop)
    print(f"Watchkeeper on {database}, each on disk before the answer")
    single = [_body([_labels("one", n)]) for n in range(asked.single)]
    posts = senders.requests(product.port, path, single)
    told = senders.post(product.port, posts, lines=asked.lines)
    rate = _say("single posts, decided", asked.single, told, bound=SINGLES_A_SECOND)
    pace = min(rate, SINGLES_A_SECOND) * SHARE_OF_PACE
    single = [_body([_labels("paced", n)]) for n in range(int(pace * 10))]
    posts = senders.requests(product.port, path, single)
    told = senders.post(product.port, posts, lines=asked.lines, a_second=pace)
    late = told.wait(0.99)
    print(
        f"  {f'single posts at {pace:.0f} a second':34} p99 {late:6.1f} ms   bound {LATEST_MS} ms"
    )
    posts = senders.requests(product.port, path, _batches("many", asked))
    began = time.perf_counter()
    told = senders.post(product.port, posts, lines=asked.lines)
    rate = _say("in posts of 100, accepted", asked.batched, told)
    if peer:
        print(f"  {'beside Alertmanager':34} ratio {rate / peer:6.2f}   bound 1")
    _wait_until_decided(World(data, url or f"sqlite:///{data / 'watchkeeper.db'}"))
    decided = asked.batched / (time.perf_counter() - began)
    print(f"  {'in posts of 100, decided':34} {decided:8.0f} alerts/s   bound {DECIDED_A_SECOND}")
    _check(product, asked)
    product.stop()


def _wait_until_decided(world: "World") -> None:
    """Wait until no post stands in line."""
    while world.ask("SELECT 1 FROM plumbing_duework WHERE kind = 'undecided' LIMIT 1"):
        time.sleep(0.02)


def _check(product: "Product", asked: argparse.Namespace) -> None:
    """Stop if fewer alerts are open than were accepted: a figure of lost ones is none."""
    found = product.json("alert", "list")
    assert len(found) >= asked.single + asked.batched, len(found)
    assert product.process is not None
    print(f"  {'memory after it':34} {house.resident_mebibytes(product.process.pid):6.0f} MiB")


def _say(what: str, alerts: int, told: senders.Outcome, *, bound: int = 0) -> float:
    rate = alerts / told.seconds
    limit = f"   bound {bound}" if bound else ""
    refused = {status: n for status, n in told.statuses.items() if status >= 300}
    print(
        f"  {what:34} {rate:8.0f} alerts/s   p50 {told.wait(0.5):6.1f} ms   "
        f"p99 {told.wait(0.99):6.1f} ms{limit}{f'   refused {refused}' if refused else ''}"
    )
    return rate


def _batches(name: str, asked: argparse.Namespace, *, bare: bool = False) -> list[bytes]:
    return [
        _body([_labels(name, n) for n in range(start, start + BATCH)], bare=bare)
        for start in range(0, asked.batched, BATCH)
    ]


def _labels(name: str, number: int) -> dict[str, str]:
    return {
        "alertname": "HighErrorRate",
        "instance": f"{name}-{number}",
        "service": f"service-{number % 50}",
        "severity": "warning",
        "cluster": "eu-1",
    }


def _body(labels: list[dict[str, str]], *, bare: bool = False) -> bytes:
    """Return alerts as Prometheus posts them (``bare``), or as Alertmanager's webhook does."""
    alerts: list[dict[str, Any]] = [
        {
            "labels": each,
            "annotations": {"summary": "errors above 5 %", "runbook_url": "https://r.example/1"},
            "startsAt": "2026-03-02T10:00:00Z",
            **({} if bare else {"status": "firing", "endsAt": "0001-01-01T00:00:00Z",
                                "fingerprint": each["instance"]}),
        }
        for each in labels
    ]  # fmt: skip
    if bare:
        return json.dumps(alerts).encode()
    told = {"version": "4", "groupKey": "{}", "status": "firing", "receiver": "w",
            "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "",
            "truncatedAlerts": 0, "alerts": alerts}  # fmt: skip
    return json.dumps(told).encode()


if __name__ == "__main__":
    main()
