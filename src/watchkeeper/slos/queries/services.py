"""What services have of SLOs; the catalogue asks, which knows no SLOs itself."""

from collections.abc import Collection

from watchkeeper.slos.models import Slo


def services_with_slo() -> set[str]:
    """Return the names of services that an SLO speaks of."""
    return set(Slo.objects.values_list("service_name", flat=True))


def slo_count(service: str) -> int:
    """Return how many SLOs speak of a service."""
    return Slo.objects.filter(service_name=service).count()


def states_by_service(services: Collection[str]) -> list[tuple[str, str, str]]:
    """Return (service, status, severity) of each objective and window that was judged.

    The severity is empty where no rule holds.
    """
    found = Slo.objects.filter(service_name__in=services, states__isnull=False)
    return list(found.values_list("service_name", "states__status", "states__severity"))
