"""What a tick has to know of all SLOs before it knows which of them to look at."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Max

from watchkeeper.slos.domain import evaluation
from watchkeeper.slos.models import Exclusion, Slo
from watchkeeper.slos.queries.standing import open_rules
from watchkeeper.telemetry import queries as telemetry
from watchkeeper.telemetry.queries import Head

Place = tuple[int, int, int]
"""Row id of an SLO, place of its objective, place of its window."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The SLOs at one instant.

    Attributes:
        versions: Number of the newest version of each SLO.
        heads: Of each SLI; read before any minute is.
        excluded: Minute in which the last exclusion of an SLO ends; no entry without one.
        open_rules: Names of the rules whose firing is open.
    """

    versions: Mapping[int, int]
    heads: Mapping[int, Head]
    excluded: Mapping[int, int]
    open_rules: Mapping[Place, frozenset[str]]


def pulse(*, at: dt.datetime) -> Pulse:
    """Return what may have changed since the last tick, by four queries."""
    slos = list(
        Slo.objects.annotate(newest=Max("versions__number")).values_list(
            "id", "newest", "service_name"
        )
    )
    heads = telemetry.heads()
    return Pulse(
        versions={slo: newest for slo, newest, _ in slos if newest is not None},
        heads=heads,
        excluded=_excluded({slo: service for slo, _, service in slos}),
        open_rules=open_rules(at=at),
    )


def _excluded(services: Mapping[int, str]) -> Mapping[int, int]:
    rows = Exclusion.objects.filter(withdrawn_at__isnull=True)
    ends = list(rows.values_list("slo_id", "service_name").annotate(last=Max("end")).order_by())
    by_slo = {slo: end for slo, _, end in ends if slo is not None}
    by_service = {service: end for _, service, end in ends if service}
    found: dict[int, int] = {}
    if not ends:
        return found
    for slo, service in services.items():
        known = [end for end in (by_slo.get(slo), by_service.get(service)) if end is not None]
        if known:
            found[slo] = evaluation.minute_of(max(known))
    return found
