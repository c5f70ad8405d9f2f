"""One of everything, to try every door on."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver

from tests.factories import HOST, make_slo, make_team, make_user, schedule_document
from watchkeeper.alerts.domain.documents import (
    InhibitionSpec,
    IntegrationSpec,
    RouteSpec,
    SilenceSpec,
)
from watchkeeper.alerts.usecases import acts, rules
from watchkeeper.alerts.usecases import integrations as senders
from watchkeeper.catalog import usecases as catalog
from watchkeeper.catalog.domain.journeys import JourneySpec
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.changes.domain import events as changes
from watchkeeper.changes.domain.documents import MaintenanceSpec
from watchkeeper.changes.usecases import events as change_usecases
from watchkeeper.changes.usecases import maintenance
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import usecases as notifications
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec, RuleSpec
from watchkeeper.oncall import queries as on_call
from watchkeeper.oncall import usecases as oncall
from watchkeeper.oncall.usecases import WantedOverride
from watchkeeper.slos import usecases as slos
from watchkeeper.slos.usecases.exclusions import Wanted
from watchkeeper.telemetry import usecases as telemetry
from watchkeeper.telemetry.domain import sources

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
OWN, OTHER = "checkout-team", "search-team"
SOURCE = {"kind": "prometheus", "url": "http://127.0.0.1:1"}
POLICY = {
    "owner": OWN, "steps": [{"notify": [{"person": "bob"}, {"webhook": "https://example.org/"}]}],
}  # fmt: skip
NAMES = {"services": "shop", "journeys": "buy", "schedules": "primary", "on-call": "primary",
         "slos": "checkout", "slis": "checkout-requests", "sources": "prom", "people": "bob",
         "escalation-policies": "shop-policy", "teams": OWN, "tokens": "victim",
         "integrations": "am", "routes": "critical", "silences": "deploy", "inhibitions": "down",
         "maintenance": "move"}  # fmt: skip


def make_world() -> dict[str, str]:
    """One of everything, owned by the own team; returns what fills the addresses."""
    now = clock.now()
    for team in (OWN, OTHER):
        make_team(team)
    bob = make_user("bob")
    session = identity.begin_session(user=bob, address="192.0.2.1", browser="", now=now)
    spec = ServiceSpec(name="shop", owner=OWN)
    catalog.save_service(actor=HOST, spec=spec, origin=Origin.API, now=now)
    journey = JourneySpec(name="buy", title="Buy", owner=OWN, services=("shop",))
    document = {"apiVersion": "watchkeeper/v1", "kind": "Journey", "metadata": {"name": "buy"}}
    save_journey(journey, document, now)
    make_slo(origin=Origin.API)
    definition = sources.define(name="prom", kind="prometheus", details={"url": SOURCE["url"]})
    telemetry.save_source(actor=HOST, definition=definition, origin=Origin.API, now=now)
    wanted = Wanted(NOW - dt.timedelta(hours=1), NOW, "agreed", slo="checkout")
    made = slos.add_exclusion(actor=HOST, wanted=wanted, now=now)
    identity.create_token(actor=HOST, name="victim", role="viewer", now=now)
    override = make_schedule(now)
    window = MaintenanceSpec(
        "move", ("shop",), f"{now:%FT%TZ}", f"{now + dt.timedelta(days=1):%FT%TZ}"
    )
    maintenance.save(actor=HOST, spec=window, origin=Origin.API, now=now)
    feed = oncall.make_feed(actor=HOST, schedule="primary", person=None, now=now)
    return {
        "exclusion_id": str(made),
        "number": str(session),
        "override_id": str(override),
        "feed_id": str(feed.id),
        "contact": "hook",
        "page_id": make_page(now),
        "room": make_room(),
        "change": make_change(now),
    } | make_alerts(now)


def make_change(now: dt.datetime) -> str:
    """Make a change of the own team's service; returns its id."""
    told = changes.read({"title": "shop 1.8.1"}, service="shop", received_at=now)
    return change_usecases.record(actor=HOST, event=told, now=now)


def make_schedule(now: dt.datetime) -> int:
    """Make a schedule of the own team and an override of it; returns the override's id."""
    document = Document(schedule_document("primary", title="Primary", owner=OWN))
    oncall.save_schedule(actor=HOST, document=document, origin=Origin.API, now=now)
    wanted = WantedOverride("primary", now, now + dt.timedelta(days=1), "bob")
    return oncall.add_override(actor=HOST, wanted=wanted, now=now)


def make_page(now: dt.datetime) -> str:
    """Make bob's contact and a policy of the own team; returns the id of a page to bob."""
    hook = ContactSpec("hook", "webhook", "https://example.org/", verified=True)
    paging = PagingSpec((hook,), {"high": (RuleSpec("hook"),)})
    notifications.save_paging(actor=HOST, person="bob", spec=paging, origin=Origin.API, now=now)
    [(page_id, _)] = notifications.send_test_page(actor=HOST, person="bob", now=now)
    data = {"apiVersion": "watchkeeper/v1", "kind": "EscalationPolicy", "spec": POLICY}
    policy = Document(data | {"metadata": {"name": "shop-policy"}})
    oncall.save_policy(actor=HOST, document=policy, origin=Origin.API, now=now)
    return page_id


def make_room() -> str:
    """Return the id of the webhook that the own team's policy tells."""
    policy = on_call.policy_row("shop-policy")
    [room] = on_call.rooms_of(policy, actor=HOST)
    return room.id


def make_alerts(now: dt.datetime) -> dict[str, str]:
    """An alert of the own team's service, what it came by, and rules for such."""
    integration = IntegrationSpec("am", "generic", service="shop")
    opened = senders.create_integration(actor=HOST, spec=integration, now=now)
    route = RouteSpec("critical", "shop", match=('severity="critical"',))
    rules.save_route(actor=HOST, spec=route, origin=Origin.API, now=now)
    later = now + dt.timedelta(hours=1)
    silence = SilenceSpec("deploy", ('service="shop"', 'x="y"'), now, later, "deploy")
    rules.save_silence(actor=HOST, spec=silence, origin=Origin.API, now=now)
    inhibition = InhibitionSpec("down", ('x="y"',), ('x="z"',))
    rules.save_inhibition(actor=HOST, spec=inhibition, origin=Origin.API, now=now)
    event = {"title": "Checkout fails", "service": "shop"}
    told = acts.send(actor=HOST, integration="am", event=event, now=now, body=b'{"title":"x"}')
    event = {"title": "Payments fail", "service": "shop"}
    other = acts.send(actor=HOST, integration="am", event=event, now=now, body=b'{"title":"y"}')
    return {
        "alert": told.events[0].alert,
        "other_alert": other.events[0].alert,
        "event": told.events[0].id,
        "key": opened.key,
    }


def save_journey(journey: Any, document: dict[str, Any], now: dt.datetime) -> None:
    document = document | {"spec": {"title": "Buy", "owner": OWN, "services": ["shop"]}}
    catalog.save_journey(actor=HOST, spec=journey, document=document, origin=Origin.API, now=now)


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for item in resolver.url_patterns:
        path = f"{prefix}{item.pattern}"
        if isinstance(item, URLResolver):
            yield from patterns(item, path)
        else:
            yield path, item
