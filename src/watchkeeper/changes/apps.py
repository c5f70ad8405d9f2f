"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.ui.domain.navigation import NavigationItem, registry


class ChangesConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.changes"
    label = "changes"

    def ready(self) -> None:
        """Offer the place in the rail."""
        registry.add(NavigationItem("Watch", "Changes", "changes:changes", "git-commit", order=60))
