"""Integrations, posts and what became of them."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from tests.factories import BEGINNING, HOST, make_user
from watchkeeper.alerts.domain.documents import IntegrationSpec, RouteSpec
from watchkeeper.alerts.models import Alert, InboundEvent
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.usecases import integrations, rules
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import usecases as notifications
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec
from watchkeeper.oncall import usecases as oncall
from watchkeeper.oncall.models import Escalation
from watchkeeper.oncall.tasks import escalate


def make_integration(kind: str = "generic", name: str = "", **more: Any) -> str:
    """Make an integration and return its key."""
    spec = IntegrationSpec(name or kind, kind, **more)
    return integrations.create_integration(actor=HOST, spec=spec, now=BEGINNING).key


def settle() -> None:
    """Let set-up be done, so that strangers are answered."""
    identity.create_token(actor=HOST, name="set-up-done", role="viewer", now=BEGINNING)


def post(path: str, body: Any, **headers: str) -> Any:
    """Post a body, JSON unless it is bytes already, and return the answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().post(path, data, content_type="application/json", headers=headers)


def send(door: str, kind: str = "generic", /, **event: Any) -> dict[str, Any]:
    """Post one event and return what the sender was told of it."""
    answer = post(f"/in/{kind}/{door}", event)
    assert answer.status_code == 202, answer.content
    told: dict[str, Any] = answer.json()["events"][0]
    return told


def verdicts() -> list[str]:
    """Return what became of all events, in order."""
    return list(InboundEvent.objects.order_by("pk").values_list("verdict", flat=True))


def states() -> dict[str, str]:
    """Return the state of every alert by title; the newest of a title wins."""
    return dict(Alert.objects.order_by("pk").values_list("title", "state"))


@dataclass(frozen=True)
class Escalated:
    """What became of the paging for an alert."""

    policy: str
    is_open: bool
    reason: str


def escalation(alert: str) -> Escalated | None:
    """Return what became of the paging for an alert; ``None``: nobody was to be paged."""
    row = Escalation.objects.filter(subject_kind="alert", subject_id=alert).first()
    return None if row is None else Escalated(row.policy, row.state == "open", row.reason)


def paged() -> set[str]:
    """Return the alerts that somebody was to be paged for."""
    return set(Escalation.objects.values_list("subject_id", flat=True))


def make_on_call(*people: str, after: str = "5m", **spec: Any) -> None:
    """Let people be paged one after the other, by the policy ``night`` that a route names."""
    for name in people:
        make_user(name)
        contact = ContactSpec("hook", "webhook", f"http://x/{name}", verified=True)
        notifications.save_paging(
            actor=HOST, person=name, spec=PagingSpec([contact]), origin=Origin.API, now=BEGINNING
        )
    steps = [{"notify": [{"person": name}], "after": after} for name in people]
    steps[0]["after"] = "0m"
    head = {"apiVersion": "watchkeeper/v1", "kind": "EscalationPolicy"}
    data = {**head, "metadata": {"name": "night"}, "spec": {"steps": steps} | spec}
    oncall.save_policy(actor=HOST, document=Document(data), origin=Origin.API, now=BEGINNING)
    route = RouteSpec("all", "night", 10, ())
    rules.save_route(actor=HOST, spec=route, origin=Origin.API, now=BEGINNING)
    in_force.forget()


def step(now: dt.datetime) -> None:
    """Let escalations do what is due; by the database's clock all of it was due long ago."""
    for _ in range(100):
        due = Escalation.objects.filter(state="open", next_at__lte=now)
        if not due.exists():
            return
        escalate(now)
    raise AssertionError("it never came to rest")


def pages_of(alert: str) -> list[tuple[str, str]]:
    """Return (person, state) of the pages of an alert, in order."""
    return [(page.person, page.state) for page in queries.story(alert).pages]
