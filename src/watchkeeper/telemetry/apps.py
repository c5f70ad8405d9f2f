"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.ui.domain.navigation import NavigationItem, registry


class TelemetryConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.telemetry"
    label = "telemetry"

    def ready(self) -> None:
        """Offer the place in the rail."""
        registry.add(
            NavigationItem("Settings", "Sources", "telemetry:sources", "database", order=10)
        )
