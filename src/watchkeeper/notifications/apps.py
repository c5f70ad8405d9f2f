"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.ui.domain.navigation import NavigationItem, registry


class NotificationsConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.notifications"
    label = "notifications"

    def ready(self) -> None:
        """Offer the place in the rail; keep secrets that are sealed anew with new keys."""
        from watchkeeper.notifications.usecases.signing import reseal_secrets
        from watchkeeper.plumbing import secret_box

        secret_box.register_keeper(reseal_secrets)
        registry.add(
            NavigationItem(
                "Watch", "Deliveries", "notifications:deliveries", "broadcast", order=46
            ),
            NavigationItem("Watch", "My contacts", "notifications:mine", "message", order=45),
        )
