"""Going by the database's clock, whatever this machine's says."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import connection
from structlog.testing import capture_logs

from watchkeeper.cli import diagnosis
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import database_clock, due_work
from watchkeeper.plumbing.watchman import Watchman

pytestmark = pytest.mark.django_db
AHEAD = dt.timedelta(minutes=5)
CLOSE = dt.timedelta(seconds=2)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has read nothing yet, and lets go of the clock at the end."""
    monkeypatch.setattr(database_clock, "_reading", None)
    monkeypatch.setattr(database_clock, "_was_apart", False)
    yield
    clock.set_base(clock.system)


@dataclass
class Machine:
    """Where a process runs, and how far its clock is ahead."""

    ahead: dt.timedelta


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose clock is wrong."""
    if connection.vendor != "postgresql":
        pytest.skip("one machine has one clock")
    true, made = clock.system, Machine(AHEAD)
    monkeypatch.setattr(clock, "system", lambda: true() + made.ahead)
    clock.set_base(clock.system)
    return made


def off() -> dt.timedelta:
    """Return how far this process is ahead of the database."""
    return clock.now() - dt.datetime.fromtimestamp(due_work.database_ms() / 1000, tz=dt.UTC)


def test_sqlite_is_as_its_machine_is() -> None:
    if connection.vendor == "postgresql":
        pytest.skip("there it is asked")
    database_clock.follow()

    assert database_clock.ahead() is None
    assert dict(diagnosis.PROBES)["clock"]() == "one machine, one clock"


def test_a_process_that_follows_goes_by_the_databases_clock(machine: Machine) -> None:
    assert abs(off() - machine.ahead) < CLOSE

    database_clock.follow()

    assert abs(off()) < CLOSE
    told = database_clock.ahead()
    assert told is not None
    assert abs(told - machine.ahead) < CLOSE


def test_a_machines_clock_that_is_put_right_moves_nothing(machine: Machine) -> None:
    database_clock.follow()
    machine.ahead = dt.timedelta()

    assert abs(off()) < CLOSE


@pytest.mark.usefixtures("machine")
def test_a_database_whose_clock_is_moved_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    database_clock.follow()
    true = due_work.database_ms
    monkeypatch.setattr(due_work, "database_ms", lambda: true() + 60_000)
    assert off() < -CLOSE

    Watchman().look()

    assert abs(off()) < CLOSE


@pytest.mark.usefixtures("machine")
def test_an_answer_that_took_long_is_not_believed_over_an_earlier_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database_clock.follow()
    true = due_work.database_ms

    def slow() -> int:
        shown = true()
        moved = clock.monotonic
        monkeypatch.setattr(clock, "monotonic", lambda: moved() + 10)
        return shown

    monkeypatch.setattr(due_work, "database_ms", slow)
    before = database_clock._reading
    database_clock.read()

    assert database_clock._reading is before


def test_a_clock_that_is_wrong_is_told_once_and_by_the_doctor(machine: Machine) -> None:
    with capture_logs() as lines:
        database_clock.follow()
        database_clock.read()
        with pytest.raises(
            InvalidError, match=r"is 300\.\d s ahead of PostgreSQL's.*set it right"
        ):
            dict(diagnosis.PROBES)["clock"]()
        machine.ahead = dt.timedelta()
        said = dict(diagnosis.PROBES)["clock"]()

    assert said.endswith("PostgreSQL's")
    assert [line["event"] for line in lines] == [
        "this machine's clock is not the database's",
        "this machine's clock is the database's again",
    ]
    assert lines[0]["seconds_ahead"] == pytest.approx(AHEAD.total_seconds(), abs=2)
