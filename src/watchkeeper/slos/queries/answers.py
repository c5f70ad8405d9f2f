"""Where SLOs stand, as JSON; the same for every door."""

import datetime as dt
from typing import Any

from watchkeeper.slos.domain import status as words
from watchkeeper.slos.domain import windows
from watchkeeper.slos.queries.rules import rules_json
from watchkeeper.slos.queries.standing import Standing, number, standings


def status_of(
    *, now: dt.datetime, at: dt.datetime | None = None, name: str | None = None
) -> list[dict[str, Any]]:
    """Return what ``slo status --json`` answers: one object per SLO, objective and window."""
    return [status_json(standing) for standing in standings(now=now, as_of=at, name=name)]


def status_json(standing: Standing) -> dict[str, Any]:
    """Return one standing as every door tells it; ratios in 0..1, unknown as null."""
    answer = standing.answer
    return {
        "name": standing.name,
        "service": standing.service,
        "objective": float(standing.objective.target),
        "objective_name": standing.objective.display_name,
        "window": windows.label(standing.window),
        "sli": number(answer.sli),
        "budget_remaining": number(answer.remaining),
        "budget_remaining_projected": number(answer.projected),
        "burn_rates": {label: number(rate) for label, rate in answer.burn_rates.items()},
        "status": answer.status.value,
        "words": words.words(answer.status, answer.severity, unknown_rules=answer.unknown_rules),
        "severity": answer.severity.value if answer.severity else None,
        "coverage": number(answer.coverage),
        "good": number(answer.good),
        "total": number(answer.total),
        "method": standing.version.definition.method.value,
        "definition_changed_at": _text(standing.changed_at),
        "definition_version": standing.version.number,
        "exhausted_in_seconds": (
            answer.exhausted_in.total_seconds() if answer.exhausted_in is not None else None
        ),
        "as_of": _text(answer.as_of),
        **rules_json(standing),
    }


def _text(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
