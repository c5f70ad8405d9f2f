"""Real servers for tests, each on a free port with a folder of its own.

A program that this machine lacks skips the test and is named; under CI it fails. Every server is
seen alive after it says that it is ready (another's server may hold the port) and is stopped by
its process id.
"""

import functools
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.databases import free_port

READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs until the test session ends or :meth:`stop` is called."""

    url: str
    folder: Path
    process: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=30)

    def get(self, path: str) -> bytes:
        return httpx.get(self.url + path, timeout=10).raise_for_status().content

    def post(self, path: str, body: bytes = b"", **headers: str) -> bytes:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = httpx.post(self.url + path, content=body, headers=named, timeout=60)
        return answer.raise_for_status().content


StartPrometheus = Callable[..., Server]


@functools.cache
def program(name: str) -> str:
    """Return the path of a program; skip the test, or fail it under CI, where it is missing."""
    found = shutil.which(name)
    if found is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"the program {name} is missing")
    pytest.skip(f"this machine has no program {name}")


def start(command: Sequence[str], *, url: str, ready: str, folder: Path) -> Server:
    """Start a server and return it once it answers ``ready`` and is still alive."""
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    server = Server(url, folder, process)
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            server.get(ready)
        except httpx.HTTPError:
            time.sleep(0.05)
            continue
        if process.poll() is None:
            return server
    server.stop()
    tail = (folder / "log.txt").read_text(errors="replace")[-500:]
    raise RuntimeError(f"{command[0]} did not start: {tail}")


def write_blocks(folder: Path, openmetrics: str) -> None:
    """Turn text with timestamps into blocks of history that Prometheus reads at its start."""
    text = folder / "history.om"
    text.write_text(openmetrics)
    subprocess.run(
        [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text),
         str(folder / "data")],
        check=True,
        capture_output=True,
    )  # fmt: skip


def start_prometheus(
    folder: Path, *, config: str = "", history: str = "", flags: Sequence[str] = ()
) -> Server:
    """Start Prometheus over ``history`` (OpenMetrics text) with ``config``."""
    port = free_port()
    (folder / "prometheus.yml").write_text(config.replace("$PORT", str(port)))
    if history:
        write_blocks(folder, history)
    return start(
        [program("prometheus"), f"--config.file={folder / 'prometheus.yml'}",
         f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
         "--storage.tsdb.retention.time=20y", "--web.enable-lifecycle",
         "--web.enable-remote-write-receiver", "--log.level=warn", *flags],
        url=f"http://127.0.0.1:{port}",
        ready="/-/ready",
        folder=folder,
    )  # fmt: skip


def start_victoria_metrics(folder: Path) -> Server:
    """Start an empty VictoriaMetrics that keeps history of any age."""
    port = free_port()
    return start(
        [program("victoria-metrics"), f"-storageDataPath={folder / 'data'}",
         f"-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0s",
         "-memory.allowedBytes=128MB", "-retentionPeriod=20y", "-loggerLevel=ERROR"],
        url=f"http://127.0.0.1:{port}",
        ready="/health",
        folder=folder,
    )  # fmt: skip


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[StartPrometheus]:
    """Start Prometheus servers by ``prometheus(history=…, config=…)``; they end with the test."""
    servers: list[Server] = []

    def begin(*, config: str = "", history: str = "", flags: Sequence[str] = ()) -> Server:
        folder = tmp_path / f"prometheus-{len(servers)}"
        folder.mkdir()
        server = start_prometheus(folder, config=config, history=history, flags=flags)
        servers.append(server)
        return server

    yield begin
    for server in servers:
        server.stop()


@pytest.fixture
def victoria_metrics(tmp_path: Path) -> Iterator[Server]:
    """An empty VictoriaMetrics."""
    folder = tmp_path / "victoria-metrics"
    folder.mkdir()
    server = start_victoria_metrics(folder)
    yield server
    server.stop()
