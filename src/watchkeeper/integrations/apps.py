"""Django's registration of this slice."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.integrations"
    label = "integrations"
