"""Django's registration of this slice."""

from django.apps import AppConfig


class ManifestsConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.manifests"
    label = "manifests"
