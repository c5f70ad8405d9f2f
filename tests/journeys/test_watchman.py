"""Real processes that die or stand still are noticed by others, within what is promised.

reliability.md R9, F31, G18. The usual silences are shortened here; what adds to them is not.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.notifications.provider import Provider, provider
from tests.plumbing.worlds import World
from tests.product import Product

SILENCE_SECONDS = 5


def wait_for(condition: Callable[[], bool], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Provider]:
    with provider(tmp_path / "calls") as running:
        yield running


class Watched(Product):
    """A product whose environment is added to."""

    added: dict[str, str]

    def environment(self) -> dict[str, str]:
        return super().environment() | self.added

    def spawn(self, *words: str) -> "subprocess.Popen[bytes]":
        with (self.data.parent / f"{self.data.name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "watchkeeper", *words],
                env=self.environment(),
                stdout=log,
                stderr=log,
            )


def product(folder: Path, **added: str) -> Watched:
    made = Watched(folder)
    made.added = {f"WATCHKEEPER_{name.upper()}": value for name, value in added.items()}
    return made


def paths(phone: Provider) -> list[str]:
    return [call["path"] for call in phone.calls()]


def begun(phone: Provider, alarm: str) -> int:
    """Return how often the second path was told that something is wrong."""
    told = [json.loads(call["body"]) for call in phone.calls() if call["path"] == "/watch"]
    return sum((each["alarm"], each["state"]) == (alarm, "begun") for each in told)


def readiness(one: Product) -> tuple[int, dict[str, Any]]:
    status, told = one.request("GET", "/readyz")
    return status, told["checks"] if told else {}


def has_no_engine(one: Product) -> bool:
    status, checks = readiness(one)
    return status == 503 and not checks["engine"]["ok"]


def freeze(engine: "subprocess.Popen[bytes]", data: Path) -> None:
    """Let it stand still, but not with the one writer's place of SQLite in its hand."""
    world = World(data, f"sqlite:///{data / 'watchkeeper.db'}")
    for _ in range(200):
        engine.send_signal(signal.SIGSTOP)
        if world.can_write():
            return
        engine.send_signal(signal.SIGCONT)
        time.sleep(0.05)
    pytest.fail("the engine never stood still without holding the writer's place")


def test_an_engine_that_stands_still_is_told_by_the_web_on_a_second_path(
    tmp_path: Path, phone: Provider
) -> None:
    one = product(
        tmp_path / "data",
        watch_url=phone.url("/watch"),
        watch_lag_seconds=str(SILENCE_SECONDS),
    )
    one.run("migrate")
    engine = one.spawn("engine")
    web = one.spawn("web", "--port", str(one.port))
    try:
        wait_for(lambda: readiness(one)[0] == 200, seconds=60)
        assert "/watch" not in paths(phone)

        freeze(engine, one.data)
        wait_for(lambda: begun(phone, "engine") > 0, seconds=SILENCE_SECONDS + 20)
        wait_for(lambda: has_no_engine(one), seconds=20)

        engine.send_signal(signal.SIGCONT)
        wait_for(lambda: readiness(one)[0] == 200, seconds=20)
        assert begun(phone, "engine") == 1
    finally:
        for process in (engine, web):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait(timeout=20)


def test_a_dead_installation_is_noticed_by_its_peer_which_pages(
    tmp_path: Path, phone: Provider
) -> None:
    dying = product(tmp_path / "dying")
    peer = product(
        tmp_path / "peer", peer_url=dying.url, peer_silence_seconds=str(SILENCE_SECONDS)
    )
    (tmp_path / "alice.yaml").write_text(
        "{apiVersion: watchkeeper/v1, kind: Person, metadata: {name: alice}, spec: {email: "
        "a@example.org, contacts: [{name: hook, channel: webhook, address: "
        f"'{phone.url('/alice')}', verified: true}}]}}}}\n"
    )
    try:
        dying.start()
        peer.run("user", "create", "alice", "--email", "a@example.org", "--role", "admin")
        peer.run("apply", "-f", str(tmp_path / "alice.yaml"))
        peer.start()
        wait_for(lambda: readiness(dying)[0] == 200, seconds=30)
        wait_for(lambda: is_well(peer), seconds=30)

        dying.kill()

        # looked at each 10 s, by a request of at most 5 s, after the silence
        wait_for(lambda: "/alice" in paths(phone), seconds=SILENCE_SECONDS + 30)
        [alert] = peer.json("alert", "list")
        assert alert["title"] == f"The Watchkeeper at {dying.url} is not well"
    finally:
        dying.kill()
        peer.kill()


def is_well(one: Product) -> bool:
    world = World(one.data, f"sqlite:///{one.data / 'watchkeeper.db'}")
    return bool(world.ask("SELECT 1 FROM alerts_peer WHERE good_at IS NOT NULL"))
