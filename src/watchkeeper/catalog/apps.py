"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.ui.domain.navigation import NavigationItem, registry


class CatalogConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.catalog"
    label = "catalog"

    def ready(self) -> None:
        """Offer the places in the rail."""
        registry.add(
            NavigationItem("Plan", "Services", "catalog:services", "cube", order=10, quick=True),
            NavigationItem("Plan", "Journeys", "catalog:journeys", "route", order=20),
        )
