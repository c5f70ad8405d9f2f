"""Alarms of the installation itself: begun, told once however many nodes look, ended.

Telling is at least once: who tells takes a lease on the row first, and the row says that it was
told only after a way out took it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from django.db.models import F

from watchkeeper.plumbing import due_work
from watchkeeper.plumbing.conditions import Condition
from watchkeeper.plumbing.models import Alarm

LEASE_MS = 30_000
SETTLED_MS = 60_000
GAP_MS = 300_000
_FORGET_MS = 7 * 86_400_000


class Word(Enum):
    """What admins are told of an alarm."""

    BEGUN = "begun"
    CONTINUES = "continues"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an alarm stands; times in milliseconds since the epoch, 0: not so.

    Attributes:
        ended_ms: When it ended; 0: it goes on.
        told_ms: When it was last told of, in this or an earlier episode.
        is_told: Whether the beginning of this episode was told.
    """

    ended_ms: int = 0
    told_ms: int = 0
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One alarm, for people.

    Attributes:
        name: What is wrong.
        detail: What was found.
        since: When it began.
        ended: When it ended; ``None``: it goes on.
        told: When admins were last told; ``None``: never.
    """

    name: str
    detail: str
    since: dt.datetime
    ended: dt.datetime | None
    told: dt.datetime | None


def due_word(standing: Standing, *, now_ms: int, remind_ms: int) -> Word | None:
    """Return what is to be told now; ``None``: nothing.

    An end is told once it has lasted a minute, so that what comes and goes is one episode; a new
    episode is told at most every five minutes.
    """
    since_told = now_ms - standing.told_ms
    if standing.ended_ms:
        is_settled = now_ms - standing.ended_ms >= SETTLED_MS
        return Word.OVER if standing.is_told and is_settled else None
    if not standing.is_told:
        return Word.BEGUN if not standing.told_ms or since_told >= GAP_MS else None
    return Word.CONTINUES if since_told >= remind_ms else None


def note(conditions: Sequence[Condition], *, now_ms: int) -> None:
    """Let the rows say what is wrong now; one that comes back within a minute goes on."""
    wanted = {each.name[:200]: each.detail for each in conditions}
    rows = {row.name: row for row in Alarm.objects.all()}
    for name, detail in wanted.items():
        row = rows.get(name)
        if row is None:
            Alarm.objects.get_or_create(
                name=name, defaults={"detail": detail, "since_ms": now_ms, "ended_ms": 0}
            )
        elif row.ended_ms:
            since = F("since_ms") if row.is_told else now_ms
            ended = Alarm.objects.filter(pk=row.pk, ended_ms=row.ended_ms)
            ended.update(ended_ms=0, since_ms=since, detail=detail)
    for name, row in rows.items():
        if name not in wanted and not row.ended_ms:
            Alarm.objects.filter(pk=row.pk, ended_ms=0).update(ended_ms=now_ms)
    old = Alarm.objects.filter(ended_ms__gt=0, ended_ms__lt=now_ms - _FORGET_MS, is_told=False)
    if any(row.ended_ms and row.ended_ms < now_ms - _FORGET_MS for row in rows.values()):
        old.delete()


def take(*, now_ms: int, remind_ms: int) -> list[tuple[Alarm, Word]]:
    """Return the alarms to be told of now; nobody else tells them meanwhile."""
    taken = []
    for row in Alarm.objects.filter(lease_until_ms__lte=now_ms).order_by("since_ms", "name"):
        word = due_word(
            Standing(row.ended_ms, row.told_ms, row.is_told), now_ms=now_ms, remind_ms=remind_ms
        )
        if word is None:
            continue
        mine = Alarm.objects.filter(
            pk=row.pk,
            lease_until_ms=row.lease_until_ms,
            told_ms=row.told_ms,
            is_told=row.is_told,
            ended_ms=row.ended_ms,
        )
        if mine.update(lease_until_ms=now_ms + LEASE_MS):
            row.lease_until_ms = now_ms + LEASE_MS
            taken.append((row, word))
    return taken


def told(row: Alarm, word: Word, *, now_ms: int, detail: str) -> None:
    """Note that admins were told."""
    held = Alarm.objects.filter(pk=row.pk, lease_until_ms=row.lease_until_ms)
    held.update(told_ms=now_ms, is_told=word is not Word.OVER, lease_until_ms=0, detail=detail)


def released(row: Alarm) -> None:
    """Let the next look tell it: no way out took it."""
    Alarm.objects.filter(pk=row.pk, lease_until_ms=row.lease_until_ms).update(lease_until_ms=0)


def known() -> list[Told]:
    """Return what is wrong and what was of late, the open ones first."""
    rows = sorted(Alarm.objects.all(), key=lambda row: (row.ended_ms > 0, -row.since_ms))
    return [
        Told(
            row.name,
            row.detail,
            _at(row.since_ms),
            _at(row.ended_ms) if row.ended_ms else None,
            _at(row.told_ms) if row.told_ms else None,
        )
        for row in rows
    ]


def now_ms() -> int:
    """Return the present by the database's clock, on which alarms are told."""
    return due_work.database_ms()


def _at(value_ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(value_ms / 1000, tz=dt.UTC)
