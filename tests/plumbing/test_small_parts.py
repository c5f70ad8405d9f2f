"""Facts, locks, limits, keys and what commands print."""

import datetime as dt
import threading
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from watchkeeper.kernel.errors import InvalidError, LimitError
from watchkeeper.plumbing import console, facts, limits, locks
from watchkeeper.plumbing.keys import Keyring
from watchkeeper.plumbing.models import Fixed


@dataclass(frozen=True)
class Renamed:
    number: int


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    heard: list[int] = []
    monkeypatch.setattr(facts, "_subscribers", defaultdict(list))
    facts.subscribe(Renamed, lambda fact: heard.append(fact.number))
    return heard


@pytest.mark.django_db(transaction=True)
def test_facts_are_told_after_the_commit_and_never_after_a_rollback(heard: list[int]) -> None:
    with transaction.atomic():
        facts.publish(Renamed(1))
        assert heard == []
    with transaction.atomic():
        facts.publish(Renamed(2))
        transaction.set_rollback(True)

    assert heard == [1]


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_hinders_nobody(heard: list[int]) -> None:
    def fail(fact: Renamed) -> None:
        raise RuntimeError("boom")

    later: list[int] = []
    facts.subscribe(Renamed, fail)
    facts.subscribe(Renamed, lambda fact: later.append(fact.number))
    facts.publish(Renamed(3))

    assert heard == later == [3]


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_registers_twice_is_told_once(heard: list[int]) -> None:
    told: list[Renamed] = []
    facts.subscribe(Renamed, told.append)
    facts.subscribe(Renamed, told.append)
    facts.publish(Renamed(4))

    assert len(told) == 1


@pytest.mark.django_db(transaction=True)
def test_a_narrow_place_lets_one_transaction_through_at_a_time() -> None:
    def count_up() -> None:
        for _ in range(5):
            with transaction.atomic():
                locks.serialise("test counter")
                number = Fixed.objects.count()
                Fixed.objects.create(name=f"n{number}", value="")
        connection.close()

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Fixed.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_a_lock_without_a_transaction_would_hold_nothing() -> None:
    with pytest.raises(TransactionManagementError):
        locks.serialise("x")


def test_a_limit_counts_each_key_by_itself_and_a_minute_at_a_time(now: dt.datetime) -> None:
    limits.forget()
    for _ in range(3):
        limits.check("token:1", limit=3, now=now)
    limits.check("token:2", limit=3, now=now)

    with pytest.raises(LimitError) as caught:
        limits.check("token:1", limit=3, now=now + dt.timedelta(seconds=45))

    assert caught.value.retry_after_seconds == 15
    limits.check("token:1", limit=3, now=now + dt.timedelta(seconds=60))


def test_a_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"

    first, second = Keyring.load_or_make(path), Keyring.load_or_make(path)

    assert first == second
    assert path.stat().st_mode & 0o777 == 0o600
    assert first.derive("a") != first.derive("b")
    assert len(first.fingerprint()) == 16


@pytest.mark.parametrize("text", ["", "not base64!", "c2hvcnQ="])
def test_a_key_file_that_holds_no_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "secret.key").write_text(text)

    with pytest.raises(InvalidError):
        Keyring.load(tmp_path / "secret.key")


def test_tables_align_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    console.table(["SLO", "left"], [["checkout", Decimal("0.5")], ["a", None]])

    assert capsys.readouterr().out == "SLO       left\ncheckout   0.5\na            —\n"


def test_an_empty_table_is_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    console.table(["SLO", "left"], [])

    assert capsys.readouterr().out == "SLO  left\n"


def test_names_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    console.table(["name"], [["\x1b[2Jgone"]])
    console.warn("\x1b]0;title\x07")

    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err


def test_json_is_for_machines(capsys: pytest.CaptureFixture[str], now: dt.datetime) -> None:
    console.emit_json({"at": now, "share": Decimal("0.999"), "n": None})

    assert capsys.readouterr().out == (
        '{\n  "at": "2026-03-02T12:00:00Z",\n  "share": 0.999,\n  "n": null\n}\n'
    )
