"""Asking sources for minutes: the newest, the same again later, and history.

Nothing is asked inside a transaction; what came is stored together with how far it reaches, so a
process killed at any point asks again and ends in the same state.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import transaction
from django.db.models import F, Min, Q, Value
from django.db.models.functions import Greatest

from watchkeeper.telemetry import queries
from watchkeeper.telemetry.domain import asking
from watchkeeper.telemetry.domain.asking import Ask, Wanted
from watchkeeper.telemetry.domain.ledger import Rows
from watchkeeper.telemetry.domain.load import Meter
from watchkeeper.telemetry.domain.spec import SliSpec
from watchkeeper.telemetry.models import SliBackfill, SliInForce, SliVersion, Source
from watchkeeper.telemetry.ports import Fetched, SliRequest
from watchkeeper.telemetry.queries import history
from watchkeeper.telemetry.usecases import findings, health, store

_RETRY = dt.timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Round:
    """What is due of one source; ``fetch`` may run in any thread, it touches no database.

    Attributes:
        source_id: The source.
        name: Its name.
        ask: Which minutes.
        fetch: Asks the source; returns its answers, one or one for each of ``ask.ranges``.
        meter: What its requests cost; to be kept by :mod:`.load`, whether it answers or not.
    """

    source_id: int
    name: str
    ask: Ask
    fetch: Callable[[], list[Sequence[Fetched]]]
    meter: Meter = field(default_factory=Meter)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of history of one source to ask for; see :class:`Round`."""

    source_id: int
    name: str
    start: int
    end: int
    served: list[Wanted] = field(default_factory=list)
    fetch: Callable[[], tuple[int | None, Sequence[Fetched]]] = lambda: (None, ())
    meter: Meter = field(default_factory=Meter)


def sources_to_ask() -> list[int]:
    """Return the sources that measure something now."""
    found = SliInForce.objects.exclude(version__source=None)
    return sorted(set(found.values_list("version__source_id", flat=True)))


def next_round(source_id: int, *, now: dt.datetime) -> Round | None:
    """Return what is due of a source; ``None`` if nothing is.

    Raises:
        SourceNotFoundError: it was removed.
        InvalidError: its kind cannot be asked, or a secret is not there.
    """
    source = Source.objects.get(pk=source_id)
    ask = asking.due(
        now_second=int(now.timestamp()),
        asked_to=source.asked_to,
        asked_again_to=source.asked_again_to,
    )
    plan_history(source_id, ask, now=now)
    if not ask.ranges:
        return None
    config, adapter = queries.config_of(source_id), queries.adapter_of(source.kind)
    calls = _calls(
        [(each, _requests(source_id, start=each[0], end=each[1])) for each in ask.ranges]
    )

    def fetch() -> list[Sequence[Fetched]]:
        return [
            adapter.fetch(config, call.requests, start=call.start, end=call.end, skip=call.skip)
            for call in calls
        ]

    return Round(source_id, source.name, ask, fetch, config.meter)


@dataclass(frozen=True, slots=True)
class _Call:
    """What one call of a source's ``fetch`` asks for."""

    requests: list[SliRequest]
    start: int
    end: int
    skip: tuple[int, int] | None = None


def _calls(wanted: list[tuple[tuple[int, int], list[SliRequest]]]) -> list[_Call]:
    """Return the calls for these ranges: one, where the same is asked of both."""
    wanted = [(span, requests) for span, requests in wanted if requests]
    ordered = sorted(wanted, key=lambda each: each[0])
    if len(ordered) == 2:
        ((start, high), requests), ((low, end), others) = ordered
        if requests == others and high <= low:
            return [_Call(requests, start, end, (high, low) if high < low else None)]
    return [_Call(requests, *span) for span, requests in wanted]


def _requests(source_id: int, *, start: int, end: int) -> list[SliRequest]:
    """Return the versions of a source in force anywhere in ``[start, end)``."""
    slis = SliInForce.objects.filter(version__source_id=source_id).values_list("sli_id")
    spans = history.spans_of({sli for (sli,) in slis}).clipped(start=start, end=end)
    found = SliVersion.objects.filter(source_id=source_id).order_by("id")
    in_force = set(spans.version.tolist())
    return [
        SliRequest(version.pk, SliSpec.from_json(version.spec))
        for version in found
        if version.pk in in_force
    ]


@transaction.atomic
def finish_round(done: Round, answers: list[Sequence[Fetched]], *, now: dt.datetime) -> None:
    """Store what a source told and how far it was asked.

    The values count as observed at the start of now's minute, when the asking was due.
    """
    for answer in answers:
        _keep(done.name, answer, now=now)
    newest = _newest(answers)
    Source.objects.filter(pk=done.source_id).update(
        last_ok_at=now,
        silent_since_at=None,
        asked_to=done.ask.first[1],
        asked_again_to=done.ask.again[1],
    )
    if newest is not None:
        known = Source.objects.filter(pk=done.source_id)
        known.filter(last_minute=None).update(last_minute=newest)
        known.update(last_minute=Greatest("last_minute", newest))


def _newest(answers: list[Sequence[Fetched]]) -> int | None:
    """Return the newest covered minute."""
    found = [
        each.series.start + int(np.flatnonzero(each.series.covered)[-1])
        for answer in answers
        for each in answer
        if each.series.covered.any()
    ]
    return max(found, default=None)


def _keep(source: str, answer: Sequence[Fetched], *, now: dt.datetime) -> None:
    """Store the minutes of one answer that their versions are in force at, and its findings."""
    if not answer:
        return
    observed = int(now.timestamp()) // 60 * 60
    owners = dict(
        SliVersion.objects.filter(pk__in=[each.version_id for each in answer]).values_list(
            "id", "sli_id"
        )
    )
    told = [each for each in answer if each.version_id in owners]
    rows = history.in_force(_rows(told, observed), history.spans_of(set(owners.values())))
    store.store_rows(store.believable(rows), origin=f"source:{source}", now=now)
    findings.note_all(
        [(owners[each.version_id], sentence) for each in told for sentence in each.findings],
        now=now,
    )


def _rows(told: list[Fetched], observed: int) -> Rows:
    """Return the covered minutes of all answers as rows."""
    parts = []
    for each in told:
        covered = each.series.covered
        minute = (np.flatnonzero(covered) + each.series.start).astype(np.int64)
        version = np.full(len(minute), each.version_id, np.int64)
        seen = np.full(len(minute), observed, np.int64)
        parts.append(
            (version, minute, each.series.good[covered], each.series.total[covered], seen)
        )
    if not parts:
        return Rows.empty()
    return Rows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def fail(source_id: int, why: str, *, now: dt.datetime) -> None:
    """Remember that a source failed; its history waits a minute."""
    health.failed(source_id, why, now=now)
    SliBackfill.objects.filter(version__source_id=source_id).update(retry_at=now + _RETRY)


@transaction.atomic
def plan_history(source_id: int, ask: Ask, *, now: dt.datetime) -> None:
    """Put down the history of new versions, and minutes missed while nobody asked."""
    minute, before = int(now.timestamp()) // 60, ask.first[0]
    if not SliBackfill.objects.filter(version__source_id=source_id).exists():
        Source.objects.filter(pk=source_id).exclude(backfill_wanted=0).update(backfill_wanted=0)
    wider = SliVersion.objects.filter(source_id=source_id).annotate(
        wanted_from=Value(minute) - F("sli__history_days") * 1440,
        began=Min("in_force__since"),
    )
    wider = wider.filter(
        Q(planned_from=None) | Q(planned_from__gt=F("wanted_from") + 1440), began__isnull=False
    )
    for version in wider:
        until = before if version.planned_from is None else version.planned_from
        want_history(version.pk, start=max(version.began, version.wanted_from, 0), end=until)
        SliVersion.objects.filter(pk=version.pk).update(planned_from=version.wanted_from)
    if ask.missed is not None:
        start, end = ask.missed
        for request in _requests(source_id, start=start, end=end):
            want_history(request.version_id, start=start, end=end)
    Source.objects.filter(pk=source_id).filter(Q(asked_to=None) | Q(asked_to__lt=before)).update(
        asked_to=before
    )


def want_history(version_id: int, *, start: int, end: int) -> None:
    """Put down minutes ``[start, end)`` of a version to be asked for; again is harmless."""
    if start >= end:
        return
    known = SliBackfill.objects.filter(version_id=version_id, start=start).first()
    more = end - start if known is None else end - known.end
    if more <= 0:
        return
    SliBackfill.objects.update_or_create(version_id=version_id, start=start, defaults={"end": end})
    Source.objects.filter(sliversion=version_id).update(
        backfill_wanted=F("backfill_wanted") + more
    )


def sources_with_history(*, now: dt.datetime) -> list[int]:
    """Return the sources that are to be asked for history now."""
    found = SliBackfill.objects.exclude(retry_at__gt=now).exclude(version__source=None)
    return sorted(set(found.values_list("version__source_id", flat=True)))


def next_history(source_id: int, *, now: dt.datetime) -> Chunk | None:
    """Return the next piece of history to ask a source for; ``None`` if nothing is due.

    Raises:
        SourceNotFoundError: it was removed.
        InvalidError: its kind cannot be asked, or a secret is not there.
    """
    found = SliBackfill.objects.filter(version__source_id=source_id).exclude(retry_at__gt=now)
    wanted = [Wanted(*each) for each in found.values_list("id", "version_id", "start", "end")]
    chosen = asking.next_chunk(wanted, newest=int(now.timestamp()) // 60)
    if chosen is None:
        return None
    (start, end), served = chosen
    source = Source.objects.get(pk=source_id)
    config, adapter = queries.config_of(source_id), queries.adapter_of(source.kind)
    versions = SliVersion.objects.in_bulk({each.version_id for each in served})
    requests = [
        SliRequest(version_id, SliSpec.from_json(version.spec))
        for version_id, version in sorted(versions.items())
    ]

    def fetch() -> tuple[int | None, Sequence[Fetched]]:
        oldest = adapter.oldest(config)
        first = start if oldest is None else max(start, oldest)
        if first >= end:
            return oldest, ()
        return oldest, adapter.fetch(config, requests, start=first, end=end)

    return Chunk(source_id, source.name, start, end, served, fetch, config.meter)


@transaction.atomic
def finish_history(
    done: Chunk, oldest: int | None, answer: Sequence[Fetched], *, now: dt.datetime
) -> None:
    """Store a piece of history and shorten what is still wanted.

    Args:
        done: What was asked for.
        oldest: First minute that the source still has; ``None`` if it cannot tell.
        answer: What it told.
        now: The present.
    """
    _keep(done.name, answer, now=now)
    health.answered(done.source_id, now=now)
    for each in done.served:
        gone = oldest is not None and done.start <= oldest
        if each.start >= done.start or gone:
            SliBackfill.objects.filter(pk=each.id, end=each.end).delete()
        else:
            SliBackfill.objects.filter(pk=each.id, end=each.end).update(end=done.start)
