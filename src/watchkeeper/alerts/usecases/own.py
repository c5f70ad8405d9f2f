"""The integration on whose account the product's own alerts stand."""

import datetime as dt

from watchkeeper.alerts.domain.events import OWN
from watchkeeper.alerts.models import Integration
from watchkeeper.kernel.origins import Origin

__all__ = ["OWN", "integration"]


def integration(*, now: dt.datetime) -> Integration:
    """Return it, made at the first need."""
    row, _ = Integration.objects.get_or_create(
        name=OWN,
        defaults={"kind": OWN, "scope": OWN, "origin": Origin.API.value, "created_at": now},
    )
    return row
