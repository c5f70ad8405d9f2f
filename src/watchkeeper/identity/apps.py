"""Django's registration of this slice."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.identity"
    label = "identity"
