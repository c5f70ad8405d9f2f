"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.ui.domain.navigation import NavigationItem, registry


class SlosConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.slos"
    label = "slos"

    def ready(self) -> None:
        """Offer the place in the rail and listen to the catalogue."""
        from watchkeeper.slos import subscribers

        subscribers.register()
        registry.add(NavigationItem("Watch", "SLOs", "slos:list", "target", order=20, quick=True))
