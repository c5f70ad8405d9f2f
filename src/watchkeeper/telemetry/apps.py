"""Django's registration of this slice."""

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.telemetry"
    label = "telemetry"
