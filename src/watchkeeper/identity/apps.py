"""Django's registration of this slice."""

from django.apps import AppConfig

from watchkeeper.kernel.access import Permission
from watchkeeper.ui.domain.navigation import NavigationItem, registry


class IdentityConfig(AppConfig):
    """Registers the slice under its own name."""

    name = "watchkeeper.identity"
    label = "identity"

    def ready(self) -> None:
        """Offer places in the rail; tell the audit log, which keeps ids, how people are called."""
        from allauth.account.signals import authentication_step_completed
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        from watchkeeper.audit import queries as audit
        from watchkeeper.identity import middleware, queries
        from watchkeeper.plumbing import secret_box

        user_logged_in.connect(middleware.note_sign_in, dispatch_uid="identity")
        user_logged_out.connect(middleware.note_sign_out, dispatch_uid="identity")
        authentication_step_completed.connect(
            middleware.note_confirmation, dispatch_uid="identity"
        )
        secret_box.register_keeper(middleware.reseal_second_factors)
        audit.register_names(queries.names_of)
        registry.add(
            NavigationItem("People", "People", "identity:people", "users", order=10),
            NavigationItem("Settings", "Teams", "identity:teams", "users-group", order=20),
            NavigationItem(
                "Settings",
                "Tokens",
                "identity:tokens",
                "key",
                order=40,
                permission=Permission.READ_AUDIT,
            ),
        )
