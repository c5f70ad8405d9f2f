"""What a service's page shows of maintenance and changes; see ``catalog.ports``."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from watchkeeper.changes.queries import events, maintenance
from watchkeeper.changes.views.maintenance import lines_of
from watchkeeper.kernel.actors import Actor

MOST_SHOWN = 5


class ChangesPanel:
    """What changed last, and what is in maintenance or will be; left out with neither."""

    template = "changes/_service_panel.html"

    def context(self, service: str, *, actor: Actor, now: dt.datetime) -> Mapping[str, Any] | None:
        """See ``ServicePanel``."""
        windows = [row for row in maintenance.rows(now=now, service=service) if not row.is_over]
        changes = events.rows(events.Filter(service=service), limit=MOST_SHOWN)
        if not windows and not changes:
            return None
        lines = lines_of(windows, actor=actor)
        return {"lines": lines, "changes": changes, "service": service}
