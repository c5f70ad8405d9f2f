"""A real Alertmanager that posts to the real product, and what it posted."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.databases import free_port
from tests.servers import Server

WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Alertmanager:
    """An Alertmanager and how to make it fire."""

    server: Server

    def fire(self, *names: str, ends_at: str | None = None, **labels: str) -> None:
        """Post alerts as Prometheus does; with ``ends_at`` they are over."""
        alerts: list[dict[str, Any]] = [
            {
                "labels": {"alertname": name, "severity": "critical"} | labels,
                "annotations": {
                    "summary": f"{name} burns", "runbook_url": "https://runbooks.example.org/x",
                },
                "generatorURL": "http://prometheus.example.org/graph?g0.expr=up",
            }
            for name in names
        ]  # fmt: skip
        for alert in alerts:
            if ends_at is not None:
                alert["endsAt"] = ends_at
        self.server.post(
            "/api/v2/alerts", json.dumps(alerts).encode(), Content_Type="application/json"
        )


Start = Callable[[str], Alertmanager]


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[Start]:
    """Start Alertmanagers by ``alertmanager(receiver)``, the YAML below ``receivers[0]``."""
    started: list[Server] = []

    def begin(receiver: str) -> Alertmanager:
        folder = tmp_path / f"alertmanager-{len(started)}"
        folder.mkdir()
        port = free_port()
        config = (
            "route: {receiver: one, group_wait: 0s, group_interval: 1s, repeat_interval: 1h, "
            f"group_by: [alertname]}}\nreceivers:\n- name: one\n{receiver}"
        )
        (folder / "alertmanager.yml").write_text(config)
        server = servers.start(
            [servers.program("prometheus-alertmanager"),
             f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
            url=f"http://127.0.0.1:{port}",
            ready="/-/ready",
            folder=folder,
        )  # fmt: skip
        started.append(server)
        return Alertmanager(server)

    yield begin
    for server in started:
        server.stop()


def eventually(ask: Callable[[], Any]) -> Any:
    """Return the first truthy answer of ``ask``; the last one after half a minute."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        answer = ask()
        if answer or time.monotonic() > until:
            return answer
        time.sleep(0.1)
