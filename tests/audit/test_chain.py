"""The log cannot be changed unseen."""

import datetime as dt
import random

import pytest
from django.db import connection

from watchkeeper.audit import queries, usecases
from watchkeeper.audit.domain import chain
from watchkeeper.audit.models import AuditEntry, AuditHead
from watchkeeper.audit.usecases import Act
from watchkeeper.kernel import actors

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _own_head_file() -> None:
    queries.head_file().unlink(missing_ok=True)


def record(times: int = 1) -> None:
    for number in range(times):
        usecases.record(
            actor=actors.host(),
            action="slo.saved",
            kind="slo",
            object_id=number,
            detail={"version": number},
            now=NOON + dt.timedelta(seconds=number),
        )


def test_an_untouched_log_is_whole() -> None:
    assert queries.verify().broken is None
    record(20)

    verdict = queries.verify()

    assert (verdict.count, verdict.broken) == (20, None)


def test_what_is_done_to_many_at_one_time_is_an_entry_each() -> None:
    record(2)
    acts = [Act("alert.acknowledged", "alert", number) for number in range(3)]
    usecases.record_many(actor=actors.host(), acts=acts, now=NOON)
    usecases.record_many(actor=actors.host(), acts=[], now=NOON)
    record(1)

    verdict = queries.verify()

    assert (verdict.count, verdict.broken) == (6, None)
    found = AuditEntry.objects.filter(object_kind="alert").order_by("number")
    assert [(entry.number, entry.object_id) for entry in found] == [(3, "0"), (4, "1"), (5, "2")]


def change(number: int) -> None:
    AuditEntry.objects.filter(number=number).update(action="slo.removed")


def remove(number: int) -> None:
    AuditEntry.objects.filter(number=number).delete()


def swap(number: int) -> None:
    other = number % 20 + 1
    first, second = (AuditEntry.objects.get(number=n) for n in (number, other))
    with connection.cursor() as cursor:
        for entry, place in ((first, -1), (second, number), (first, other)):
            cursor.execute(
                "UPDATE audit_auditentry SET number = %s WHERE id = %s", [place, entry.pk]
            )


def cut(number: int) -> None:
    AuditEntry.objects.filter(number__gte=number).delete()


def wind_back(number: int) -> None:
    """Cut the end off and mend the head as far as one can without the key."""
    cut(number)
    last = AuditEntry.objects.order_by("-number").first()
    AuditHead.objects.update(count=number - 1, last=last.seal if last else chain.START)


@pytest.mark.parametrize("tamper", [change, remove, swap, cut, wind_back])
def test_every_tampering_is_found(tamper: object) -> None:
    record(20)
    assert callable(tamper)

    tamper(random.Random(7).randint(1, 20))

    assert queries.verify().broken is not None


def test_a_hundred_random_changes_are_all_found() -> None:
    record(20)
    dice = random.Random(11)
    fields = ["action", "object_id", "object_kind", "via", "address", "request_id", "seal"]
    for _ in range(100):
        number, field = dice.randint(1, 20), dice.choice(fields)
        row = AuditEntry.objects.get(number=number)
        AuditEntry.objects.filter(pk=row.pk).update(**{field: f"x{getattr(row, field)}"[:20]})
        broken = queries.verify().broken
        assert broken is not None
        row.save()

    assert queries.verify().broken is None


def test_the_copy_of_the_head_tells_of_a_log_that_was_wound_back_with_its_head() -> None:
    record(5)
    early = AuditHead.objects.values().get()
    record(5)
    usecases.copy_head()
    AuditEntry.objects.filter(number__gt=5).delete()
    AuditHead.objects.update(**{k: v for k, v in early.items() if k != "id"})

    broken = queries.verify().broken

    assert broken is not None
    assert "5 entries are cut off" in broken.reason


def test_retention_keeps_the_chain() -> None:
    record(10)

    assert usecases.forget_before(NOON + dt.timedelta(seconds=4)) == 4
    assert queries.verify().broken is None


def test_an_act_that_is_rolled_back_leaves_no_entry() -> None:
    from django.db import transaction

    with transaction.atomic():
        record()
        transaction.set_rollback(True)

    assert AuditEntry.objects.count() == 0
