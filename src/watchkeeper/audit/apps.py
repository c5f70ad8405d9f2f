"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.kernel.access import Permission
from watchkeeper.ui.domain.navigation import NavigationItem, registry


class AuditConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.audit"
    label = "audit"

    def ready(self) -> None:
        """Offer the place in the rail."""
        registry.add(
            NavigationItem(
                "Settings",
                "Audit log",
                "audit:log",
                "history",
                order=80,
                permission=Permission.READ_AUDIT,
            )
        )
