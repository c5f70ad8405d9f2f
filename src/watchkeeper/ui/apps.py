"""Django's registration of this slice."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.ui"
    label = "ui"
