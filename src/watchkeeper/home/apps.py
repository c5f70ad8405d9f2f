"""Django's registration of this slice."""

from django.apps import AppConfig


class HomeConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.home"
    label = "home"
