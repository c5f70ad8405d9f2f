"""Django's registration of this slice."""

from django.apps import AppConfig


class DrillsConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.drills"
    label = "drills"
