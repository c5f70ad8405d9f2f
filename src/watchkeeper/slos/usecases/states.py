"""State rows: one for each objective over each window, written anew at every tick."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection

from watchkeeper.slos.domain import evaluation, timeline, windows
from watchkeeper.slos.domain import status as words
from watchkeeper.slos.domain.batch import STATUSES, Standings
from watchkeeper.slos.domain.definition import Severity
from watchkeeper.slos.domain.ratios import Counts, Floats
from watchkeeper.slos.domain.running import Memory
from watchkeeper.slos.models import SloState
from watchkeeper.slos.queries import Standing
from watchkeeper.slos.queries.standing import number
from watchkeeper.telemetry.domain.series import SCALE

_KEY = ("slo", "objective_index", "window_index")
_COLUMNS = (
    ("status", "text"),
    ("severity", "text"),
    ("urgency", "smallint"),
    ("sli", "float8"),
    ("good", "float8"),
    ("total", "float8"),
    ("budget_remaining", "float8"),
    ("budget_remaining_projected", "float8"),
    ("coverage", "float8"),
    ("exhausted_in_seconds", "float8"),
    ("burn_rates", "text"),
    ("unknown_rules", "smallint"),
)
_PLACE = ("slo_id", "objective_index", "window_index")
_STEP = 2_000


def write(standings: Sequence[Standing]) -> None:
    """Write where each of ``standings`` stands, with its sparkline."""
    SloState.objects.bulk_create(
        [_state(standing) for standing in standings],
        update_conflicts=True,
        unique_fields=_KEY,
        update_fields=[
            field.name
            for field in SloState._meta.concrete_fields
            if not field.primary_key and field.name not in _KEY
        ],
    )


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
        unknown_rules=answer.unknown_rules,
        spark=list(timeline.spark(standing.question)),
        spark_day=evaluation.minute_of(answer.as_of) // 1440,
    )


def rewrite(
    memory: Memory,
    judged: Standings,
    counted: tuple[Counts, Counts],
    *,
    rows: Counts,
) -> list[list[tuple[Any, ...]]]:
    """Return the records of ``rows`` for :func:`update`, in portions of one transaction each.

    Args:
        memory: The rows that were judged.
        judged: Where they stand.
        counted: Good and total of each, in thousandths.
        rows: Which to write.
    """
    statuses = [STATUSES[code] for code in judged.status[rows]]
    severities = [
        _severity(bool(pages), bool(burns))
        for pages, burns in zip(judged.is_paging[rows], judged.is_burning[rows], strict=True)
    ]
    burn_rates = _burn_rates(memory, judged, rows)
    left = np.where(np.isfinite(judged.exhausted_in), judged.exhausted_in, np.nan)[rows] * 60
    keys = [memory.keys[row] for row in rows]
    records = list(
        zip(
            [status.value for status in statuses],
            [severity.value if severity else "" for severity in severities],
            [words.urgency(*pair) for pair in zip(statuses, severities, strict=True)],
            _known(judged.sli[rows]),
            (counted[0][rows] / SCALE).tolist(),
            (counted[1][rows] / SCALE).tolist(),
            _known(judged.remaining[rows]),
            _known(judged.projected[rows]),
            _known(judged.coverage[rows]),
            _known(left),
            burn_rates,
            judged.unknown_rules[rows].tolist(),
            [key.slo_id for key in keys],
            [key.objective_index for key in keys],
            [key.window_index for key in keys],
            strict=True,
        )
    )
    return [records[low : low + _STEP] for low in range(0, len(records), _STEP)]


def _burn_rates(memory: Memory, judged: Standings, rows: Counts) -> list[str]:
    """Return the rates of each row over its own lookbacks as JSON, all numbers written at once."""
    rates = judged.burn_rates[rows]
    labels = [json.dumps(_label(length)) for length in memory.roster.lookbacks]
    figures = json.dumps(_known(rates.ravel()))[1:-1].split(", ")
    found = []
    for row, places in enumerate(memory.lookbacks_of(rows)):
        low = row * rates.shape[1]
        found.append(
            "{" + ", ".join([f"{labels[each]}: {figures[low + each]}" for each in places]) + "}"
        )
    return found


def update(records: Sequence[tuple[Any, ...]], *, as_of: dt.datetime) -> None:
    """Write one portion of records over the state rows that there are."""
    moment = connection.ops.adapt_datetimefield_value(as_of)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            places = ", ".join(f"{name} = %s" for name, _ in _COLUMNS)
            where = " AND ".join(f"{name} = %s" for name in _PLACE)
            cursor.executemany(
                f"UPDATE slos_slostate SET as_of = %s, {places} WHERE {where}",  # noqa: S608
                [(moment, *record) for record in records],
            )
            return
        names = [name for name, _ in _COLUMNS]
        casts = {"burn_rates": "v.burn_rates::jsonb"}
        places = ", ".join(f"{name} = {casts.get(name, f'v.{name}')}" for name in names)
        arrays = ", ".join([f"%s::{kind}[]" for _, kind in _COLUMNS] + ["%s::bigint[]"] * 3)
        where = " AND ".join(f"s.{name} = v.{name}" for name in _PLACE)
        cursor.execute(
            f"UPDATE slos_slostate s SET as_of = %s, {places} "  # noqa: S608  names of ours
            f"FROM unnest({arrays}) AS v({', '.join([*names, *_PLACE])}) WHERE {where}",
            [moment, *(list(column) for column in zip(*records, strict=True))],
        )


def _severity(pages: bool, burns: bool) -> Severity | None:  # noqa: FBT001  private, one call
    if pages:
        return Severity.PAGE
    return Severity.TICKET if burns else None


def _known(values: Floats) -> list[Any]:
    """Return the values as lists with ``None`` where they are unknown."""
    found = values.astype(object)
    found[np.isnan(values)] = None
    return list(found.tolist())


def _label(minutes: int) -> str:
    return windows.span_label(dt.timedelta(minutes=minutes))
