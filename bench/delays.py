"""How long it takes from an accepted alert to the provider's phone ringing.

At ten a second each alert rings by itself. At a thousand a second, and in a storm, calls are
bundled: then the first call of each service counts, and that everything was told in the end.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.product import Product

from bench import house, senders
from bench.sinks import Sink

SERVICES = 50
DRAIN_SECONDS = 300
CALM, BUSY, STORM = "calm", "busy", "storm"


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--only", choices=(CALM, BUSY, STORM))
    asked = parser.parse_args()
    if asked.only in (None, CALM):
        _measure(
            asked.database,
            "10 a second, each rings",
            10,
            seconds=30,
            batch=1,
            bundle=0,
            bound=0.25,
        )
    if asked.only in (None, BUSY):
        _measure(asked.database, "1,000 a second", 1_000, seconds=20, batch=10, bundle=60, bound=1)
    if asked.only in (None, STORM):
        _measure(
            asked.database, "100,000 in a minute", 1_667, seconds=60, batch=50, bundle=60, bound=10
        )


def _measure(
    database: str, what: str, a_second: int, *, seconds: int, batch: int, bundle: int, bound: float
) -> None:
    from tests.databases import new_database

    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        url = new_database(f"delays_{a_second}") if database == "postgresql" else None
        product = _Bundling(Path(folder) / "data", database_url=url)
        product.bundle = bundle
        sink = Sink()
        path = _set_up(product, Path(folder), sink)
        product.start()
        try:
            posts = [
                [f"{n}" for n in range(start, start + batch)]
                for start in range(0, a_second * seconds, batch)
            ]
            told = senders.post(
                product.port,
                senders.requests(product.port, path, [_body(keys) for keys in posts]),
                lines=32,
                a_second=a_second / batch,
            )
            print(
                f"{what}, {database}: {told.statuses}, p99 to be accepted {told.wait(0.99):.0f} ms"
            )
            _tell(sink, told, posts, bundle=bundle, bound=bound)
            assert product.process is not None
            held = house.resident_mebibytes(product.process.pid)
            print(f"  {'memory after it':44} {held:.0f} MiB   bound 1536 MiB")
        finally:
            product.stop()


class _Bundling(Product):
    """The product, with a setting of its own."""

    bundle = 0

    def environment(self) -> dict[str, str]:
        return super().environment() | {"WATCHKEEPER_PAGE_BUNDLE_SECONDS": str(self.bundle)}


def _set_up(product: Product, folder: Path, sink: Sink) -> str:
    """Give each service a person of its own, and return the path that alerts are posted to."""
    documents: list[dict[str, Any]] = []
    for n in range(SERVICES):
        name = f"service-{n}"
        contact = {
            "name": "hook", "channel": "webhook", "verified": True,
            "address": f"http://127.0.0.1:{sink.port}/{n}",
        }  # fmt: skip
        now = [{"contact": "hook", "after": "0m"}]
        documents += [
            _document("Person", f"person-{n}", {
                "email": f"p{n}@example.org", "timeZone": "UTC", "contacts": [contact],
                "rules": {"high": now, "low": now},
            }),
            _document("EscalationPolicy", name, {
                "steps": [{"notify": [{"person": f"person-{n}"}]}],
            }),
            _document("Route", name, {
                "order": n, "match": [f'service="{name}"'], "policy": name, "urgency": "high",
            }),
        ]  # fmt: skip
    made = product.json("integration", "create", "alertmanager", "--name", "am")
    (folder / "rules.yaml").write_text("\n---\n".join(json.dumps(each) for each in documents))
    product.run("apply", "-f", str(folder / "rules.yaml"))
    url: str = made["url"]
    return url[url.index("/in/") :]


def _document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    head = {"apiVersion": "watchkeeper/v1", "kind": kind}
    return {**head, "metadata": {"name": name}, "spec": spec}


def _body(keys: list[str]) -> bytes:
    alerts = [
        {
            "status": "firing", "fingerprint": key, "startsAt": "2026-03-02T10:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z", "annotations": {"summary": "errors above 5 %"},
            "labels": {"alertname": "HighErrorRate", "instance": key, "severity": "critical",
                       "service": f"service-{int(key) % SERVICES}"},
        }
        for key in keys
    ]  # fmt: skip
    return json.dumps({"version": "4", "status": "firing", "alerts": alerts}).encode()


def _tell(
    sink: Sink, told: senders.Outcome, posts: list[list[str]], *, bundle: int, bound: float
) -> None:
    accepted = {
        key: at for keys, at in zip(posts, told.accepted, strict=True) if at for key in keys
    }
    end = time.perf_counter() + DRAIN_SECONDS
    while len(sink.first) < len(accepted) and time.perf_counter() < end:
        time.sleep(0.05)
    lost = len(accepted) - len(sink.first)
    delays = sorted(sink.first[key] - at for key, at in accepted.items() if key in sink.first)
    firsts: dict[int, float] = {}
    for key, at in accepted.items():
        if key in sink.first:
            service = int(key) % SERVICES
            firsts[service] = min(firsts.get(service, 1e9), sink.first[key] - at)
    judged = sorted(firsts.values()) if bundle else delays
    label = "first call of each service" if bundle else "accepted to called"
    p99 = judged[min(len(judged) - 1, int(0.99 * len(judged)))]
    print(
        f"  {label:44} p50 {judged[len(judged) // 2]:.3f} s   p99 {p99:.3f} s   bound {bound:g} s"
    )
    drained = max(sink.first.values()) - max(accepted.values())
    print(f"  {'told after the last was accepted':44} {drained:.1f} s   bound {DRAIN_SECONDS} s")
    print(
        f"  {'alerts, calls, never told':44} {len(accepted)}, {sum(sink.calls.values())}, {lost}"
    )


if __name__ == "__main__":
    main()
