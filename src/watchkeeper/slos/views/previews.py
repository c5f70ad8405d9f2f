"""What a document would mean, before it is saved: its budgets, over the history that exists."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.slos import queries
from watchkeeper.slos.domain import burn_rules, evaluation, openslo
from watchkeeper.slos.domain.definition import Objective, SloDefinition, Window
from watchkeeper.slos.domain.evaluation import Evaluation, Question
from watchkeeper.slos.views import sentences
from watchkeeper.telemetry import queries as telemetry
from watchkeeper.telemetry.domain.series import MinuteSeries
from watchkeeper.ui.domain import times


@dataclass(frozen=True, slots=True)
class Line:
    """One objective over one window, as it would stand now.

    Attributes:
        objective: Promised share.
        window: The window in words.
        outage: The full outage that the whole budget would allow, in words.
        has_history: Whether minutes of this SLI are known; without, the figures are unknown.
        sli: Attained share.
        left: Share of the budget that would be left.
        status: The state it would have.
        rules: The burn rules that would watch it.
    """

    objective: float
    window: str
    outage: str
    has_history: bool
    sli: float | None
    left: float | None
    status: str
    rules: Sequence[str]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a document would mean."""

    name: str
    service: str
    lines: Sequence[Line]
    remarks: Sequence[str]


def preview(document: Document, *, now: dt.datetime) -> Preview:
    """Return what ``document`` would mean; nothing is stored.

    Raises:
        InvalidError: the document is wrong.
    """
    definition, notes = openslo.read_slo(document, queries.library())
    if definition is None:
        raise InvalidError(f"The SLO {document.name} is not valid", notes.faults)
    at = now.replace(second=0, microsecond=0)
    lines = [
        _line(definition, objective, window, at=at, now=now)
        for objective in definition.objectives
        for window in definition.windows
    ]
    remarks = [remark.detail for remark in notes.remarks]
    return Preview(definition.name, definition.service, lines, remarks)


def _line(
    definition: SloDefinition,
    objective: Objective,
    window: Window,
    *,
    at: dt.datetime,
    now: dt.datetime,
) -> Line:
    rules = burn_rules.rules_for(definition, window, target=objective.target, at=at)
    start = evaluation.first_needed(window, rules=rules, as_of=at)
    series, first = _minutes(objective.sli, start=start, end=evaluation.minute_of(at))
    answer: Evaluation = evaluation.evaluate(
        Question(
            definition=definition,
            objective=objective,
            window=window,
            series=series,
            first_minute=first,
            as_of=at,
            now=now,
        )
    )
    return Line(
        objective=float(objective.target),
        window=sentences.window_words(window),
        outage=times.duration(answer.allowed_outage),
        has_history=first is not None,
        sli=None if answer.sli is None else float(answer.sli),
        left=None if answer.remaining is None else float(answer.remaining),
        status=answer.status.value,
        rules=[
            f"{sentences.rule_words(rule.severity.value, float(rule.factor))} over "
            f"{times.duration(rule.long)} and {times.duration(rule.short)}"
            for rule in rules
        ],
    )


def _minutes(sli: str, *, start: int, end: int) -> tuple[MinuteSeries, int | None]:
    row = telemetry.sli_by_name(sli)
    if row is None:
        return MinuteSeries.empty(start=start, end=end), None
    return telemetry.minutes(row.id, start=start, end=end), telemetry.first_minute(row.id)
