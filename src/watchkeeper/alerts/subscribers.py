"""What alerts does at the news of others."""

from watchkeeper.alerts.queries import rules
from watchkeeper.changes.events import MaintenanceChanged
from watchkeeper.plumbing.facts import subscribe


def maintenance_changed(fact: MaintenanceChanged) -> None:
    """Read the rules again before the next event; elsewhere they are a second old at the most."""
    del fact
    rules.forget()


def register() -> None:
    """Listen."""
    subscribe(MaintenanceChanged, maintenance_changed)
