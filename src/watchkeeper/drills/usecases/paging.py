"""The paging drill: load, faults and kills against a throw-away installation, then the checker."""

import random
import socketserver
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchkeeper.drills.domain import checker, script
from watchkeeper.drills.domain.checker import Report
from watchkeeper.drills.domain.ledgers import History, StoredAlert, StoredPage
from watchkeeper.drills.usecases.fleet import Fleet
from watchkeeper.drills.usecases.load import Senders, Takers
from watchkeeper.drills.usecases.provider import Provider, now_ms
from watchkeeper.kernel import clock

SETTLE_SECONDS = 75.0
SETTLED_A_SECOND = 100
"""Alerts that come to their end each second in a drill of many, at the very least."""

_PERSON = """
apiVersion: watchkeeper/v1
kind: Person
metadata: {{name: {name}}}
spec:
  contacts: [{{name: hook, channel: webhook, address: '{url}/{name}', verified: true}}]
  rules: {{high: [{{contact: hook, after: 0m}}], low: [{{contact: hook, after: 0m}}]}}
"""
_POLICY = """
apiVersion: watchkeeper/v1
kind: EscalationPolicy
metadata: {{name: {name}}}
spec:
  repeat: {shape.rounds}
  repeatAfter: {shape.repeat}
  steps:
    - {{notify: [{{person: {name}-one}}]}}
    - {{after: {shape.step}, notify: [{{person: {name}-two}}]}}
  catchAll: {{person: {name}-one}}
---
apiVersion: watchkeeper/v1
kind: Route
metadata: {{name: {name}}}
spec: {{order: {order}, match: ['service="{name}"'], policy: {name}, urgency: high}}
"""


@dataclass(frozen=True, slots=True)
class Drill:
    """What is to be tried.

    Attributes:
        folder: An empty folder for everything that the drill writes.
        alerts: How many alerts are sent.
        kills: How many times a process is killed.
        seed: What all else is drawn from.
        a_second: Alerts begun each second.
        database_url: An empty PostgreSQL database to use; ``None``: SQLite in the folder.
        engines: How many engines, on PostgreSQL.
        batch: Alerts in each post.
    """

    folder: Path
    alerts: int
    kills: int
    seed: int
    a_second: float = 20.0
    database_url: str | None = None
    engines: int = 1
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """What was found, and how many kills there were."""

    report: Report
    kills: int


def paging(drill: Drill) -> Result:
    """Run ``drill`` and return what the checker found.

    Raises:
        InvalidError: the installation could not be made, started or read.
    """
    plan, shape = script.alerts(drill.seed, drill.alerts), script.shape(drill.alerts)
    fleet = Fleet(
        drill.folder / "data",
        _free_port(),
        database_url=drill.database_url,
        engines=drill.engines,
        bundle_seconds=shape.bundle_seconds,
    )
    provider = Provider(drill.folder / "provider.jsonl", script.faults(drill.seed))
    try:
        address, token = _prepare(fleet, provider, drill)
        takers = Takers(
            fleet.url,
            token,
            {p.key: p.acknowledge_after for p in plan},
            together=shape.together,
        )
        provider.start(takers.called)
        fleet.start()
        senders = Senders(
            drill.folder / "sender.jsonl",
            f"{fleet.url}{address}",
            a_second=drill.a_second,
            batch=drill.batch,
        )
        sending = threading.Thread(target=senders.run, args=(plan,))
        sending.start()
        kills = _kill(fleet, drill)
        sending.join()
        _settle(fleet, seconds=SETTLE_SECONDS + drill.alerts / SETTLED_A_SECOND)
        takers.stop()
        alerts, pages = _stored(fleet.rows("drill-stored"))
    finally:
        provider.stop()
        fleet.stop()
    history = History(
        sent=senders.sent,
        acknowledged=takers.acknowledged,
        calls=provider.calls,
        alerts=alerts,
        pages=pages,
        kills=kills,
        ended=now_ms(),
        bundle_ms=shape.bundle_seconds * 1000,
    )
    return Result(checker.check(history), len(kills))


def _free_port() -> int:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        return int(server.server_address[1])


def _documents(url: str, alerts: int) -> str:
    """Return who is paged for so many: of each service one person, and then another."""
    documents = []
    shape = script.shape(alerts)
    for order, name in enumerate(script.services(alerts)):
        documents += [_PERSON.format(name=f"{name}-{which}", url=url) for which in ("one", "two")]
        documents.append(_POLICY.format(name=name, order=order, shape=shape))
    return "---".join(documents)


def _prepare(fleet: Fleet, provider: Provider, drill: Drill) -> tuple[str, str]:
    """Make the installation and return the path of its integration and a token."""
    file = fleet.data.parent / "drill.yaml"
    file.write_text(_documents(provider.url, drill.alerts), encoding="utf-8")
    fleet.run("apply", "-f", str(file))
    made = fleet.json("integration", "create", "generic", "--name", "drill")
    token = fleet.json("token", "create", "--name", "drill", "--role", "responder")
    return f"/in/generic/{made['key']}", str(token["token"])


def _kill(fleet: Fleet, drill: Drill) -> list[int]:
    dice = random.Random(f"victims {drill.seed}")  # noqa: S311  a plan, not a secret
    pause = threading.Event()
    kills = []
    for alive, gone in script.pauses(drill.seed, drill.kills, over=drill.alerts / drill.a_second):
        pause.wait(alive)
        fleet.kill(dice)
        kills.append(now_ms())
        pause.wait(gone)
        fleet.start()
    return kills


def _settle(fleet: Fleet, *, seconds: float) -> None:
    """Wait until nothing is under way, at most so long."""
    end = clock.monotonic() + seconds
    pause = threading.Event()
    while int(fleet.run("drill-under-way")) and clock.monotonic() < end:
        pause.wait(min(max(1.0, seconds / 100), 15.0))  # to look costs a second of a core


def _stored(
    rows: Iterable[dict[str, Any]],
) -> tuple[dict[str, StoredAlert], list[StoredPage]]:
    """Return the alerts, by key, and the pages that the database holds."""
    alerts: dict[str, StoredAlert] = {}
    pages: list[StoredPage] = []
    for row in rows:
        if row["row"] == "alert":
            alerts[row["key"]] = StoredAlert(
                row["key"], row["state"], row["count"], tuple(row["verdicts"]), row["is_loud"]
            )
        else:
            pages.append(
                StoredPage(
                    row["id"],
                    row["key"],
                    row["person"],
                    row["due"],
                    row["state"],
                    row["reason"],
                    tuple(row["outcomes"]),
                )
            )
    return alerts, pages
