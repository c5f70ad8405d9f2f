"""Where SLOs stand at an instant: every number, computed from the minutes."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from django.db.models import Q

from watchkeeper.kernel.intervals import Interval
from watchkeeper.slos.domain import burn_rules, evaluation
from watchkeeper.slos.domain.definition import Objective, Window
from watchkeeper.slos.domain.evaluation import Evaluation, Question
from watchkeeper.slos.models import Exclusion, Firing, Slo
from watchkeeper.slos.queries.definitions import Version, in_force, slo_id, versions_of
from watchkeeper.telemetry import queries as telemetry
from watchkeeper.telemetry.domain.series import MinuteSeries

_CHUNK = 20
"""SLOs whose minutes are held in memory at once."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One objective of one SLO over one window.

    Attributes:
        slo_id: Row id of the SLO.
        name: Name of the SLO.
        service: Name of its service.
        objective_index: Place of the objective, from 0.
        window_index: Place of the window, from 0.
        objective: The objective that judges.
        window: The window.
        version: The version in force at ``as_of``.
        changed_at: When the definition last changed before ``as_of``; ``None`` if it never did.
        sli_ids: The SLIs that its minutes come from; more than one where a version changed it.
        question: What was asked of the maths; holds the minutes.
        answer: All numbers.
    """

    slo_id: int
    name: str
    service: str
    objective_index: int
    window_index: int
    objective: Objective
    window: Window
    version: Version
    changed_at: dt.datetime | None
    sli_ids: frozenset[int]
    question: Question
    answer: Evaluation


def standings(
    *, now: dt.datetime, as_of: dt.datetime | None = None, name: str | None = None
) -> Iterator[Standing]:
    """Yield every objective over every window, of all SLOs or of one, by name.

    Args:
        now: The present.
        as_of: The instant to look at; the present where it is ``None``. Whole minutes count.
        name: One SLO only.

    Raises:
        SloNotFoundError: there is no SLO of that name.
    """
    ids = (
        [slo_id(name)]
        if name is not None
        else list(Slo.objects.order_by("name").values_list("id", flat=True))
    )
    yield from standings_of(ids, now=now, as_of=as_of)


def standings_of(
    ids: Sequence[int], *, now: dt.datetime, as_of: dt.datetime | None = None
) -> Iterator[Standing]:
    """Yield every objective over every window of these SLOs; see :func:`standings`."""
    at = (as_of or now).replace(second=0, microsecond=0)
    for place in range(0, len(ids), _CHUNK):
        yield from _chunk(ids[place : place + _CHUNK], at=at, now=now)


def _chunk(ids: Sequence[int], *, at: dt.datetime, now: dt.datetime) -> Iterator[Standing]:
    slos = {row.pk: row for row in Slo.objects.filter(pk__in=ids)}
    versions = versions_of(ids)
    ids = [slo for slo in ids if slo in slos and versions[slo]]  # others went meanwhile
    slis = _sli_ids(versions)
    start = min((_first_needed(in_force(versions[slo], at), at) for slo in ids), default=0)
    end = evaluation.minute_of(at)
    minutes = telemetry.minutes_of(set(slis.values()), start=start, end=end)
    heads = telemetry.heads(set(slis.values()))
    gone = _sli_names(versions) - {name for name, sli in slis.items() if sli in heads}
    ids = [slo for slo in ids if gone.isdisjoint(_sli_names({slo: versions[slo]}))]
    exclusions = _exclusions(slos.values(), start=start)
    firings = open_rules(at=at, ids=ids)
    for slo in ids:
        own = versions[slo]
        version = in_force(own, at)
        for objective_index, objective in enumerate(version.definition.objectives):
            series = _stitched(own, objective_index, slis, minutes, (start, end))
            sources = frozenset(
                slis[v.definition.objectives[objective_index].sli]
                for v in own
                if objective_index < len(v.definition.objectives)
            )
            first = [heads[sli].first_minute for sli in sources]
            for window_index, window in enumerate(version.definition.windows):
                question = Question(
                    definition=version.definition,
                    objective=objective,
                    window=window,
                    series=series,
                    first_minute=min((m for m in first if m is not None), default=None),
                    as_of=at,
                    now=now,
                    exclusions=exclusions[slo],
                    open_rules=firings.get((slo, objective_index, window_index), frozenset()),
                )
                yield Standing(
                    slo_id=slo,
                    name=slos[slo].name,
                    service=version.definition.service,
                    objective_index=objective_index,
                    window_index=window_index,
                    objective=objective,
                    window=window,
                    version=version,
                    changed_at=version.valid_from if version.number > 1 else None,
                    sli_ids=sources,
                    question=question,
                    answer=evaluation.evaluate(question),
                )


def further_back(standing: Standing, *, start: int) -> Question:
    """Return the question of a standing with minutes from ``start`` on, for longer charts.

    Args:
        standing: One objective over one window.
        start: First minute that is wanted (whole minutes since 1970).
    """
    if start >= standing.question.series.start:
        return standing.question
    versions = versions_of([standing.slo_id])
    slis = _sli_ids(versions)
    end = evaluation.minute_of(standing.answer.as_of)
    minutes = telemetry.minutes_of(set(slis.values()), start=start, end=end)
    own = versions[standing.slo_id]
    series = _stitched(own, standing.objective_index, slis, minutes, (start, end))
    slo = Slo.objects.get(pk=standing.slo_id)
    exclusions = _exclusions([slo], start=start)[slo.pk]
    return replace(standing.question, series=series, exclusions=exclusions)


def _first_needed(version: Version, at: dt.datetime) -> int:
    definition = version.definition
    return min(
        evaluation.first_needed(
            window,
            rules=burn_rules.rules_for(definition, window, target=objective.target, at=at),
            as_of=at,
        )
        for window in definition.windows
        for objective in definition.objectives
    )


def _sli_names(versions: Mapping[int, Sequence[Version]]) -> set[str]:
    return {
        objective.sli
        for own in versions.values()
        for version in own
        for objective in version.definition.objectives
    }


def _sli_ids(versions: Mapping[int, Sequence[Version]]) -> dict[str, int]:
    return {row.name: row.id for row in telemetry.slis(sorted(_sli_names(versions)))}


def _stitched(
    versions: Sequence[Version],
    objective_index: int,
    slis: Mapping[str, int],
    minutes: Mapping[int, MinuteSeries],
    span: tuple[int, int],
) -> MinuteSeries:
    """Return each minute from the SLI that the version in force at that minute is judged by."""
    pieces: list[tuple[int, int]] = []  # (first minute, SLI)
    for version in versions:
        objectives = version.definition.objectives
        if objective_index < len(objectives):
            since = evaluation.minute_of(version.valid_from) if pieces else span[0]
            pieces.append((since, slis[objectives[objective_index].sli]))
    if len({sli for _, sli in pieces}) == 1:
        return minutes[pieces[0][1]]
    found = MinuteSeries.empty(start=span[0], end=span[1])
    ends = [since for since, _ in pieces[1:]] + [span[1]]
    for (since, sli), until in zip(pieces, ends, strict=True):
        part = minutes[sli].slice(start=since, end=until)
        low = part.start - span[0]
        high = low + len(part.covered)
        found.good[low:high] = part.good
        found.total[low:high] = part.total
        found.covered[low:high] = part.covered
    return found


def _exclusions(slos: Any, *, start: int) -> dict[int, tuple[Interval, ...]]:
    since = dt.datetime.fromtimestamp(start * 60, tz=dt.UTC)
    rows = list(Exclusion.objects.filter(withdrawn_at__isnull=True, end__gt=since))
    found = {}
    for slo in slos:
        own = [
            Interval(row.start, row.end)
            for row in rows
            if row.slo_id == slo.pk or (row.service_name and row.service_name == slo.service_name)
        ]
        found[slo.pk] = Interval.merged(own)
    return found


def open_rules(
    *, at: dt.datetime, ids: Sequence[int] | None = None
) -> dict[tuple[int, int, int], frozenset[str]]:
    """Return the rules whose firing was open at an instant, of these SLOs or of all.

    Keys are (row id of the SLO, place of the objective, place of the window).
    """
    found: dict[tuple[int, int, int], set[str]] = {}
    began = Firing.objects.filter(started_at__lt=at + dt.timedelta(minutes=1))
    if ids is not None:
        began = began.filter(slo_id__in=ids)
    rows = began.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at))
    for row in rows:
        key = (row.slo_id, row.objective_index, row.window_index)
        found.setdefault(key, set()).add(row.rule)
    return {key: frozenset(rules) for key, rules in found.items()}


def number(value: Fraction | None) -> float | int | None:
    """Return an exact number as JSON holds it: whole ones as integers, unknown as null."""
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else float(value)
