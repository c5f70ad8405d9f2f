"""The tick: where every SLO stands now, written for those who look, and what began or stopped."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from watchkeeper.plumbing.facts import publish
from watchkeeper.slos import queries
from watchkeeper.slos.domain import evaluation, hysteresis, timeline, windows
from watchkeeper.slos.domain import status as words
from watchkeeper.slos.domain.evaluation import RuleState
from watchkeeper.slos.domain.hysteresis import Step
from watchkeeper.slos.events import FiringEnded, FiringStarted
from watchkeeper.slos.models import Firing, Slo, SloState
from watchkeeper.slos.queries import Standing
from watchkeeper.slos.queries.standing import number

_BATCH = 40
_KEY = ("slo", "objective_index", "window_index")


def tick(*, now: dt.datetime) -> int:
    """Judge every SLO, write where it stands, begin and end firings; return how many states."""
    written = 0
    batch: list[Standing] = []
    for standing in queries.standings(now=now):
        batch.append(standing)
        if len(batch) >= _BATCH:
            written += _write(batch, now=now)
            batch = []
    return written + _write(batch, now=now)


def _write(batch: Sequence[Standing], *, now: dt.datetime) -> int:
    """Write one batch in a transaction of its own, so that others need not wait long."""
    states = [_state(standing) for standing in batch]
    with transaction.atomic():
        alive = set(
            Slo.objects.filter(pk__in={s.slo_id for s in batch}).values_list("id", flat=True)
        )
        kept = [state for state in states if state.slo_id in alive]
        SloState.objects.bulk_create(
            kept,
            update_conflicts=True,
            unique_fields=_KEY,
            update_fields=[
                field.name
                for field in SloState._meta.concrete_fields
                if not field.primary_key and field.name not in _KEY
            ],
        )
        for standing in batch:
            if standing.slo_id in alive:
                _fire(standing, now=now)
    return len(kept)


def _state(standing: Standing) -> SloState:
    answer = standing.answer
    left = answer.exhausted_in
    return SloState(
        slo_id=standing.slo_id,
        objective_index=standing.objective_index,
        window_index=standing.window_index,
        objective=standing.objective.target,
        window=windows.label(standing.window),
        method=standing.version.definition.method.value,
        as_of=answer.as_of,
        status=answer.status.value,
        severity=answer.severity.value if answer.severity else "",
        urgency=words.urgency(answer.status, answer.severity),
        sli=number(answer.sli),
        good=float(answer.good),
        total=float(answer.total),
        budget_remaining=number(answer.remaining),
        budget_remaining_projected=number(answer.projected),
        coverage=number(answer.coverage),
        exhausted_in_seconds=left.total_seconds() if left is not None else None,
        burn_rates={label: number(rate) for label, rate in answer.burn_rates.items()},
        spark=list(timeline.spark(standing.question)),
        spark_day=evaluation.minute_of(answer.as_of) // 1440,
    )


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
        before = hysteresis.Firing(is_open=row is not None, quiet=row.quiet if row else 0)
        taken, after = hysteresis.step(before, holds=state.holds)
        if taken is Step.BEGIN:
            _begin(state, place, now=now)
        elif row is not None and taken is Step.END:
            _end(row, now=now)
        elif row is not None and after.quiet != row.quiet:
            Firing.objects.filter(pk=row.pk).update(quiet=after.quiet)
    for row in rows.values():  # the rule is no longer there
        _end(row, now=now)


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
