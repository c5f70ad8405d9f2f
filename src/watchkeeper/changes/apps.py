"""Django's registration of this slice."""

from django.apps import AppConfig


class ChangesConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.changes"
    label = "changes"
