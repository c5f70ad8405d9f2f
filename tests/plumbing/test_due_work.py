"""Work under a lease: claimed once, taken over after the lease, fenced against the returned."""

import datetime as dt
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError

from watchkeeper.plumbing import due_work, jobs, metrics, pulse, redaction
from watchkeeper.plumbing.engine import Engine, next_due
from watchkeeper.plumbing.jobs import Job
from watchkeeper.plumbing.models import DueWork, EngineNode, Fixed

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


def test_work_of_other_keys_is_left_to_those_who_can_do_it() -> None:
    put("a", "b")

    held = due_work.claim(kind="page", owner="one", limit=10, keys={"b", "c"})

    assert [claim.key for claim in held] == ["b"]


@pytest.mark.parametrize("lease_ms", [0, -1, due_work.LONGEST_LEASE_MS + 1])
def test_a_lease_has_bounds(lease_ms: int) -> None:
    with pytest.raises(ValueError, match="a lease lasts"):
        due_work.claim(kind="page", owner="one", lease_ms=lease_ms)


def expire(*keys: str) -> None:
    """Let the leases of ``keys`` have run out, as after a crash."""
    DueWork.objects.filter(key__in=keys).update(lease_until_ms=due_work.database_ms() - 1)


def test_work_whose_lease_ran_out_is_claimed_with_ever_fewer_others() -> None:
    put(*(f"a{place:02}" for place in range(32)), "z")
    claimed = due_work.claim(kind="page", owner="dead", limit=32)
    sizes = [len(claimed)]
    while len(claimed) > 1:
        expire(*(held.key for held in claimed))
        claimed = due_work.claim(kind="page", owner="dead too", limit=32)
        sizes.append(len(claimed))

    assert sizes == [32, 8, 2, 1]
    assert claimed[0].key == "a00", "the first is at last alone"
    rest = [due_work.claim(kind="page", owner="one", limit=32) for _ in range(8)]
    keys = [held.key for batch in rest for held in batch]
    assert sorted(keys) == [*(f"a{place:02}" for place in range(1, 32)), "z"]
    assert [len(batch) for batch in rest if any(held.key == "z" for held in batch)] == [1]


def test_work_that_ends_its_process_again_and_again_is_given_up() -> None:
    put("poison")
    for _ in range(due_work.MAX_ATTEMPTS):
        assert len(due_work.claim(kind="page", owner="doomed")) == 1
        expire("poison")

    assert due_work.claim(kind="page", owner="careful") == []
    assert due_work.quarantined() == [
        ("page", "poison", "the process ended while it worked on this")
    ]


def test_work_that_comes_round_waits_longer_after_each_end_of_its_process() -> None:
    put("job")

    def again() -> int:
        return len(due_work.claim(kind="page", owner="x", max_attempts=due_work.FOREVER))

    assert again() == 1
    expire("job")
    assert again() == 1
    expire("job")
    assert again() == 0
    DueWork.objects.update(lease_until_ms=due_work.database_ms() - 5_001)
    assert again() == 1
    DueWork.objects.update(attempts=10_000, lease_until_ms=due_work.database_ms() - 300_001)
    assert again() == 1
    assert due_work.quarantined() == []


def test_a_lease_from_before_the_clock_stepped_back_ends_too() -> None:
    put("a")
    due_work.claim(kind="page", owner="one")
    DueWork.objects.update(lease_until_ms=due_work.database_ms() + 3_600_000)

    assert len(due_work.claim(kind="page", owner="two")) == 1


def test_what_is_given_up_can_be_let_out_again() -> None:
    put("a")
    assert not due_work.release(kind="page", key="a", now_ms=0)
    DueWork.objects.update(quarantined=True, attempts=9, lease_until_ms=5)

    assert due_work.release(kind="page", key="a", now_ms=due_work.database_ms())

    [held] = due_work.claim(kind="page", owner="one")
    assert held.attempts == 1


def test_a_confirmed_claim_lets_the_transaction_count() -> None:
    put("a")
    [old] = due_work.claim(kind="page", owner="one")
    due_work.confirm(old)
    expire("a")
    [new] = due_work.claim(kind="page", owner="two")

    due_work.confirm(new)
    with pytest.raises(due_work.LeaseLostError):
        due_work.confirm(old)


@pytest.mark.django_db(transaction=True)
def test_confirming_without_a_transaction_would_protect_nothing() -> None:
    put("a")
    [held] = due_work.claim(kind="page", owner="one")

    with pytest.raises(TransactionManagementError):
        due_work.confirm(held)


def test_a_payload_comes_back_as_it_was_put() -> None:
    payload = {"steps": [1, 2.5, None, "ü"], "deep": {"a": True}}
    due_work.put(kind="page", key="a", due_ms=0, payload=payload)

    [held] = due_work.claim(kind="page", owner="one")

    assert held.payload == payload


@pytest.mark.parametrize("attempts", [1, 5, 60, 100_000])
def test_the_wait_after_a_failure_is_bounded(attempts: int) -> None:
    put("a")
    DueWork.objects.update(attempts=attempts - 1)
    [held] = due_work.claim(kind="page", owner="one")

    due_work.fail(held, error="boom", forever=True)

    wait = DueWork.objects.get().due_ms - due_work.database_ms()
    assert 0 < wait <= 300_000


def work(name: str, run: Callable[[dt.datetime], object], cadence: float = 60) -> Job:
    def call(now: dt.datetime) -> None:
        run(now)

    return Job(name, cadence, call)


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


def test_two_jobs_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match="one name"):
        Engine((work("a", print), work("a", print)))


def test_a_job_runs_once_until_it_is_due_again() -> None:
    ran: list[dt.datetime] = []
    engine = Engine((work("a", ran.append),))

    assert engine.run_once() == 1
    assert engine.run_once() == 0
    DueWork.objects.update(due_ms=due_work.database_ms())
    assert engine.run_once() == 1
    assert all(moment.utcoffset() == dt.timedelta(0) for moment in ran)


def test_an_engine_leaves_jobs_alone_that_it_does_not_know() -> None:
    Engine((work("new.job", print),)).run_once()
    DueWork.objects.update(due_ms=1)

    assert Engine((work("old.job", lambda now: None),)).run_once() == 1
    assert DueWork.objects.get(key="new.job").due_ms == 1


def test_a_job_that_the_clock_left_far_ahead_is_pulled_in() -> None:
    engine = Engine((work("a", lambda now: None),))
    engine.run_once()
    day_ahead = due_work.database_ms() + 86_400_000
    DueWork.objects.update(due_ms=day_ahead)

    engine.run_once()

    assert DueWork.objects.get().due_ms < day_ahead - 80_000_000


def test_a_job_whose_lease_was_lost_writes_nothing() -> None:
    def run(now: dt.datetime) -> None:
        DueWork.objects.update(fence=F("fence") + 1)  # another node took it over
        with transaction.atomic():
            Fixed.objects.create(name="late", value="")
            jobs.confirm_lease()

    Engine((Job("a", 60, run),)).run_once()

    assert Fixed.objects.count() == 0


def test_outside_of_a_job_there_is_no_lease_to_confirm() -> None:
    jobs.confirm_lease()


def test_errors_of_jobs_are_stored_without_secrets() -> None:
    redaction.remember("hunter22-secret")

    def run(now: dt.datetime) -> None:
        raise RuntimeError("no luck with hunter22-secret")

    Engine((Job("a", 60, run),)).run_once()

    assert pulse.failing_jobs() == {"a": f"RuntimeError: no luck with {redaction.MASK}"}


def test_the_liveliest_beat_and_the_longest_wait_are_told() -> None:
    assert pulse.last_beat_age_ms() is None
    assert pulse.longest_overdue_ms() == 0
    Engine((work("a", lambda now: None), work("b", lambda now: None))).run_once()
    DueWork.objects.filter(key="a").update(due_ms=due_work.database_ms() - 20_000)
    due_work.put(kind="job", key="nobody.knows", due_ms=1)

    age = pulse.last_beat_age_ms()

    assert age is not None
    assert 0 <= age < 5_000
    assert 20_000 <= pulse.longest_overdue_ms() < 25_000
    text = metrics.exposition().decode()
    assert "watchkeeper_database_up 1.0" in text
    assert "watchkeeper_engine_last_beat_age_seconds" in text
    assert "watchkeeper_jobs_failing 0.0" in text
    assert 'watchkeeper_leases_total{kind="job",outcome="claimed"}' in text


def test_engines_long_gone_are_forgotten() -> None:
    Engine(()).run_once()
    EngineNode.objects.update(beat_ms=1)

    other = Engine(())
    other.run_once()

    assert [node.name for node in EngineNode.objects.all()] == [other.name]
