"""The database's schema: made, upgraded after a backup, refused when newer than the code."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import database_check


def check_database() -> None:
    """Refuse a database that cannot keep the promises.

    Raises:
        InvalidError: with the setting that is wrong and the value it needs.
    """
    database_check.check()


def pending() -> list[str]:
    """Return the names of migrations that this database lacks, in order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def is_empty() -> bool:
    """Return whether the database holds no tables yet."""
    return not connection.introspection.table_names()


def bring_up_to_date() -> list[str]:
    """Apply what is pending and return its names; harmless to run twice or from two nodes."""
    names = pending()
    if names:
        call_command("migrate", verbosity=0, interactive=False)
    return names


def require_current() -> None:
    """Refuse to run on a schema that is behind.

    Raises:
        InvalidError: migrations are pending.
    """
    names = pending()
    if names:
        raise InvalidError(f"The database lacks {len(names)} migrations; run: watchkeeper migrate")
