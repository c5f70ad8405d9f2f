"""Rows for lists: from the newest tick, never computed while somebody waits."""

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import FloatField, QuerySet, TextField
from django.db.models.functions import Cast

from watchkeeper.kernel.origins import Origin
from watchkeeper.slos.domain import status as words
from watchkeeper.slos.domain.definition import Severity
from watchkeeper.slos.domain.status import SloStatus
from watchkeeper.slos.models import Exclusion, Firing, Slo, SloState
from watchkeeper.slos.queries.definitions import slo_id


@dataclass(frozen=True, slots=True)
class StateRow:
    """Where one objective stands over one window; see ``SloState``.

    Of a list of thousands few rows are shown, so what is stored as JSON is read when it is asked
    for.
    """

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
    burn_rates_json: str
    unknown_rules: int
    spark_json: str

    @property
    def burn_rates(self) -> Mapping[str, float | None]:
        """Burn rate of each lookback by its label; ``None`` where unknown."""
        found: dict[str, float | None] = json.loads(self.burn_rates_json)
        return found

    @property
    def spark(self) -> Sequence[float | None]:
        """Budget left, a point for each thirtieth of the window; ``None`` where unknown."""
        found: list[float | None] = json.loads(self.spark_json)
        return found


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
    """A burn rule that fires, or fired; ``is_sample``: of an SLO of the sample."""

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
    is_sample: bool = False


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
    maintenance: str | None = None


_STATE_FIELDS = (
    "slo_id", "objective_index", "window_index", Cast("objective", FloatField()), "window",
    "method", "as_of", "status", "severity", "urgency", "sli", "good", "total",
    "budget_remaining", "budget_remaining_projected", "coverage", "exhausted_in_seconds",
    Cast("burn_rates", TextField()), "unknown_rules", Cast("spark", TextField()),
)  # fmt: skip
_SLO_FIELDS = (
    "id", "name", "title", "service_name", "service__owner__name", "service__owner_id",
    "service__tier", "origin",
)  # fmt: skip


def slo_rows(*, service: str | None = None, owner: str | None = None) -> list[SloRow]:
    """Return all SLOs by name, with their states, by two queries."""
    found = Slo.objects.all()
    if service is not None:
        found = found.filter(service_name=service)
    if owner is not None:
        found = found.filter(service__owner__name=owner)
    states = SloState.objects.all()
    if service is not None or owner is not None:
        states = states.filter(slo__in=found)
    return _rows(found, states)


def slo_row(name: str) -> SloRow:
    """Return one SLO.

    Raises:
        SloNotFoundError: there is none of that name.
    """
    found = Slo.objects.filter(pk=slo_id(name))
    return _rows(found, SloState.objects.filter(slo__in=found))[0]


def slo_rows_named(names: Sequence[str]) -> list[SloRow]:
    """Return SLOs with their states, by name.

    Raises:
        SloNotFoundError: there is none of one of the names.
    """
    found = Slo.objects.filter(name__in=names)
    rows = _rows(found, SloState.objects.filter(slo__in=found))
    for name in sorted(set(names) - {row.name for row in rows}):
        slo_id(name)
    return rows


def _rows(slos: QuerySet[Slo], states: QuerySet[SloState]) -> list[SloRow]:
    """Return rows from plain values: a list of thousands is read while somebody waits."""
    by_slo: dict[int, list[tuple[Any, ...]]] = {}
    ordered = states.order_by("slo_id", "objective_index", "window_index")
    for values in ordered.values_list(*_STATE_FIELDS):
        by_slo.setdefault(values[0], []).append(values)
    return [
        SloRow(
            id=pk,
            name=name,
            title=title,
            service=service,
            owner=owner,
            owner_id=owner_id,
            tier=tier,
            origin=origin,
            states=tuple(
                _state((name, service, title, owner, tier), values)
                for values in by_slo.get(pk, ())
            ),
        )
        for pk, name, title, service, owner, owner_id, tier, origin in slos.order_by(
            "name"
        ).values_list(*_SLO_FIELDS)
    ]


def _state(slo: tuple[Any, ...], values: tuple[Any, ...]) -> StateRow:
    """Return a state from the values of its SLO and its own, in the order of the fields."""
    _, objective_index, window_index, objective, *rest = values
    window, method, as_of, status, severity, urgency, *figures = rest
    unknown_rules = figures[-2]
    fields = (
        *slo,
        objective_index,
        window_index,
        objective,
        window,
        method,
        as_of,
        status,
        severity or None,
        _words(status, severity, unknown_rules),
        urgency,
        *figures,
    )
    return StateRow(*fields)


@cache
def _words(status: str, severity: str, unknown_rules: int) -> str:
    grave = Severity(severity) if severity else None
    return words.words(SloStatus(status), grave, unknown_rules=unknown_rules)


def firing_rows(
    *, name: str | None = None, is_open: bool | None = None, limit: int = 200
) -> list[FiringRow]:
    """Return firings, the newest first."""
    found = Firing.objects.select_related("slo").order_by("-started_at", "-id")
    if name is not None:
        found = found.filter(slo_id=slo_id(name))
    if is_open is not None:
        found = found.filter(ended_at__isnull=is_open)
    return [_firing(row) for row in found[:limit]]


def firings_after(position: int, *, limit: int) -> list[FiringRow]:
    """Return firings whose id is above ``position``, the lowest first; for those who follow."""
    found = Firing.objects.select_related("slo").filter(pk__gt=position).order_by("pk")
    return [_firing(row) for row in found[:limit]]


def firings_of(ids: Collection[int]) -> list[FiringRow]:
    """Return firings by their ids; those that are gone are left out."""
    found = Firing.objects.select_related("slo").filter(pk__in=ids).order_by("pk")
    return [_firing(row) for row in found]


def _firing(row: Firing) -> FiringRow:
    return FiringRow(
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
        is_sample=row.slo.origin == Origin.SAMPLE.value,
    )


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
            maintenance=row.maintenance or None,
        )
        for row in found
    ]
