"""kill -9 at any point of a write leaves all of it or nothing, and loses nothing that was told."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from watchkeeper.plumbing.keys import Keyring

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def surroundings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The environment of a process with a data folder and a database of its own."""
    Keyring.load_or_make(tmp_path / "secret.key")
    names = {
        name: value for name, value in os.environ.items() if not name.startswith("WATCHKEEPER_")
    }
    names |= {
        "WATCHKEEPER_DATA": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "watchkeeper.config.settings",
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
    }
    if request.param == "postgresql":
        database = f"kills_{os.getpid()}_{random.getrandbits(32)}"
        names["WATCHKEEPER_DATABASE_URL"] = databases.new_database(database)
    return names


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "tests.telemetry.crash_nursery", *words]


def run(surroundings: dict[str, str], *words: str) -> Any:
    done = subprocess.run(
        command(*words), env=surroundings, cwd=ROOT, check=True, capture_output=True, timeout=120
    )
    return json.loads(done.stdout)


def test_sealing_killed_at_every_statement_keeps_every_sum(
    surroundings: dict[str, str],
) -> None:
    told = run(surroundings, "points", "seal")

    assert len(told["deaths"]) >= 5
    assert all(state == told["before"] for state in told["deaths"])
    before, after = told["before"], told["after"]
    assert (before["sums"], before["decoded"]) == (after["sums"], after["decoded"])
    assert (before["sealed"], before["journal"]) == (0, 2700)
    assert (after["sealed"], after["journal"]) == (2340, 360)


def test_a_write_killed_at_every_statement_is_whole_or_not_there(
    surroundings: dict[str, str],
) -> None:
    told = run(surroundings, "points", "store")

    assert len(told["deaths"]) >= 8
    assert all(state == told["before"] for state in told["deaths"])
    assert told["after"]["decoded"] == [[850 * 2000, 850]]
    assert told["after"]["restated"] == 780


def test_processes_that_write_and_seal_at_once_do_not_harm_each_other(
    surroundings: dict[str, str],
) -> None:
    assert run(surroundings, "crowd") == []


def test_no_minute_that_was_answered_is_lost_by_kills(surroundings: dict[str, str]) -> None:
    random_ = random.Random(7)
    first = nxt = 29_540_000
    for _ in range(4):
        worker = subprocess.Popen(
            command("work", str(nxt)), env=surroundings, cwd=ROOT, stdout=subprocess.PIPE
        )
        assert worker.stdout is not None
        # So many answers, however slow the machine.
        answers = b"".join(worker.stdout.readline() for _ in range(random_.randint(15, 40)))
        time.sleep(random_.uniform(0, 0.02))
        worker.send_signal(signal.SIGKILL)
        answers += worker.stdout.read()
        told = [int(line) for line in answers.split(b"\n")[:-1] if line]
        worker.wait()
        worker.stdout.close()
        nxt = (told[-1] if told else nxt) + 1

    values = run(surroundings, "read", str(first), str(nxt - 1))

    assert len(values) > 50
    assert values == [minute % 7 * 1000 for minute in range(first, nxt)]
