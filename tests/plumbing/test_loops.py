"""Many pieces of work at once, and the loops of the engine that do them."""

import datetime as dt
import threading

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from watchkeeper.plumbing import due_work, metrics, wake
from watchkeeper.plumbing.engine import Engine
from watchkeeper.plumbing.jobs import Loop
from watchkeeper.plumbing.models import DueWork

pytestmark = pytest.mark.django_db


def test_many_pieces_are_put_at_once_and_those_that_are_there_stay() -> None:
    due_work.put(kind="page", key="b", due_ms=5, payload={"first": True})

    due_work.put_many(
        "page", [due_work.Work("a", 1), due_work.Work("b", 9), due_work.Work("c", 2)]
    )

    rows = dict(DueWork.objects.values_list("key", "due_ms"))
    assert rows == {"a": 1, "b": 5, "c": 2}


def test_work_that_is_withdrawn_is_lost_to_whoever_holds_it() -> None:
    due_work.put_many("page", [due_work.Work("a", 0), due_work.Work("b", 0)])
    held = due_work.claim(kind="page", owner="one", limit=100)
    assert [each.key for each in held] == ["a", "b"]

    assert due_work.withdraw("page", ["a", "unknown"]) == 1

    assert due_work.confirm_many(held) == [held[1]]
    assert due_work.renew_many(held) == {held[0].id}
    assert not due_work.finish(held[0])
    due_work.finish_many(held)
    assert DueWork.objects.count() == 0


def test_of_many_only_those_still_held_are_confirmed() -> None:
    due_work.put_many("page", [due_work.Work(str(n), 0) for n in range(1200)])
    held: list[due_work.Claim] = []
    while some := due_work.claim(kind="page", owner="one", limit=500, lease_ms=60_000):
        held += some
    DueWork.objects.filter(key="7").update(lease_until_ms=1)
    [taken] = due_work.claim(kind="page", owner="two")
    assert taken.key == "7"

    kept = due_work.confirm_many(held)

    assert {each.key for each in held} - {each.key for each in kept} == {"7"}


def test_many_are_due_again_each_at_its_own_time_unless_lost() -> None:
    due_work.put_many("page", [due_work.Work(key, 0) for key in "abc"])
    held = due_work.claim(kind="page", owner="one", limit=100)
    DueWork.objects.filter(key="b").update(fence=99)

    due_work.reschedule_many((each, 7 + place) for place, each in enumerate(held))
    due_work.reschedule_many([])

    rows = DueWork.objects.order_by("key").values_list("due_ms", "lease_until_ms")
    assert [due for due, _ in rows] == [7, 0, 9]
    assert [lease == 0 for _, lease in rows] == [True, False, True]


def test_renewing_nothing_asks_nothing() -> None:
    assert due_work.renew_many([]) == set()


@pytest.mark.django_db(transaction=True)
def test_confirming_many_without_a_transaction_would_protect_nothing() -> None:
    with pytest.raises(TransactionManagementError):
        due_work.confirm_many([])


def test_two_loops_cannot_have_one_name() -> None:
    loop = Loop("a", lambda now: False)

    with pytest.raises(ValueError, match="one name"):
        Engine((), (loop, loop))


@pytest.mark.django_db(transaction=True)
def test_a_loop_goes_on_while_there_is_more_and_is_woken_by_its_bell() -> None:
    stop, steps = threading.Event(), []
    stepped = threading.Semaphore(0)

    def step(now: dt.datetime) -> bool:
        steps.append(now)
        stepped.release()
        return len(steps) < 3

    loop = Loop("tests.woken", step, idle_seconds=30)
    thread = threading.Thread(target=Engine((), (loop,)).run, args=(stop,))
    thread.start()
    for _ in range(3):
        assert stepped.acquire(timeout=10)

    wake.ring("tests.woken")

    assert stepped.acquire(timeout=10)  # long before the 30 seconds are over
    stop.set()
    wake.ring_now("tests.woken")
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_a_bell_that_rang_before_anybody_waited_is_heard() -> None:
    wake.ring_now("tests.early")

    assert wake.wait("tests.early", seconds=0)
    assert not wake.wait("tests.early", seconds=0)


@pytest.mark.django_db(transaction=True)
def test_a_bell_in_a_transaction_that_is_rolled_back_does_not_ring() -> None:
    with transaction.atomic():
        wake.ring("tests.undone")
        transaction.set_rollback(True)

    assert not wake.wait("tests.undone", seconds=0)


@pytest.mark.django_db(transaction=True)
def test_a_loop_that_fails_is_tried_again_and_stops_no_other() -> None:
    stop = threading.Event()
    tried, good = threading.Semaphore(0), threading.Semaphore(0)

    def bad(now: dt.datetime) -> bool:
        tried.release()
        raise RuntimeError("boom")

    def well(now: dt.datetime) -> bool:
        good.release()
        return False

    loops = (Loop("tests.bad", bad), Loop("tests.good", well, idle_seconds=0.01))
    thread = threading.Thread(target=Engine((), loops).run, args=(stop,))
    thread.start()
    for _ in range(2):
        assert tried.acquire(timeout=10)
        assert good.acquire(timeout=10)
    stop.set()
    thread.join(timeout=10)

    assert not thread.is_alive()
    assert 'watchkeeper_loop_failures_total{loop="tests.bad"}' in metrics.exposition().decode()


@pytest.mark.django_db(transaction=True)
def test_a_loop_ends_what_it_has_in_hand_when_the_engine_stops() -> None:
    stop, ended = threading.Event(), threading.Event()
    loop = Loop("tests.ends", lambda now: False, finish=ended.set)
    stop.set()

    Engine((), (loop,)).run(stop)

    assert ended.is_set()


def test_a_node_that_stands_still_in_a_transaction_lets_go_of_its_locks() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no such bound")
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")

        assert cursor.fetchone() == ("10s",)
