"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.ui.domain.navigation import NavigationItem, registry


class HomeConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.home"
    label = "home"

    def ready(self) -> None:
        """Offer the place in the rail."""
        registry.add(
            NavigationItem("Watch", "Overview", "home:overview", "home", order=10, quick=True)
        )
