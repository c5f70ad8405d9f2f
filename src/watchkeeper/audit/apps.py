"""Django's registration of this slice."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.audit"
    label = "audit"
