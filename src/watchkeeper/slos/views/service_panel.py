"""What a service's page shows of its SLOs; see ``catalog.ports``."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from watchkeeper.kernel.access import Permission, may
from watchkeeper.kernel.actors import Actor
from watchkeeper.slos import queries
from watchkeeper.slos.domain import status as words
from watchkeeper.slos.domain.definition import Severity
from watchkeeper.slos.domain.status import SloStatus
from watchkeeper.slos.queries import services as held
from watchkeeper.slos.views import rows
from watchkeeper.ui.domain import states


class SloPanel:
    """The SLOs of one service."""

    template = "slos/_service_panel.html"

    def context(self, service: str, *, actor: Actor, now: dt.datetime) -> Mapping[str, Any]:
        """See ``ServicePanel``."""
        del now
        found = queries.slo_rows(service=service)
        teams: list[int | None] = [None, *actor.team_roles]
        return {
            "rows": sorted(rows.rows_of(found), key=lambda row: row.urgency),
            "service": service,
            "may_add": any(may(actor, Permission.EDIT, team_id=team) for team in teams),
        }


class SloWatch:
    """What the catalogue asks of SLOs."""

    def with_slo(self) -> Collection[str]:
        """See ``ServiceWatch``."""
        return held.services_with_slo()

    def states(self, services: Sequence[str]) -> Mapping[str, str]:
        """See ``ServiceWatch``; the look of the worst."""
        worst: dict[str, tuple[int, str]] = {}
        for name, status, severity in held.states_by_service(services):
            urgency = words.urgency(SloStatus(status), Severity(severity) if severity else None)
            look = states.look(status, severity=severity or None).key
            worst[name] = min(worst.get(name, (urgency, look)), (urgency, look))
        return {name: look for name, (_, look) in worst.items()}

    def uses(self, service: str) -> str:
        """See ``ServiceWatch``."""
        count = held.slo_count(service)
        return f"{count} SLO{'s' if count > 1 else ''}" if count else ""
