"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.ui.context import register_sample_probe


class IntegrationsConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.integrations"
    label = "integrations"

    def ready(self) -> None:
        """Let every screen say when it shows sample data."""
        from watchkeeper.integrations.sample import queries  # needs the models of the slices

        register_sample_probe(queries.is_loaded)
