"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.ui.domain.navigation import NavigationItem, registry


class OncallConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.oncall"
    label = "oncall"

    def ready(self) -> None:
        """Offer the place in the rail."""
        registry.add(
            NavigationItem("Watch", "On call", "oncall:now", "phone-call", order=40, quick=True)
        )
