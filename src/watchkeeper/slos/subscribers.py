"""What slos does at the news of others."""

from watchkeeper.catalog.events import ServiceSaved
from watchkeeper.changes.events import MaintenanceChanged
from watchkeeper.plumbing.facts import subscribe
from watchkeeper.slos import usecases


def service_saved(fact: ServiceSaved) -> None:
    """Hand the SLIs of a service to its owner at once; a job does it if this is lost."""
    usecases.follow_owners(now=fact.at)


def maintenance_changed(fact: MaintenanceChanged) -> None:
    """Take out the minutes of maintenance at once; a job does it if this is lost."""
    usecases.follow_maintenance(now=fact.at)


def register() -> None:
    """Listen."""
    subscribe(MaintenanceChanged, maintenance_changed)
    subscribe(ServiceSaved, service_saved)
