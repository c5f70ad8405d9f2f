"""The paging drill, as users run it: processes are killed and every page comes."""

import json
import subprocess
import sys

import pytest

from tests.databases import new_database

pytestmark = pytest.mark.database


def drill(*words: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "watchkeeper", "drill", "paging", *words, "--json"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.stdout, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    assert done.returncode == 0, found["violations"]
    return found


def test_a_killed_pager_loses_nothing() -> None:
    found = drill("--alerts", "40", "--kills", "3", "--seed", "7", "--rate", "10")

    assert (found["accepted"], found["lost"], found["violations"]) == (40, 0, [])
    assert (found["kills"], found["seed"]) == (3, 7)
    assert found["pages_delivered"] == found["pages_due"]


def test_two_engines_and_a_web_on_postgresql_lose_nothing_either() -> None:
    words = ("--alerts", "40", "--kills", "3", "--seed", "8", "--rate", "10")
    found = drill(*words, "--engines", "2", "--database", new_database("paging_drill"))

    assert (found["accepted"], found["lost"], found["violations"]) == (40, 0, [])
    assert found["pages_delivered"] == found["pages_due"]
