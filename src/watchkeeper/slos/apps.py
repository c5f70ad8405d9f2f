"""Django's registration of this slice."""

from django.apps import AppConfig


class SlosConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.slos"
    label = "slos"
