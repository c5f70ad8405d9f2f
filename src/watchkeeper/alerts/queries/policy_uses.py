"""What sends alerts to an escalation policy; wired in ``WATCHKEEPER_POLICY_USES``."""

from django.urls import reverse

from watchkeeper.alerts.domain.routing import ANNOTATION
from watchkeeper.alerts.models import Route
from watchkeeper.catalog.queries import annotations
from watchkeeper.oncall.ports import PolicyUse

_PAGES = {"service": "catalog:service", "team": "identity:team"}


def uses(policy: str) -> list[PolicyUse]:
    """Return the routes, services and teams that name a policy; see ``oncall.ports``."""
    routes = Route.objects.filter(policy=policy).order_by("order", "name")
    found = [
        PolicyUse("route", name, reverse("alerts:routes"))
        for name in routes.values_list("name", flat=True)
    ]
    annotated = annotations.annotated(ANNOTATION, policy)
    return found + [
        PolicyUse(kind, name, reverse(_PAGES[kind], args=[name])) for kind, name in annotated
    ]
