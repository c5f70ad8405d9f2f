"""Django's registration of this slice."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.identity"
    label = "identity"

    def ready(self) -> None:
        """Tell the audit log, which keeps ids, what people are called."""
        from watchkeeper.audit import queries as audit
        from watchkeeper.identity import queries

        audit.register_names(queries.names_of)
