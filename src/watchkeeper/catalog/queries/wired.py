"""What slices above add to the catalogue, by the settings."""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from watchkeeper.catalog.ports import ServicePanel, ServiceWatch


def watch() -> ServiceWatch | None:
    """Return what knows the SLOs of services; ``None`` where nothing is wired."""
    dotted = getattr(settings, "WATCHKEEPER_SERVICE_WATCH", "")
    return _made(dotted) if dotted else None


def panels() -> list[ServicePanel]:
    """Return the sections that others add to a service's page, in order."""
    return [_made(dotted) for dotted in getattr(settings, "WATCHKEEPER_SERVICE_PANELS", ())]


@cache
def _made(dotted: str) -> Any:
    return import_string(dotted)()
