"""Django's registration of this slice."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.notifications"
    label = "notifications"
