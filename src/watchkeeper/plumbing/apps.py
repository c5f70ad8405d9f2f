"""Django's registration of this slice."""

from django.apps import AppConfig


class PlumbingConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.plumbing"
    label = "plumbing"
