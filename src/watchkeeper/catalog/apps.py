"""Django's registration of this slice."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.catalog"
    label = "catalog"
