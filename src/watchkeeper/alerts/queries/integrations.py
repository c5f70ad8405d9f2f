"""Reading integrations; their keys are told by ``usecases.integrations.reveal`` alone."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from watchkeeper.alerts.domain.documents import IntegrationSpec
from watchkeeper.alerts.domain.events import OWN
from watchkeeper.alerts.models import Heartbeat, InboundEvent, InboundRequest, Integration
from watchkeeper.kernel.errors import NotFoundError

LATELY = dt.timedelta(hours=24)
"""How far back lists look for what became of events."""


class IntegrationNotFoundError(NotFoundError):
    """There is no integration of that name."""

    code = "integration_not_found"


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """A sender.

    Attributes:
        name: Its name.
        kind: Its kind.
        service: The service its events are about where they do not say; may be empty.
        scope: Integrations of one scope share dedup keys.
        settings: What its kind wants to know.
        origin: Where it came from.
        file: The file it came from; may be empty.
        last_post_at: When it posted last; ``None``: it never did.
        due_at: When its silence becomes an alert; ``None``: it is no heartbeat, or is missed.
    """

    name: str
    kind: str
    service: str
    scope: str
    settings: Mapping[str, Any]
    origin: str
    file: str
    last_post_at: dt.datetime | None
    due_at: dt.datetime | None


def integration_rows() -> list[IntegrationRow]:
    """Return all integrations by name."""
    due = dict(Heartbeat.objects.values_list("integration_id", "due_at"))
    rows = Integration.objects.exclude(kind=OWN).order_by("name")
    return [_row(row, due.get(row.pk)) for row in rows]


def integration_row(name: str) -> IntegrationRow:
    """Return one integration.

    Raises:
        IntegrationNotFoundError: there is none of that name.
    """
    row = row_of(name)
    beat = Heartbeat.objects.filter(integration=row).first()
    return _row(row, beat.due_at if beat is not None else None)


def _row(row: Integration, due_at: dt.datetime | None) -> IntegrationRow:
    newest = InboundRequest.objects.filter(integration=row).order_by("-pk")
    return IntegrationRow(
        name=row.name,
        kind=row.kind,
        service=row.service_name,
        scope=row.scope,
        settings=row.settings,
        origin=row.origin,
        file=row.file,
        last_post_at=newest.values_list("received_at", flat=True).first(),
        due_at=due_at,
    )


def verdicts_since(since: dt.datetime, *, name: str = "") -> dict[str, dict[str, int]]:
    """Return how many events had which verdict, by name of the integration.

    Args:
        since: From when on.
        name: Only of this integration; empty: of all.
    """
    found = InboundEvent.objects.filter(request__received_at__gte=since)
    if name:
        found = found.filter(request__integration__name=name)
    rows = found.values_list("request__integration__name", "verdict").annotate(n=Count("pk"))
    counts: dict[str, dict[str, int]] = {}
    for integration, verdict, count in rows.order_by():
        if integration is not None:
            counts.setdefault(integration, {})[verdict] = count
    return counts


def row_of(name: str) -> Integration:
    """Return the row of an integration, for the use-cases of this slice.

    Raises:
        IntegrationNotFoundError: there is none of that name.
    """
    row = Integration.objects.filter(name=name).first()
    if row is None:
        raise IntegrationNotFoundError(f"There is no integration {name}")
    return row


def spec_of(row: Integration) -> IntegrationSpec:
    """Return what somebody would have to wish for to have this integration."""
    return IntegrationSpec(
        name=row.name,
        kind=row.kind,
        service=row.service_name,
        scope="" if row.scope == row.name else row.scope,
        settings=row.settings,
        key=row.key_reference,
    )


def specs() -> list[IntegrationSpec]:
    """Return what somebody would have to wish for to have all integrations, by name."""
    rows = Integration.objects.exclude(kind=OWN).order_by("name")
    return [spec_of(row) for row in rows]
