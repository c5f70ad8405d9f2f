"""The pager's processes on one database, beside a provider with its own ledger."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.notifications.provider import Provider, provider
from tests.plumbing.worlds import ROOT, World
from watchkeeper.plumbing.keys import Keyring

PEOPLE = 3
ROOMS = 1
PAGES = 1 + ROOMS + PEOPLE + PEOPLE
"""Of each escalation: person0 and a room, then the team, then the team by the catch-all."""


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


@contextmanager
def pager_on(url: str, folder: Path) -> Iterator[Pager]:
    """Make the world of a pager in a database that is empty; its processes end with the block."""
    Keyring.load_or_make(folder / "secret.key")
    with provider(folder / "calls") as phone:
        made = Pager(folder, url, phone=phone)
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


def check(pager: Pager, escalations: int, *, interruptions: int) -> None:
    """Join the provider's ledger with the database."""
    pages, calls = pager.pages(), pager.phone.counts()
    assert len(pages) == escalations * PAGES
    assert {page for page, (state, _) in pages.items() if state == "delivered"} == set(pages)
    assert set(calls) == set(pages)
    too_many = {p: n for p, n in calls.items() if n > 1 + interruptions + pages[p][1]}
    assert too_many == {}
    assert sum(calls.values()) - len(calls) <= 32 * interruptions
    ends = pager.ask("SELECT DISTINCT state, nobody_notified FROM oncall_escalation")
    assert [(state, bool(nobody)) for state, nobody in ends] == [("exhausted", False)]
