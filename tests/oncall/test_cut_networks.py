"""An engine whose way to PostgreSQL is cut, in one direction or both, while another goes on.

reliability.md F26: no page is lost, each is called once or its repeat is marked, who is cut off
calls nobody once its lease is over, and all heals without a restart.
"""

import json
import secrets
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.databases import new_database
from tests.oncall.pagers import PAGES, PEOPLE, ROOMS, Pager, check, pager_on, wait_for
from tests.relays import WAYS, Relay, relay
from watchkeeper.kernel import clock
from watchkeeper.plumbing.due_work import LEASE_MS

FAR = "http://far.example"
"""The address that pages of the engine behind the relay name."""

AFTER_SECONDS = 3.0
"""How long what was held up on its way may take to do harm."""


@pytest.fixture
def pager(tmp_path: Path) -> Iterator[Pager]:
    with pager_on(new_database(f"cut_{secrets.token_hex(4)}"), tmp_path) as made:
        yield made


@pytest.fixture
def way(pager: Pager) -> Iterator[Relay]:
    with relay(urlsplit(pager.url).port or 0) as made:
        yield made


def start_far_engine(pager: Pager, way: Relay) -> "subprocess.Popen[bytes]":
    """Start an engine behind the relay, whose calls can be told from others'."""
    url = pager.url.replace(f":{urlsplit(pager.url).port}/", f":{way.port}/")
    return pager.start("engine", WATCHKEEPER_DATABASE_URL=url, WATCHKEEPER_PUBLIC_URL=FAR)


def far_calls(pager: Pager) -> list[dict[str, Any]]:
    """Return the calls of people that the far engine made; what rooms get tells nothing of it."""
    return [c for c in pager.phone.calls() if json.loads(c["body"])["act_url"].startswith(FAR)]


def unmarked_repeats(pager: Pager) -> list[str]:
    """Return the pages that were called again as if for the first time."""
    first: dict[str, list[bool]] = defaultdict(list)
    for call in pager.phone.calls():
        first[call["headers"]["idempotency-key"]].append(json.loads(call["body"])["may_repeat"])
    return [page for page, marks in first.items() if not all(marks[1:])]


@pytest.mark.parametrize("how", WAYS)
def test_who_is_cut_off_calls_nobody_after_its_lease_and_the_other_goes_on(
    pager: Pager, way: Relay, how: str
) -> None:
    for number in range(PEOPLE):
        pager.phone.always[f"/person{number}"] = "slow:0.2"
    far, near = start_far_engine(pager, way), pager.start("engine")
    pager.run("start", "0", "30")
    wait_for(lambda: len(far_calls(pager)) > 10, seconds=30)

    WAYS[how](way)
    lease_ends = clock.now().timestamp() + LEASE_MS / 1000
    wait_for(pager.is_at_rest, seconds=40)
    way.heal()
    time.sleep(AFTER_SECONDS)

    assert [call for call in far_calls(pager) if call["at"] > lease_ends] == []
    before = len(far_calls(pager))
    near.kill()
    pager.run("start", "30", "5")
    wait_for(pager.is_at_rest, seconds=30)
    assert far.poll() is None
    assert len(far_calls(pager)) >= before + 5 * (PAGES - ROOMS)
    check(pager, 35, interruptions=2)
    assert unmarked_repeats(pager) == []


def test_who_does_not_hear_that_calls_were_marked_does_not_make_them_when_it_does(
    pager: Pager, way: Relay
) -> None:
    """The worst moment: PostgreSQL has committed that calls go out, and nobody is told."""
    way.stall_answers_after(b"notifications_attempt", b"COMMIT")
    far = start_far_engine(pager, way)
    pager.run("start", "0", "5")
    wait_for(lambda: way.is_stalled, seconds=20)

    pager.start("engine")
    wait_for(pager.is_at_rest, seconds=40)
    way.heal()
    time.sleep(AFTER_SECONDS)

    assert far.poll() is None
    assert far_calls(pager) == []
    check(pager, 5, interruptions=1)
    assert unmarked_repeats(pager) == []
