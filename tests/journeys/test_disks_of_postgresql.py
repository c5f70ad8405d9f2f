"""PostgreSQL whose disk fails or is full (F5, F6): refused loudly, nothing accepted is lost."""

import contextlib
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests import disks
from tests.databases import Cluster, new_cluster
from tests.product import Product

AT_ONCE = 4
HEALS_WITHIN = 15.0
MOST_POSTS = 100
ROOM = "160m"
"""For PostgreSQL's own files and log, and some tables."""


@dataclass
class Installation:
    """The product, the PostgreSQL that it keeps things in, and what was answered."""

    product: Product
    cluster: Cluster
    key: str = ""
    answers: dict[str, int] = field(default_factory=dict)

    def post(self, name: str, *, text: str = "") -> int:
        body = {"key": name, "title": name, "description": text}
        status, _ = self.product.request("POST", f"/in/generic/{self.key}", body=body)
        self.answers[name] = status
        return status

    def posts(self, word: str, count: int) -> list[int]:
        """Post some at once, and return how they were answered."""
        with ThreadPoolExecutor(AT_ONCE) as hands:
            return list(hands.map(lambda n: self.post(f"{word}-{n}"), range(count)))

    def posts_until_refused(self) -> list[int]:
        """Post until several in a row are refused, and return how all were answered."""
        answers: list[int] = []
        while answers[-5:] != [503] * 5:
            answers.append(self.post(f"full-{len(answers)}", text=secrets.token_hex(2_000)))
            assert len(answers) < MOST_POSTS
        return answers

    def heals(self) -> bool:
        """Whether it takes posts again; a server that gave up is started, as supervisors do."""
        until = time.monotonic() + HEALS_WITHIN
        while time.monotonic() < until:
            if not self.cluster.is_running:
                self.cluster.start()
            if self.post(f"after-{len(self.answers)}") == 202:
                return True
            time.sleep(0.2)
        return False

    def lost(self) -> set[str]:
        """Return what was answered 2xx and is not there."""
        found = {row["key"] for row in self.product.json("alert", "list", "--all")}
        return {name for name, status in self.answers.items() if status == 202} - found

    def is_the_same(self) -> bool:
        """Whether the product was not started again."""
        return self.product.process is not None and self.product.process.poll() is None


@pytest.fixture
def disk() -> Iterator[Path]:
    """A disk of its own that PostgreSQL's user may reach."""
    folder = Path(tempfile.mkdtemp(prefix="watchkeeper-disk-"))
    folder.chmod(0o755)
    with disks.small(folder / "disk", size=ROOM) as place:
        yield place
    shutil.rmtree(folder)


@pytest.fixture
def installation(disk: Path, tmp_path: Path) -> Iterator[Installation]:
    cluster, _ = new_cluster(disk)
    cluster.start()
    with psycopg.connect(f"{cluster.url}/postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE product")
    product = Product(tmp_path / "data", f"{cluster.url}/product")
    made = Installation(product, cluster)
    product.start()
    made.key = product.json("integration", "create", "generic", "--name", "load")["key"]
    yield made
    product.stop()
    cluster.stop()


def test_what_postgresql_could_not_keep_it_recovers_by_itself(installation: Installation) -> None:
    """It trusts nothing that it has in hand after a failed flush, and reads its log again."""
    cluster = installation.cluster
    assert set(installation.posts("before", 12)) == {202}
    _, *others = cluster.processes()

    with disks.keeping_nothing(others, follow=False):
        during = installation.posts("during", 12)

    assert set(during) <= {202, 503}
    assert installation.heals()
    assert not set(others) & set(cluster.processes()), "no flush failed"
    assert installation.lost() == set()
    assert installation.is_the_same()


def test_a_disk_that_keeps_nothing_is_answered_503_until_it_is_mended(
    installation: Installation,
) -> None:
    cluster = installation.cluster
    assert set(installation.posts("before", 12)) == {202}

    with disks.keeping_nothing(cluster.processes()):
        during = installation.posts("during", 12)
        during += installation.posts("later", 4)

    assert set(during) == {503}, "a 2xx for what is not on disk"
    assert installation.heals()
    assert installation.lost() == set()
    assert installation.is_the_same()


def test_a_full_disk_is_answered_503_and_heals_without_a_restart(
    installation: Installation, disk: Path
) -> None:
    assert set(installation.posts("before", 12)) == {202}

    first = installation.cluster.processes()[0]
    ballast = disks.fill(disk)
    full = installation.posts_until_refused()
    ballast.unlink()

    assert set(full) <= {202, 503}, "room in tables may be used up first"
    assert installation.heals()
    assert installation.cluster.processes()[0] == first
    assert installation.lost() == set()
    assert installation.is_the_same()


def test_a_disk_without_room_for_the_log_stops_postgresql_and_loses_nothing(
    installation: Installation, disk: Path
) -> None:
    cluster = installation.cluster
    assert set(installation.posts("before", 12)) == {202}

    ballast = disks.fill(disk)
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(cluster.url) as server:
        while True:
            server.execute("SELECT pg_switch_wal()")  # the rest of a part of the log is given up
            server.execute("SELECT txid_current()")
            server.commit()
    full = installation.posts_until_refused()
    ballast.unlink()

    assert set(full) <= {202, 503}
    assert installation.heals()
    assert installation.lost() == set()
    assert installation.is_the_same()
