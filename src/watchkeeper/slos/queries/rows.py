"""Rows for lists: from the newest tick, never computed while somebody waits."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper.slos.domain import status as words
from watchkeeper.slos.domain.definition import Severity
from watchkeeper.slos.domain.status import SloStatus
from watchkeeper.slos.models import Exclusion, Firing, Slo, SloState
from watchkeeper.slos.queries.definitions import slo_id


@dataclass(frozen=True, slots=True)
class StateRow:
    """Where one objective stands over one window; see ``SloState``."""

    slo: str
    service: str
    title: str
    owner: str | None
    tier: int | None
    objective_index: int
    window_index: int
    objective: float
    window: str
    method: str
    as_of: dt.datetime
    status: str
    severity: str | None
    words: str
    urgency: int
    sli: float | None
    good: float
    total: float
    budget_remaining: float | None
    budget_remaining_projected: float | None
    coverage: float | None
    exhausted_in_seconds: float | None
    burn_rates: Mapping[str, float | None]
    spark: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class SloRow:
    """One SLO with all its states; none before its first tick."""

    id: int
    name: str
    title: str
    service: str
    owner: str | None
    owner_id: int | None
    tier: int | None
    origin: str
    states: tuple[StateRow, ...]


@dataclass(frozen=True, slots=True)
class FiringRow:
    """A burn rule that fires, or fired."""

    id: int
    slo: str
    service: str
    rule: str
    severity: str
    objective_index: int
    window_index: int
    started_at: dt.datetime
    ended_at: dt.datetime | None
    reason: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExclusionRow:
    """A stretch of time that does not count."""

    id: int
    slo: str | None
    service: str | None
    start: dt.datetime
    end: dt.datetime
    reason: str
    author: str
    created_at: dt.datetime
    withdrawn_at: dt.datetime | None


def slo_rows(*, service: str | None = None, owner: str | None = None) -> list[SloRow]:
    """Return all SLOs by name, with their states, by two queries."""
    found = Slo.objects.select_related("service__owner").prefetch_related("states")
    if service is not None:
        found = found.filter(service_name=service)
    if owner is not None:
        found = found.filter(service__owner__name=owner)
    return [_row(slo) for slo in found.order_by("name")]


def slo_row(name: str) -> SloRow:
    """Return one SLO.

    Raises:
        SloNotFoundError: there is none of that name.
    """
    slo = Slo.objects.select_related("service__owner").get(pk=slo_id(name))
    return _row(slo)


def _row(slo: Slo) -> SloRow:
    team = slo.service.owner if slo.service is not None else None
    states = sorted(slo.states.all(), key=lambda s: (s.objective_index, s.window_index))
    return SloRow(
        id=slo.pk,
        name=slo.name,
        title=slo.title,
        service=slo.service_name,
        owner=team.name if team is not None else None,
        owner_id=team.pk if team is not None else None,
        tier=slo.service.tier if slo.service is not None else None,
        origin=slo.origin,
        states=tuple(_state(slo, state) for state in states),
    )


def _state(slo: Slo, state: SloState) -> StateRow:
    team = slo.service.owner if slo.service is not None else None
    severity = Severity(state.severity) if state.severity else None
    return StateRow(
        slo=slo.name,
        service=slo.service_name,
        title=slo.title,
        owner=team.name if team is not None else None,
        tier=slo.service.tier if slo.service is not None else None,
        objective_index=state.objective_index,
        window_index=state.window_index,
        objective=float(state.objective),
        window=state.window,
        method=state.method,
        as_of=state.as_of,
        status=state.status,
        severity=state.severity or None,
        words=words.words(SloStatus(state.status), severity),
        urgency=state.urgency,
        sli=state.sli,
        good=state.good,
        total=state.total,
        budget_remaining=state.budget_remaining,
        budget_remaining_projected=state.budget_remaining_projected,
        coverage=state.coverage,
        exhausted_in_seconds=state.exhausted_in_seconds,
        burn_rates=state.burn_rates,
        spark=state.spark,
    )


def firing_rows(
    *, name: str | None = None, is_open: bool | None = None, limit: int = 200
) -> list[FiringRow]:
    """Return firings, the newest first."""
    found = Firing.objects.select_related("slo").order_by("-started_at", "-id")
    if name is not None:
        found = found.filter(slo_id=slo_id(name))
    if is_open is not None:
        found = found.filter(ended_at__isnull=is_open)
    return [
        FiringRow(
            id=row.pk,
            slo=row.slo.name,
            service=row.slo.service_name,
            rule=row.rule,
            severity=row.severity,
            objective_index=row.objective_index,
            window_index=row.window_index,
            started_at=row.started_at,
            ended_at=row.ended_at,
            reason=row.reason,
        )
        for row in found[:limit]
    ]


def exclusion_rows(*, name: str | None = None) -> list[ExclusionRow]:
    """Return exclusions, withdrawn ones too, the newest first; of one SLO with its service's."""
    found = Exclusion.objects.select_related("slo").order_by("-start", "-id")
    if name is not None:
        row = Slo.objects.get(pk=slo_id(name))
        found = found.filter(slo=row) | found.filter(service_name=row.service_name)
    return [
        ExclusionRow(
            id=row.pk,
            slo=row.slo.name if row.slo is not None else None,
            service=row.service_name or None,
            start=row.start,
            end=row.end,
            reason=row.reason,
            author=row.author,
            created_at=row.created_at,
            withdrawn_at=row.withdrawn_at,
        )
        for row in found
    ]
