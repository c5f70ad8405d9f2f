"""The tick: where every SLO stands now, written for those who look, and what began or stopped.

A ticker remembers sums of what it judged (``domain.running``), so that most ticks read only the
newest minutes. What changed behind its back, what cannot be kept in sums and what begins to fire
is evaluated from its minutes; so is every SLO once in one or two hours.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import transaction

from watchkeeper.plumbing.facts import publish
from watchkeeper.slos import queries
from watchkeeper.slos.domain import batch, evaluation, hysteresis, running, windows
from watchkeeper.slos.domain.batch import Standings, Sums
from watchkeeper.slos.domain.evaluation import RuleState
from watchkeeper.slos.domain.hysteresis import Step
from watchkeeper.slos.domain.ratios import Flags
from watchkeeper.slos.domain.running import Kept, Key, Marks, Memory
from watchkeeper.slos.domain.status import SloStatus
from watchkeeper.slos.events import FiringEnded, FiringStarted
from watchkeeper.slos.models import Firing, Slo
from watchkeeper.slos.queries import Standing
from watchkeeper.slos.queries.pulse import Pulse
from watchkeeper.slos.queries.standing import number
from watchkeeper.slos.usecases import states
from watchkeeper.telemetry import queries as telemetry

_BATCH = 20
"""SLOs whose states are written in one transaction; their minutes are held until then."""
_TAKEN_AT_ONCE = 500
"""Rows that wait to be remembered; each rebuilds the memory, each row waiting takes 20 kB."""


def tick(*, now: dt.datetime) -> int:
    """Judge every SLO, write where it stands, begin and end firings; return how many states."""
    return Ticker().tick(now=now)


@dataclass(slots=True)
class Ticker:
    """Judges tick after tick; what it remembers only makes it faster."""

    _memory: Memory = field(default_factory=Memory)

    def tick(self, *, now: dt.datetime) -> int:
        """Judge every SLO, write where it stands, begin and end firings; return how many states.

        Args:
            now: The present; whole minutes count.
        """
        at = now.replace(second=0, microsecond=0)
        minute = evaluation.minute_of(at)
        pulse = queries.pulse(at=at)
        memory = self._memory
        slow = self._outdated(pulse, minute)
        self._read(pulse, ~slow, minute)
        is_open = self._open(pulse)
        sums = self._sums(pulse, minute, now, is_open)
        judged = batch.judge(memory.roster, sums)
        begin = np.zeros(len(memory.keys), np.bool_)
        begin[memory.roster.rules.slo[judged.verdicts.holds & ~is_open]] = True
        begin &= judged.status != batch.STATUSES.index(SloStatus.INSUFFICIENT)
        again = {key.slo_id for key, flag in zip(memory.keys, slow | begin, strict=True) if flag}
        again |= pulse.versions.keys() - {key.slo_id for key in memory.keys}
        again &= pulse.versions.keys()
        slow = np.array(
            [key.slo_id in again or key.slo_id not in pulse.versions for key in memory.keys],
            np.bool_,
        )
        written = self._write_kept(judged, sums, ~slow, at=at, now=now)
        del judged, sums  # what follows needs the room
        kept: list[Kept] = []
        for portion in _portions(queries.standings_of(sorted(again), now=now)):
            written += _write(portion, now=now)
            kept += _kept(portion, pulse)
            if len(kept) >= _TAKEN_AT_ONCE:
                memory.take(kept, dropped=slow)
                kept, slow = [], np.zeros(len(memory.keys), np.bool_)
        memory.take(kept, dropped=slow)
        return written

    def _outdated(self, pulse: Pulse, minute: int) -> Flags:
        """Return which rows cannot be judged from what is remembered."""
        memory = self._memory
        heads = [pulse.heads.get(sli) for sli in memory.sli.tolist()]
        revision = np.array([head.revision if head else -1 for head in heads], np.int64)
        last = np.array([_last(head) for head in heads], np.int64)
        slos = [key.slo_id for key in memory.keys]
        version = np.array([pulse.versions.get(slo, -1) for slo in slos], np.int64)
        excluded = np.array([pulse.excluded.get(slo, -1) for slo in slos], np.int64)
        late = (last >= memory.read) & (memory.read < memory.base)
        return np.asarray(
            (revision != memory.revision)
            | (version != memory.version)
            | (excluded >= memory.needed)
            | (minute > memory.until)
            | (minute < memory.taken)
            | late
        )

    def _read(self, pulse: Pulse, fresh: Flags, minute: int) -> None:
        """Read the minutes that came since the last tick."""
        memory = self._memory
        last = np.array([_last(pulse.heads.get(sli)) for sli in memory.sli.tolist()], np.int64)
        rows = np.flatnonzero(fresh & (last >= memory.read) & (memory.read < minute))
        if not len(rows):
            return
        slis = memory.sli[rows].tolist()
        found = telemetry.minutes_of(set(slis), start=int(memory.read[rows].min()), end=minute)
        memory.add(rows, [found[sli] for sli in slis], at=minute)
        memory.read[rows] = np.minimum(last[rows] + 1, minute)

    def _open(self, pulse: Pulse) -> Flags:
        if not pulse.open_rules:
            return np.zeros(len(self._memory.roster.is_page), np.bool_)
        return np.array(
            [
                rule.name in pulse.open_rules.get(_place(key), ())
                for key, rule in self._memory.rules()
            ],
            np.bool_,
        )

    def _sums(self, pulse: Pulse, minute: int, now: dt.datetime, is_open: Flags) -> Sums:
        heads = [pulse.heads.get(sli) for sli in self._memory.sli.tolist()]
        firsts = [
            running.NEVER if head is None or head.first_minute is None else head.first_minute
            for head in heads
        ]
        return self._memory.sums(
            minute,
            settled=evaluation.minute_of(now - evaluation.SETTLING),
            first_minute=np.array(firsts, np.int64),
            is_open=is_open,
        )

    def _write_kept(
        self, judged: Standings, sums: Sums, fresh: Flags, *, at: dt.datetime, now: dt.datetime
    ) -> int:
        """Write the rows that were judged from sums, and go on with or end their firings."""
        rows = np.flatnonzero(fresh)
        counted = (sums.good, sums.total)
        for records in states.rewrite(self._memory, judged, counted, rows=rows):
            with transaction.atomic():
                states.update(records, as_of=at)
        self._go_on(judged, fresh, now=now)
        return len(rows)

    def _go_on(self, judged: Standings, fresh: Flags, *, now: dt.datetime) -> None:
        firings = {
            ((row.slo_id, row.objective_index, row.window_index), row.rule): row
            for row in Firing.objects.filter(ended_at__isnull=True)
        }
        if not firings:
            return
        places = self._memory.roster.rules.slo
        with transaction.atomic():
            for place, (key, rule) in enumerate(self._memory.rules()):
                row = firings.get((_place(key), rule.name))
                if row is None or not fresh[places[place]]:
                    continue
                holds = True if judged.verdicts.holds[place] else None
                _step(row, holds=False if judged.verdicts.clear[place] else holds, now=now)


def _last(head: telemetry.Head | None) -> int:
    return -1 if head is None or head.last_minute is None else head.last_minute


def _place(key: Key) -> tuple[int, int, int]:
    return key.slo_id, key.objective_index, key.window_index


def _portions(standings: Iterable[Standing]) -> Iterator[list[Standing]]:
    portion: list[Standing] = []
    for standing in standings:
        if len(portion) >= _BATCH and standing.slo_id != portion[-1].slo_id:
            yield portion
            portion = []
        portion.append(standing)
    if portion:
        yield portion


def _kept(standings: Sequence[Standing], pulse: Pulse) -> list[Kept]:
    """Return what to remember: all rows of an SLO or none."""
    found: dict[int, list[Kept | None]] = {}
    for standing in standings:
        found.setdefault(standing.slo_id, []).append(_kept_one(standing, pulse))
    return [
        row
        for rows in found.values()
        if all(row is not None for row in rows)
        for row in rows
        if row is not None
    ]


def _kept_one(standing: Standing, pulse: Pulse) -> Kept | None:
    if len(standing.sli_ids) != 1:
        return None
    [sli] = standing.sli_ids
    head = pulse.heads.get(sli)
    if head is None or pulse.versions.get(standing.slo_id) != standing.version.number:
        return None
    end = evaluation.minute_of(standing.answer.as_of)
    marks = Marks(sli, head.revision, standing.version.number, min(_last(head) + 1, end))
    key = Key(standing.slo_id, standing.objective_index, standing.window_index)
    return running.keep(standing.question, key, marks)


def _write(portion: Sequence[Standing], *, now: dt.datetime) -> int:
    """Write a portion in a transaction of its own, so that others need not wait long."""
    with transaction.atomic():
        ids = {standing.slo_id for standing in portion}
        kept_rows = Slo.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("id")
        alive = set(kept_rows.values_list("id", flat=True))  # none goes until this is written
        kept = [standing for standing in portion if standing.slo_id in alive]
        states.write(kept)
        for standing in kept:
            _fire(standing, now=now)
    return len(kept)


def _fire(standing: Standing, *, now: dt.datetime) -> None:
    """Begin, go on with or end the firings of one objective over one window."""
    place: dict[str, Any] = {
        "slo_id": standing.slo_id,
        "objective_index": standing.objective_index,
        "window_index": standing.window_index,
    }
    known = standing.question.open_rules
    rows = {}
    if known:
        rows = {row.rule: row for row in Firing.objects.filter(**place, ended_at__isnull=True)}
    for state in standing.answer.rules:
        row = rows.pop(state.rule.name, None)
        if row is not None:
            _step(row, holds=state.holds, now=now)
        elif standing.answer.status is SloStatus.INSUFFICIENT:
            continue  # too few events wake nobody; what fires already goes on until it is calm
        elif hysteresis.step(hysteresis.Firing(), holds=state.holds)[0] is Step.BEGIN:
            _begin(state, place, now=now)
    for row in rows.values():  # the rule is no longer there
        _end(row, now=now)


def _step(row: Firing, *, holds: bool | None, now: dt.datetime) -> None:
    """Go on with an open firing, or end it."""
    before = hysteresis.Firing(is_open=True, quiet=row.quiet)
    taken, after = hysteresis.step(before, holds=holds)
    if taken is Step.END:
        _end(row, now=now)
    elif after.quiet != row.quiet:
        Firing.objects.filter(pk=row.pk).update(quiet=after.quiet)


def _begin(state: RuleState, place: dict[str, Any], *, now: dt.datetime) -> None:
    made, is_new = Firing.objects.get_or_create(
        **place,
        rule=state.rule.name,
        ended_at=None,
        defaults={
            "severity": state.rule.severity.value,
            "started_at": now,
            "reason": _reason(state),
        },
    )
    if is_new:
        publish(FiringStarted(firing_id=made.pk, at=now))


def _end(row: Firing, *, now: dt.datetime) -> None:
    if Firing.objects.filter(pk=row.pk, ended_at__isnull=True).update(ended_at=now):
        publish(FiringEnded(firing_id=row.pk, at=now))


def _reason(state: RuleState) -> dict[str, Any]:
    """Return why a rule fires: which lookbacks, which rates, what was spent, what will be."""
    left = state.exhausted_in
    return {
        "long": windows.span_label(state.rule.long),
        "long_rate": number(state.long_rate),
        "short": windows.span_label(state.rule.short),
        "short_rate": number(state.short_rate),
        "factor": float(state.rule.factor),
        "budget_spent": number(state.spent),
        "exhausted_in_seconds": left.total_seconds() if left is not None else None,
    }


def forget_firings(*, before: dt.datetime) -> int:
    """Remove firings that ended before an instant; return how many."""
    deleted, _ = Firing.objects.filter(ended_at__lt=before).delete()
    return deleted
