"""Those who write to SQLite take turns, in the order in which they asked."""

import threading
import time

import pytest
from django.db import DatabaseError, connection, transaction

from watchkeeper.plumbing.models import DueWork
from watchkeeper.plumbing.sqlite.turns import Turns


def test_turns_come_in_the_order_of_asking() -> None:
    turns, order = Turns(), list[int]()
    assert turns.take(seconds=0)

    def wait(place: int) -> None:
        assert turns.take(seconds=10)
        order.append(place)
        turns.give()

    threads = [threading.Thread(target=wait, args=[place]) for place in range(8)]
    for asked, thread in enumerate(threads, start=1):
        thread.start()
        while len(turns._waiting) < asked:
            time.sleep(0.001)
    turns.give()
    for thread in threads:
        thread.join(10)

    assert order == list(range(8))
    assert turns.take(seconds=0)


def test_who_waited_too_long_goes_away_and_the_next_is_served() -> None:
    turns = Turns()
    assert turns.take(seconds=0)

    assert not turns.take(seconds=0.01)
    turns.give()
    assert turns.take(seconds=0)


def _write(key: str) -> None:
    try:
        DueWork.objects.create(kind="test", key=key, due_ms=0)
    finally:
        connection.close()


@transaction.atomic
def _fail() -> None:
    DueWork.objects.create(kind="test", key="rolled back", due_ms=0)
    raise ZeroDivisionError


@transaction.atomic
def _ask_nonsense() -> None:
    connection.cursor().execute("SELECT nothing")


@transaction.atomic
def _hang_up() -> None:
    connection.close()
    DueWork.objects.create(kind="test", key="closed", due_ms=0)


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_failed_or_lost_its_connection_gives_its_turn_on() -> None:
    for fault, kind in ((_fail, ZeroDivisionError), (_ask_nonsense, DatabaseError)):
        with pytest.raises(kind):
            fault()
    with pytest.raises(Exception, match=r"."):
        _hang_up()

    thread = threading.Thread(target=_write, args=["later"])
    thread.start()
    thread.join(10)

    assert list(DueWork.objects.values_list("key", flat=True)) == ["later"]


@pytest.mark.django_db(transaction=True)
def test_on_sqlite_a_statement_that_writes_alone_waits_for_an_open_transaction() -> None:
    thread = threading.Thread(target=_write, args=["second"])
    with transaction.atomic():
        thread.start()
        thread.join(0.2)
        assert thread.is_alive() is (connection.vendor == "sqlite")
        DueWork.objects.create(kind="test", key="first", due_ms=0)
    thread.join(10)

    assert set(DueWork.objects.values_list("key", flat=True)) == {"first", "second"}
