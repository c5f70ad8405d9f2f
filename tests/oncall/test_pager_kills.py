"""The pager killed, frozen and doubled, on both databases, beside a provider with its own ledger.

reliability.md F2, F7, F8 and the crash points; oncall.md I2 to I7. Every page that is due is
called at least once or ends with a reason; calls of a page are at most one, and one more for each
kill and each retry that is written down; nothing is called a second after it was stopped.
"""

import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.notifications.provider import Provider, provider
from tests.plumbing.worlds import ROOT, World
from watchkeeper.notifications.tasks import IN_FLIGHT
from watchkeeper.plumbing import crash_points
from watchkeeper.plumbing.due_work import LEASE_MS
from watchkeeper.plumbing.keys import Keyring

PEOPLE = 3
ROOMS = 1
PAGES = 1 + ROOMS + PEOPLE + PEOPLE
RECHECK_SECONDS = 1.0


@dataclass
class Pager(World):
    """One database and the processes that page from it."""

    phone: Provider = field(kw_only=True)

    def start(self, what: str, *words: str, **environment: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "errors").open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.oncall.pager", what, *words],
                cwd=ROOT,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
                    "WATCHKEEPER_DATA": str(self.folder),
                    "WATCHKEEPER_DATABASE_URL": self.url,
                    "WATCHKEEPER_PAGE_BUNDLE_SECONDS": "0",
                    **environment,
                },
                stdout=subprocess.PIPE if what == "stop" else subprocess.DEVNULL,
                stderr=errors,
            )
        self.processes.append(process)
        return process

    def run(self, what: str, *words: str) -> str:
        process = self.start(what, *words)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, self.errors()
        return (said or b"").decode()

    def number(self, sql: str) -> int:
        return int(self.ask(sql)[0][0])

    def is_at_rest(self) -> bool:
        """Whether every escalation is at its end and every delivery is settled."""
        sql = "SELECT count(*) FROM plumbing_duework WHERE kind IN ('escalation', 'delivery')"
        return self.number(sql) == 0

    def pages(self) -> dict[str, tuple[str, int]]:
        """Return state and recorded retries of each page."""
        rows = self.ask("SELECT page_id, state, tries FROM notifications_delivery")
        return {page: (state, tries) for page, state, tries in rows}


@pytest.fixture(params=["sqlite", "postgresql"])
def pager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pager]:
    url = f"sqlite:///{tmp_path / 'watchkeeper.db'}"
    if request.param == "postgresql":
        url = databases.new_database(f"pager_{secrets.token_hex(4)}")
    Keyring.load_or_make(tmp_path / "secret.key")
    with provider(tmp_path / "calls") as phone:
        made = Pager(tmp_path, url, phone=phone)
        made.run("migrate")
        made.run("world", phone.url("/"), str(PEOPLE))
        yield made
        for process in made.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait(timeout=20)


def wait_for(condition: Callable[[], bool], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def freeze(pager: Pager, engine: "subprocess.Popen[bytes]") -> None:
    """Let an engine stand still, but not with the one writer's place of SQLite in its hand."""
    for _ in range(200):
        engine.send_signal(signal.SIGSTOP)
        if pager.can_write():
            return
        engine.send_signal(signal.SIGCONT)
        time.sleep(0.05)
    pytest.fail("the engine never stood still without holding the writer's place")


def check(pager: Pager, escalations: int, *, interruptions: int) -> None:
    """Join the provider's ledger with the database."""
    pages, calls = pager.pages(), pager.phone.counts()
    # person0 and a room, then the team, then the team by the catch-all, for each escalation
    assert len(pages) == escalations * PAGES
    assert {page for page, (state, _) in pages.items() if state == "delivered"} == set(pages)
    assert set(calls) == set(pages)
    too_many = {p: n for p, n in calls.items() if n > 1 + interruptions + pages[p][1]}
    assert too_many == {}
    assert sum(calls.values()) - len(calls) <= 32 * interruptions
    ends = pager.ask("SELECT DISTINCT state, nobody_notified FROM oncall_escalation")
    assert [(state, bool(nobody)) for state, nobody in ends] == [("exhausted", False)]


def test_bundles_survive_engines_that_are_killed_at_random(pager: Pager) -> None:
    """What is repeated is the same call under the same key and marked, or a part of it."""
    chance = random.Random(20260306)
    many, kills = 45, 0
    bundled = {"WATCHKEEPER_PAGE_BUNDLE_SECONDS": "1"}
    engines = [pager.start("engine", **bundled) for _ in range(2)]
    for place in range(3):
        pager.run("start", str(place * 15), "15")
        time.sleep(chance.uniform(0.1, 0.4))
        engines.pop(chance.randrange(len(engines))).kill()
        kills += 1
        engines.append(pager.start("engine", **bundled))

    wait_for(pager.is_at_rest, seconds=120)

    pages = pager.pages()
    assert len(pages) == many * PAGES
    assert {state for state, _ in pages.values()} == {"delivered"}
    bodies = [json.loads(call["body"]) for call in pager.phone.calls()]
    told = Counter(page for body in bodies for page in body["pages"])
    assert set(told) == set(pages)
    assert {p: n for p, n in told.items() if n > 1 + kills + pages[p][1]} == {}
    assert len(bodies) < many  # of 360 pages
    first: dict[str, set[str]] = {}
    for body in bodies:
        assert body["may_repeat"] or body["page_id"] not in first
        assert set(body["pages"]) <= first.setdefault(body["page_id"], set(body["pages"]))


def test_pages_survive_engines_that_are_killed_at_random(pager: Pager) -> None:
    chance = random.Random(20260305)
    many, kills = 60, 0
    engines = [pager.start("engine") for _ in range(2)]
    pager.run("start", "0", str(many))
    while kills < 20:
        time.sleep(chance.uniform(0.3, 1.0))
        engines.pop(chance.randrange(len(engines))).kill()
        kills += 1
        engines.append(pager.start("engine"))

    wait_for(pager.is_at_rest, seconds=120)

    check(pager, many, interruptions=kills)


def test_two_engines_call_every_page_once(pager: Pager) -> None:
    for _ in range(2):
        pager.start("engine")
    pager.run("start", "0", "40")

    wait_for(pager.is_at_rest, seconds=120)

    check(pager, 40, interruptions=0)


def test_two_engines_take_turns_fairly(pager: Pager) -> None:
    """Who is paged in turn is so across engines: nobody twice while another waits."""
    pager.run("world", pager.phone.url("/"), str(PEOPLE), "turns")
    pager.run("start", "0", "60")
    for _ in range(2):
        pager.start("engine")

    wait_for(pager.is_at_rest, seconds=90)

    rows = pager.ask("SELECT person, count(*) FROM oncall_page WHERE step = 0 GROUP BY person")
    assert sorted(count for _, count in rows) == [60 // PEOPLE] * PEOPLE


@pytest.mark.parametrize("point", [*crash_points.ESCALATION_POINTS, *crash_points.DELIVERY_POINTS])
def test_at_every_crash_point_of_the_pager_nothing_is_lost(pager: Pager, point: str) -> None:
    pager.run("start", "0", "5")
    crash = {"WATCHKEEPER_CRASH_AT": point, "WATCHKEEPER_TEST_BUILD": "1"}
    assert pager.start("engine", **crash).wait(timeout=60) == -signal.SIGKILL

    pager.start("engine")
    wait_for(pager.is_at_rest, seconds=90)

    check(pager, 5, interruptions=1)


def check_caught_up(pager: Pager, posts: int) -> None:
    """Every event was decided once, and every alert is over: no end came before its beginning."""
    wait_for(
        lambda: (
            pager.number("SELECT count(*) FROM plumbing_duework WHERE kind = 'undecided'") == 0
        ),
        seconds=60,
    )
    found = pager.ask("SELECT verdict, count(*) FROM alerts_inboundevent GROUP BY verdict")
    assert sorted(found) == [("opened", posts * 10), ("resolved", posts * 10)]
    states = pager.ask("SELECT state, count(*) FROM alerts_alert GROUP BY state")
    assert states == [("resolved", posts * 10)]


@pytest.mark.parametrize("point", crash_points.CATCHING_UP_POINTS)
def test_what_was_accepted_first_is_decided_once_at_every_crash_point(
    pager: Pager, point: str
) -> None:
    pager.run("pile", "20")
    crash = {"WATCHKEEPER_CRASH_AT": point, "WATCHKEEPER_TEST_BUILD": "1"}
    assert pager.start("engine", **crash).wait(timeout=60) == -signal.SIGKILL

    pager.start("engine")
    check_caught_up(pager, 20)


def test_what_was_accepted_first_is_decided_once_by_engines_that_are_killed(pager: Pager) -> None:
    chance = random.Random(20260307)
    engines = [pager.start("engine") for _ in range(2)]
    piling = pager.start("pile", "100")
    for _ in range(6):
        time.sleep(chance.uniform(0.2, 0.8))
        engines.pop(chance.randrange(len(engines))).kill()
        engines.append(pager.start("engine"))
    assert piling.wait(timeout=60) == 0, pager.errors()

    check_caught_up(pager, 100)


def test_a_frozen_engine_changes_nothing_when_it_comes_back(pager: Pager) -> None:
    for number in range(PEOPLE):
        pager.phone.always[f"/person{number}"] = "slow:0.3"
    frozen, _ = pager.start("engine"), pager.start("engine")
    pager.run("start", "0", "40")
    wait_for(lambda: len(pager.phone.calls()) > 20, seconds=60)
    freeze(pager, frozen)
    time.sleep(LEASE_MS / 1000 * 3)
    frozen.send_signal(signal.SIGCONT)

    wait_for(pager.is_at_rest, seconds=120)

    check(pager, 40, interruptions=1)


def signed_at(call: dict[str, Any]) -> int:
    """Return when a call was signed, which comes after the last look whether it is wanted."""
    stamp, _, _ = call["headers"]["watchkeeper-signature"].partition(",")
    return int(stamp.removeprefix("t="))


@pytest.mark.parametrize("is_frozen", [False, True], ids=["alive", "frozen"])
def test_nothing_is_called_a_second_after_it_was_stopped(pager: Pager, is_frozen: bool) -> None:
    """Also not by an engine that stood still since before, with calls in hand."""
    for number in range(PEOPLE):
        pager.phone.always[f"/person{number}"] = "slow:0.2"
    engine = pager.start("engine")
    pager.run("start", "0", "100")
    wait_for(lambda: len(pager.phone.calls()) > 40, seconds=60)
    if is_frozen:
        freeze(pager, engine)

    stopped_at = float(pager.run("stop", "0", "100"))
    if is_frozen:
        time.sleep(RECHECK_SECONDS + 0.5)
        engine.send_signal(signal.SIGCONT)
    time.sleep(RECHECK_SECONDS + 3)

    late = [c for c in pager.phone.calls() if c["at"] > stopped_at + RECHECK_SECONDS]
    # What was signed before stood between the last look and the wire when its process was frozen.
    assert [call for call in late if not is_frozen or signed_at(call) > stopped_at] == []
    assert len(late) <= IN_FLIGHT
    assert pager.is_at_rest()
    states = {state for state, _ in pager.pages().values()}
    assert states <= {"delivered", "cancelled"}
    assert "cancelled" in states
