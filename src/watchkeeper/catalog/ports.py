"""What catalog asks of the slices above it; wired in settings."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from watchkeeper.kernel.actors import Actor


class ServicePanel(Protocol):
    """One section of a service's page, named by dotted class in ``WATCHKEEPER_SERVICE_PANELS``.

    It is made without arguments. A panel that fails is left out; the page stands without it.

    Attributes:
        template: Template of the section, as ``slos/_service_panel.html``.
    """

    template: str

    def context(self, service: str, *, actor: Actor, now: dt.datetime) -> Mapping[str, Any] | None:
        """Return what the template finds as ``panel``; ``None`` leaves the section out."""
        ...


class ServiceWatch(Protocol):
    """Knows what measures services, named by dotted class in ``WATCHKEEPER_SERVICE_WATCH``."""

    def with_slo(self) -> Collection[str]:
        """Return the names of the services that have an SLO."""
        ...

    def states(self, services: Sequence[str]) -> Mapping[str, str]:
        """Return the worst SLO status of each service that has one, by name."""
        ...

    def uses(self, service: str) -> str:
        """Return what speaks of the service, as ``2 SLOs``; empty if nothing does."""
        ...
