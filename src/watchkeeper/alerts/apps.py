"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.ui.domain.navigation import NavigationItem, registry


class AlertsConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.alerts"
    label = "alerts"

    def ready(self) -> None:
        """Offer the place in the rail, listen to changes, and seal keys anew when asked."""
        from watchkeeper.alerts import subscribers
        from watchkeeper.alerts.queries.alerts import firing_count
        from watchkeeper.alerts.usecases.integrations import reseal_keys
        from watchkeeper.plumbing import secret_box

        subscribers.register()
        secret_box.register_keeper(reseal_keys)
        place = NavigationItem(
            "Watch", "Alerts", "alerts:list", "bell",
            order=30, badge=firing_count, badge_words="firing", quick=True,
        )  # fmt: skip
        registry.add(place)
        items = (
            ("Integrations", "integrations", "plug-connected"),
            ("Routes", "routes", "switch-horizontal"),
        )
        for order, (label, address, icon) in enumerate(items, start=11):
            item = NavigationItem("Settings", label, f"alerts:{address}", icon, order=order)
            registry.add(item)
        quiet = NavigationItem("Watch", "Silences", "alerts:silences", "calendar-minus", order=50)
        registry.add(quiet)
