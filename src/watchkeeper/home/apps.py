"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.kernel.access import Permission
from watchkeeper.ui.domain.navigation import NavigationItem, registry


class HomeConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.home"
    label = "home"

    def ready(self) -> None:
        """Offer places in the rail."""
        registry.add(
            NavigationItem("Watch", "Overview", "home:overview", "home", order=10, quick=True),
            NavigationItem(
                "Settings",
                "This server",
                "home:settings",
                "settings",
                order=90,
                permission=Permission.READ_AUDIT,
            ),
        )
