"""What a team's page shows of its services; see ``identity.ports``."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from watchkeeper.catalog import queries
from watchkeeper.kernel.actors import Actor

_SHOWN = 50


class ServicesPanel:
    """The services that a team owns."""

    template = "catalog/_team_panel.html"

    def context(self, team: str, *, actor: Actor, now: dt.datetime) -> Mapping[str, Any]:
        """See ``TeamPanel``."""
        del actor, now
        found = queries.services(owner=team)
        shown = found[:_SHOWN]
        watching = queries.watch()
        states = watching.states([row.name for row in shown]) if watching is not None else {}
        return {
            "team": team,
            "rows": [(row, states.get(row.name)) for row in shown],
            "more": max(len(found) - _SHOWN, 0),
        }
