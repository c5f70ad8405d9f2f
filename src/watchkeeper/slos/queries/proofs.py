"""Why a figure is what it is: down to days, minutes, exclusions, query and version."""

import datetime as dt
from typing import Any

from watchkeeper.slos.domain import timeline
from watchkeeper.slos.queries.answers import status_json
from watchkeeper.slos.queries.rows import exclusion_rows
from watchkeeper.slos.queries.standing import Standing, number, standings


def proof(*, name: str, now: dt.datetime, at: dt.datetime | None = None) -> list[dict[str, Any]]:
    """Return the proof of every objective and window of one SLO.

    Raises:
        SloNotFoundError: there is none of that name.
    """
    excluded = exclusion_rows(name=name)
    return [
        _proof(standing, [row for row in excluded if row.withdrawn_at is None])
        for standing in standings(now=now, as_of=at, name=name)
    ]


def _proof(standing: Standing, exclusions: list[Any]) -> dict[str, Any]:
    answer = standing.answer
    touching = [
        row
        for row in exclusions
        if row.start < answer.interval.end and row.end > answer.interval.start
    ]
    return {
        "status": status_json(standing),
        "window_from": answer.interval.start,
        "window_to": answer.interval.end,
        "budget": float(answer.budget),
        "bad": float(answer.total - answer.good),
        "measured_minutes": answer.measured_minutes,
        "due_minutes": answer.due_minutes,
        "excluded_minutes": answer.excluded_minutes,
        "sli_name": standing.objective.sli,
        "query": standing.objective.spec.to_json(),
        "version": standing.version.number,
        "exclusions": touching,
        "days": [
            {
                "day": day.day,
                "good": number(day.good),
                "total": number(day.total),
                "measured_minutes": day.measured,
                "due_minutes": day.due,
                "excluded_minutes": day.excluded,
            }
            for day in timeline.by_day(standing.question, time_zone="UTC")
        ],
        "error_minutes": [
            dt.datetime.fromtimestamp(minute * 60, tz=dt.UTC)
            for minute in timeline.error_minutes(standing.question)
        ],
    }
