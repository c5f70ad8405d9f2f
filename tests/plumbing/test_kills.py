"""Real processes killed with SIGKILL and frozen with SIGSTOP, on both databases.

reliability.md F2, F3, F7, F8: no work is lost, each piece is completed once, duplicates of what
left the house are at most what was in hand at each kill.
"""

import random
import secrets
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

from tests import databases
from tests.plumbing.worker import BATCH
from tests.plumbing.worlds import World
from watchkeeper.plumbing import crash_points
from watchkeeper.plumbing.due_work import LEASE_MS, MAX_ATTEMPTS
from watchkeeper.plumbing.keys import Keyring


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = f"sqlite:///{tmp_path / 'watchkeeper.db'}"
    if request.param == "postgresql":
        url = databases.new_database(f"kills_{secrets.token_hex(4)}")
    Keyring.load_or_make(tmp_path / "secret.key")
    made = World(tmp_path, url)
    assert made.start("migrate").wait(timeout=60) == 0, made.errors()
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
        time.sleep(0.05)


def names(count: int) -> list[str]:
    return [f"work-{number:03}" for number in range(count)]


def check(world: World, expected: Sequence[str], *, interruptions: int) -> None:
    """Everything was done once; nothing left the house twice under one fence."""
    assert world.done() == sorted(expected)
    calls = Counter(key for key, _, _ in world.lines())
    assert set(calls) == set(expected)
    assert sum(calls.values()) - len(calls) <= interruptions * BATCH
    claims = Counter((key, fence) for key, fence, _ in world.lines())
    assert max(claims.values()) == 1
    assert world.errors() == ""  # nobody found the database locked


def test_work_survives_workers_that_are_killed_at_random(world: World) -> None:
    chance = random.Random(20260302)
    world.put(*names(300))
    workers = [world.start("items") for _ in range(3)]
    wait_for(lambda: len(world.done()) > 5, seconds=20)
    kills = 0
    while kills < 10 and world.left():
        time.sleep(chance.uniform(0.02, 0.2))
        workers.pop(chance.randrange(len(workers))).kill()
        kills += 1
        workers.append(world.start("items"))

    wait_for(lambda: world.left() == 0, seconds=60)

    check(world, names(300), interruptions=kills)


def test_work_survives_engines_whose_loops_are_killed_at_random(world: World) -> None:
    chance = random.Random(20260304)
    world.put(*names(300))
    engines = [world.start("loop") for _ in range(2)]
    wait_for(lambda: len(world.done()) > 5, seconds=20)
    kills = 0
    while kills < 6 and world.left():
        time.sleep(chance.uniform(0.05, 0.3))
        engines.pop(chance.randrange(len(engines))).kill()
        kills += 1
        engines.append(world.start("loop"))

    wait_for(lambda: world.left() == 0, seconds=60)

    assert kills > 0
    check(world, names(300), interruptions=kills)


def test_a_loop_ends_at_sigterm_with_nothing_in_hand(world: World) -> None:
    world.put(*names(300))
    engine = world.start("loop", WATCHKEEPER_TEST_LEASE_MS="60000")
    wait_for(lambda: len(world.done()) > 5, seconds=20)

    engine.terminate()

    assert engine.wait(timeout=10) == 0
    assert world.ask("SELECT count(*) FROM plumbing_duework WHERE lease_until_ms > 0") == [(0,)]


def test_a_worker_that_was_frozen_changes_nothing_when_it_comes_back(world: World) -> None:
    chance = random.Random(20260303)
    world.put(*names(200))
    workers = [world.start("items") for _ in range(3)]
    wait_for(lambda: len(world.done()) > 5, seconds=20)
    freezes = 0
    while freezes < 4 and world.left():
        worker = chance.choice(workers)
        worker.send_signal(signal.SIGSTOP)
        time.sleep(chance.uniform(0.6, 1.0))
        worker.send_signal(signal.SIGCONT)
        freezes += 1

    wait_for(lambda: world.left() == 0, seconds=60)

    check(world, names(200), interruptions=freezes)


def test_three_workers_share_the_work(world: World) -> None:
    world.put(*names(240))
    for _ in range(3):
        world.start("items", WATCHKEEPER_TEST_LEASE_MS="60000")

    wait_for(lambda: world.left() == 0, seconds=60)

    check(world, names(240), interruptions=0)
    if world.url.startswith("postgresql"):
        assert len({owner for _, _, owner in world.lines()}) == 3


@pytest.mark.parametrize("point", crash_points.POINTS)
def test_at_every_crash_point_nothing_is_lost(world: World, point: str) -> None:
    world.put(*names(20))
    crash = {"WATCHKEEPER_CRASH_AT": point, "WATCHKEEPER_TEST_BUILD": "1"}
    assert world.start("items", **crash).wait(timeout=20) == -signal.SIGKILL

    world.start("items")
    wait_for(lambda: world.left() == 0, seconds=30)

    check(world, names(20), interruptions=1)


def test_crash_points_do_nothing_outside_a_test_build(world: World) -> None:
    world.put(*names(5))
    world.start("items", WATCHKEEPER_CRASH_AT=crash_points.POINTS[0])

    wait_for(lambda: world.left() == 0, seconds=30)

    check(world, names(5), interruptions=0)


def test_work_that_kills_its_process_ends_in_quarantine_and_takes_nobody_along(
    world: World,
) -> None:
    world.put(*names(7), "poison", *(f"z{name}" for name in names(7)))
    deaths = 0
    worker = world.start("items")
    end = time.monotonic() + 60
    while world.left() and time.monotonic() < end:
        if worker.poll() is not None:
            deaths += 1
            worker = world.start("items")
        time.sleep(0.05)

    assert deaths == MAX_ATTEMPTS
    assert world.done() == sorted([*names(7), *(f"z{name}" for name in names(7))])
    [(key, error)] = world.ask("SELECT key, last_error FROM plumbing_duework WHERE quarantined")
    assert key == "poison"
    assert error == "the process ended while it worked on this"


def overlaps(lines: Sequence[Sequence[str]]) -> int:
    """Count runs of a job that began while another of the same job had not ended."""
    found = 0
    running: dict[str, str] = {}
    for name, word, pid, _ in sorted(lines, key=lambda line: int(line[3])):
        if word == "begin":
            found += name in running
            running[name] = pid
        elif running.get(name) == pid:
            del running[name]
    return found


def runs_after(world: World, moment_ms: int) -> set[str]:
    return {name for name, word, _, ms in world.lines() if word == "end" and int(ms) > moment_ms}


def test_engines_share_jobs_and_the_living_take_over_from_the_dead(world: World) -> None:
    first, second = world.start("engine"), world.start("engine")
    wait_for(lambda: world.ledger.exists() and len(world.lines()) > 60, seconds=30)
    assert {pid for _, _, pid, _ in world.lines()} == {str(first.pid), str(second.pid)}
    assert overlaps(world.lines()) == 0

    first.kill()
    killed_ms = max(int(line[3]) for line in world.lines())
    first.wait()
    wait_for(
        lambda: len(runs_after(world, killed_ms + LEASE_MS)) == 3, seconds=LEASE_MS / 1000 + 8
    )

    assert "Traceback" not in world.errors()


@pytest.fixture
def crashing(tmp_path: Path) -> Iterator[tuple[World, databases.Cluster]]:
    """A world whose database server is its own and may be crashed."""
    cluster, folder = databases.new_cluster()
    cluster.start()
    with psycopg.connect(f"{cluster.url}/postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE crash")
    Keyring.load_or_make(tmp_path / "secret.key")
    world = World(tmp_path, f"{cluster.url}/crash")
    assert world.start("migrate").wait(timeout=60) == 0, world.errors()
    yield world, cluster
    for process in world.processes:
        process.kill()
        process.wait(timeout=20)
    cluster.stop()
    shutil.rmtree(folder)


def test_a_database_that_crashes_and_comes_back_loses_nothing(
    crashing: tuple[World, databases.Cluster],
) -> None:
    world, cluster = crashing
    world.put(*names(400))
    workers = [world.start("items") for _ in range(2)]
    wait_for(lambda: len(world.done()) > 20, seconds=20)
    for _ in range(3):
        cluster.crash()
        time.sleep(0.2)
        cluster.start()
        time.sleep(0.3)

    wait_for(lambda: world.left() == 0, seconds=60)

    assert world.done() == names(400)
    assert [worker.poll() for worker in workers] == [None, None]


def test_an_engine_outlives_its_database(crashing: tuple[World, databases.Cluster]) -> None:
    world, cluster = crashing
    engine = world.start("engine")
    wait_for(lambda: world.ledger.exists() and len(world.lines()) > 12, seconds=30)
    cluster.crash()
    time.sleep(2)
    cluster.start()
    back_ms = int(world.ask("SELECT extract(epoch FROM now()) * 1000")[0][0])

    wait_for(lambda: len(runs_after(world, back_ms)) == 3, seconds=15)

    assert engine.poll() is None


def test_an_engine_stops_at_sigterm_with_nothing_in_hand(world: World) -> None:
    engine = world.start("engine")
    wait_for(lambda: world.ledger.exists() and len(world.lines()) > 12, seconds=30)

    engine.terminate()

    assert engine.wait(timeout=10) == 0
    held = world.ask("SELECT count(*) FROM plumbing_duework WHERE lease_until_ms > 0")
    assert held == [(0,)]
    words = Counter(word for _, word, _, _ in world.lines())
    assert words["begin"] == words["end"]


def has_kept(world: World, line: list[str]) -> bool:
    """Whether the run that began with ``line`` has committed what it does; its end may be late."""
    job, _, _, began = line
    kept = [name.split() for name in world.done()]
    return any(name == job and int(at) >= int(began) for name, at in kept)


def test_a_frozen_engine_writes_nothing_when_it_comes_back(world: World) -> None:
    frozen, other = world.start("engine"), world.start("engine")
    wait_for(lambda: world.ledger.exists() and len(world.lines()) > 30, seconds=30)
    for _ in range(20):  # until it stands still with a job in hand
        frozen.send_signal(signal.SIGSTOP)
        time.sleep(0.05)
        mine = [line for line in world.lines() if line[2] == str(frozen.pid)]
        if mine and mine[-1][1] == "begin" and world.can_write() and not has_kept(world, mine[-1]):
            break
        frozen.send_signal(signal.SIGCONT)
        time.sleep(0.07)
    else:
        pytest.fail("the engine never stood still with a job in hand")
    job, _, _, began = mine[-1]
    wait_for(
        lambda: any(
            line[0] == job and line[2] == str(other.pid) and int(line[3]) > int(began)
            for line in world.lines()
        ),
        seconds=LEASE_MS / 1000 + 40,
    )

    frozen.send_signal(signal.SIGCONT)
    time.sleep(1.0)

    zombie = [line for line in world.lines() if line[2] == str(frozen.pid) and line[0] == job]
    after = zombie[zombie.index(mine[-1]) + 1 :]
    assert not after or after[0][1] == "begin", "the run that was frozen came to its end"
    assert "LeaseLostError" in world.errors()
