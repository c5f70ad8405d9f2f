"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.ui.domain.navigation import NavigationItem, registry


class TelemetryConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.telemetry"
    label = "telemetry"

    def ready(self) -> None:
        """Offer the place in the rail; keep secrets that are sealed anew with new keys."""
        from watchkeeper.plumbing import secret_box
        from watchkeeper.telemetry.usecases.sources import reseal_secrets

        secret_box.register_keeper(reseal_secrets)
        registry.add(
            NavigationItem("Settings", "Sources", "telemetry:sources", "database", order=10)
        )
