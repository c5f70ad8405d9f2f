"""What identity asks of the slices above it; wired in settings."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Protocol

from watchkeeper.kernel.actors import Actor


class TeamPanel(Protocol):
    """One section of a team's page, named by dotted class in ``WATCHKEEPER_TEAM_PANELS``.

    It is made without arguments. A panel that fails is left out; the page stands without it.

    Attributes:
        template: Template of the section, as ``catalog/_team_panel.html``.
    """

    template: str

    def context(self, team: str, *, actor: Actor, now: dt.datetime) -> Mapping[str, Any] | None:
        """Return what the template finds as ``panel``; ``None`` leaves the section out."""
        ...
