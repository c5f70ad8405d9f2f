"""The pager killed, frozen and doubled, on both databases, beside a provider with its own ledger.

reliability.md F2, F7, F8 and the crash points; oncall.md I2 to I7. Every page that is due is
called at least once or ends with a reason; calls of a page are at most one, and one more for each
kill and each retry that is written down; nothing is called a second after it was stopped.
"""

import json
import random
import secrets
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.oncall.pagers import PAGES, PEOPLE, Pager, check, pager_on, wait_for
from watchkeeper.notifications.tasks import IN_FLIGHT
from watchkeeper.plumbing import crash_points
from watchkeeper.plumbing.due_work import LEASE_MS

RECHECK_SECONDS = 1.0


@pytest.fixture(params=["sqlite", "postgresql"])
def pager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pager]:
    url = f"sqlite:///{tmp_path / 'watchkeeper.db'}"
    if request.param == "postgresql":
        url = databases.new_database(f"pager_{secrets.token_hex(4)}")
    with pager_on(url, tmp_path) as made:
        yield made


def freeze(pager: Pager, engine: "subprocess.Popen[bytes]") -> None:
    """Let an engine stand still, but not with the one writer's place of SQLite in its hand."""
    for _ in range(200):
        engine.send_signal(signal.SIGSTOP)
        if pager.can_write():
            return
        engine.send_signal(signal.SIGCONT)
        time.sleep(0.05)
    pytest.fail("the engine never stood still without holding the writer's place")


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
