"""Writes of the catalogue: services, journeys and the entities they came from."""

from watchkeeper.catalog.usecases.entities import forget_entity, keep_entity, remove_sample
from watchkeeper.catalog.usecases.hands import KeptInFilesError, TakenOverError
from watchkeeper.catalog.usecases.journeys import (
    JourneyNotFoundError,
    remove_journey,
    save_journey,
    take_over_journey,
)
from watchkeeper.catalog.usecases.services import (
    ServiceInUseError,
    ServiceNotFoundError,
    ensure_service,
    remove_service,
    save_service,
    take_over_service,
)

__all__ = [
    "JourneyNotFoundError",
    "KeptInFilesError",
    "ServiceInUseError",
    "ServiceNotFoundError",
    "TakenOverError",
    "ensure_service",
    "forget_entity",
    "keep_entity",
    "remove_journey",
    "remove_sample",
    "remove_service",
    "save_journey",
    "save_service",
    "take_over_journey",
    "take_over_service",
]
