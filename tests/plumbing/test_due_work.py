"""Work under a lease: claimed once, taken over after the lease, fenced against the returned."""

import threading
import time

import pytest
from django.db import connection

from watchkeeper.plumbing import due_work
from watchkeeper.plumbing.engine import Engine, next_due
from watchkeeper.plumbing.jobs import Job
from watchkeeper.plumbing.models import DueWork

pytestmark = pytest.mark.django_db


def put(*keys: str) -> None:
    for key in keys:
        due_work.put(kind="page", key=key, due_ms=due_work.database_ms() - 10)


def test_due_work_is_claimed_by_one_owner_only() -> None:
    put("a", "b")

    first = due_work.claim(kind="page", owner="one", limit=10)
    second = due_work.claim(kind="page", owner="two", limit=10)

    assert [held.key for held in first] == ["a", "b"]
    assert second == []


def test_work_that_is_not_due_yet_is_left() -> None:
    due_work.put(kind="page", key="later", due_ms=due_work.database_ms() + 60_000)

    assert due_work.claim(kind="page", owner="one") == []


def test_putting_the_same_work_twice_keeps_one_row() -> None:
    put("a", "a")

    assert DueWork.objects.count() == 1


def test_after_the_lease_another_owner_takes_over_and_the_first_counts_no_more() -> None:
    put("a")
    [dead] = due_work.claim(kind="page", owner="one", lease_ms=30)
    time.sleep(0.1)

    [alive] = due_work.claim(kind="page", owner="two")

    assert alive.fence == dead.fence + 1
    assert not due_work.renew(dead)
    assert not due_work.finish(dead)
    assert not due_work.fail(dead, error="late")
    assert due_work.finish(alive)


def test_a_renewed_lease_is_not_taken_over() -> None:
    put("a")
    [held] = due_work.claim(kind="page", owner="one", lease_ms=50)

    assert due_work.renew(held, lease_ms=60_000)
    time.sleep(0.1)

    assert due_work.claim(kind="page", owner="two") == []


def test_failed_work_comes_back_later_and_ends_in_quarantine() -> None:
    put("a")
    for attempt in range(1, due_work.MAX_ATTEMPTS + 1):
        DueWork.objects.update(due_ms=0)
        [held] = due_work.claim(kind="page", owner="one")
        assert held.attempts == attempt
        assert due_work.fail(held, error="boom")

    row = DueWork.objects.get()
    assert row.quarantined
    assert row.last_error == "boom"
    assert row.due_ms > due_work.database_ms()


def test_work_that_comes_round_is_never_put_in_quarantine() -> None:
    put("a")
    for _ in range(due_work.MAX_ATTEMPTS + 2):
        DueWork.objects.update(due_ms=0)
        [held] = due_work.claim(kind="page", owner="one")
        due_work.fail(held, error="boom", forever=True)

    assert not DueWork.objects.get().quarantined


@pytest.mark.django_db(transaction=True)
def test_many_claimers_at_once_get_every_piece_exactly_once() -> None:
    put(*(f"work-{n:03}" for n in range(120)))
    taken: list[str] = []
    lock = threading.Lock()

    def claimer(name: str) -> None:
        while claims := due_work.claim(kind="page", owner=name, limit=7, lease_ms=60_000):
            with lock:
                taken.extend(held.key for held in claims)
        connection.close()

    threads = [threading.Thread(target=claimer, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == [f"work-{n:03}" for n in range(120)]


def test_a_failing_job_is_noted_and_stops_no_other() -> None:
    ran: list[str] = []

    def bad(now: object) -> None:
        raise RuntimeError("boom")

    engine = Engine((Job("a.bad", 60, bad), Job("b.good", 60, lambda now: ran.append("b.good"))))
    engine.run_once()

    assert ran == ["b.good"]
    assert DueWork.objects.get(key="a.bad").last_error == "RuntimeError: boom"
    assert DueWork.objects.get(key="b.good").last_error == ""


def test_jobs_are_due_at_whole_multiples_of_their_cadence() -> None:
    job = Job("a", 60, lambda now: None)

    assert next_due(120_001, job) == 180_000
    assert next_due(180_000, job) == 240_000
