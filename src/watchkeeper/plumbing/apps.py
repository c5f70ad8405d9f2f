"""Django's registration of this slice."""

from django.apps import AppConfig
from django.conf import settings

from watchkeeper.plumbing import logs


class PlumbingConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.plumbing"
    label = "plumbing"

    def ready(self) -> None:
        """Let log lines be of one shape from the first on."""
        logs.configure(level=settings.WATCHKEEPER.log_level, shape=settings.WATCHKEEPER.log_format)
