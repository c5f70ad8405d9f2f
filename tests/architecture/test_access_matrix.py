"""Every principal against every operation: what may be done is a table, and nothing is missing.

Operations are read from the API's own document and from the URL table; one without a row here
fails.
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from tests.architecture.world import NAMES, NOW, OTHER, OWN, POLICY, SOURCE, patterns
from tests.factories import HOST, schedule_document, slo_document
from watchkeeper.alerts.domain.documents import IntegrationSpec
from watchkeeper.alerts.models import InboundRequest
from watchkeeper.alerts.usecases import integrations as senders
from watchkeeper.audit.models import AuditEntry
from watchkeeper.config.api import api
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock

MINUTES = {"minutes": [{"time": "2026-03-02T00:00:00Z", "good": 1, "total": 1}]}
HOOK = {"name": "hook", "channel": "webhook", "address": "https://example.org/new"}
EXCLUSION = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-01T01:00:00Z", "reason": "x"}

OVERRIDE = {"start": "2190-03-01T00:00:00Z", "end": "2190-03-01T01:00:00Z", "person": "bob"}

# What each operation needs, and a body that would do it. "own": in the team that owns the object.
ANYBODY, READ, EDIT, MANAGE = "anybody signed in", "read", "edit own", "manage own"
ORGANISATION_EDIT, ADMIN, AUDIT, RESPOND = "edit all", "admin", "audit", "respond own"
ROUTE = {"policy": "shop", "match": ['service="shop"']}
INHIBITION = {"source": ['x="y"'], "target": ['x="z"'], "equal": ["cluster"]}
SILENCE = {
    "match": ['service="shop"'], "start": "2026-03-02T00:00:00Z", "end": "2026-03-03T00:00:00Z",
    "reason": "deploy",
}  # fmt: skip
MAINTENANCE = {
    "services": ["shop"], "start": "2026-03-02T00:00:00", "end": "2026-03-03T00:00:00",
}  # fmt: skip
OPERATIONS: dict[str, tuple[str, Any]] = {
    "POST /api/v1/apply": (ANYBODY, {"files": []}),
    "POST /api/v1/validate": (ANYBODY, {"files": []}),
    "GET /api/v1/export": (READ, None),
    "GET /api/v1/me": (READ, None),
    "GET /api/v1/audit": (AUDIT, None),
    "GET /api/v1/catalog/findings": (READ, None),
    "GET /api/v1/services": (READ, None),
    "GET /api/v1/services/{name}": (READ, None),
    "PUT /api/v1/services/{name}": (EDIT, {"title": "New", "owner": OWN}),
    "DELETE /api/v1/services/{name}": (EDIT, None),
    "POST /api/v1/services/{name}/take-over": (EDIT, {}),
    "GET /api/v1/journeys": (READ, None),
    "GET /api/v1/journeys/{name}": (READ, None),
    "PUT /api/v1/journeys/{name}": (EDIT, {"owner": OWN, "services": ["shop", "other"]}),
    "DELETE /api/v1/journeys/{name}": (EDIT, None),
    "POST /api/v1/journeys/{name}/take-over": (EDIT, {}),
    "GET /api/v1/slos": (READ, None),
    "GET /api/v1/slos/status": (READ, None),
    "GET /api/v1/slos/{name}": (READ, None),
    "GET /api/v1/slos/{name}/status": (READ, None),
    "GET /api/v1/slos/{name}/versions": (READ, None),
    "GET /api/v1/slos/{name}/proof": (READ, None),
    "PUT /api/v1/slos/{name}": (EDIT, dict(slo_document(objectives=[{"target": 0.9}]).data)),
    "DELETE /api/v1/slos/{name}": (EDIT, None),
    "POST /api/v1/slos/{name}/take-over": (EDIT, {}),
    "GET /api/v1/on-call": (READ, None),
    "GET /api/v1/on-call/check": (READ, None),
    "GET /api/v1/calendar-feeds": (READ, None),
    "POST /api/v1/calendar-feeds": (ADMIN, {"person": "bob"}),
    "DELETE /api/v1/calendar-feeds/{feed_id}": (ADMIN, None),
    "GET /api/v1/schedules": (READ, None),
    "GET /api/v1/schedules/{name}": (READ, None),
    "PUT /api/v1/schedules/{name}": (EDIT, schedule_document("primary", owner=OWN)),
    "DELETE /api/v1/schedules/{name}": (EDIT, None),
    "POST /api/v1/schedules/{name}/take-over": (EDIT, {}),
    "GET /api/v1/schedules/{name}/entries": (READ, None),
    "GET /api/v1/schedules/{name}/overrides": (READ, None),
    "POST /api/v1/schedules/{name}/overrides": (EDIT, OVERRIDE),
    "DELETE /api/v1/schedules/{name}/overrides/{override_id}": (EDIT, None),
    "GET /api/v1/firings": (READ, None),
    "GET /api/v1/exclusions": (READ, None),
    "POST /api/v1/exclusions": (EDIT, EXCLUSION | {"slo": "checkout"}),
    "DELETE /api/v1/exclusions/{exclusion_id}": (EDIT, None),
    "GET /api/v1/slis": (READ, None),
    "GET /api/v1/slis/{name}": (READ, None),
    "GET /api/v1/slis/{name}/minutes": (READ, None),
    "POST /api/v1/slis/{name}/minutes": (EDIT, MINUTES),
    "GET /api/v1/sources": (READ, None),
    "GET /api/v1/sources/{name}": (READ, None),
    "POST /api/v1/sources": (ADMIN, SOURCE | {"name": "new"}),
    "PUT /api/v1/sources/{name}": (ADMIN, SOURCE),
    "DELETE /api/v1/sources/{name}": (ADMIN, None),
    "POST /api/v1/sources/{name}/check": (ADMIN, {}),
    "GET /api/v1/people": (READ, None),
    "POST /api/v1/people": (ADMIN, {"name": "dora"}),
    "PATCH /api/v1/people/{name}": (ADMIN, {"role": "auditor"}),
    "POST /api/v1/people/{name}/link": (ADMIN, {}),
    "GET /api/v1/people/{name}/sessions": (ADMIN, None),
    "DELETE /api/v1/people/{name}/sessions": (ADMIN, None),
    "DELETE /api/v1/people/{name}/sessions/{number}": (ADMIN, None),
    "GET /api/v1/people/{name}/contacts": (READ, None),
    "PUT /api/v1/people/{name}/contacts": (ADMIN, {"contacts": [HOOK]}),
    "DELETE /api/v1/people/{name}/contacts": (ADMIN, None),
    "POST /api/v1/people/{name}/contacts/{contact}/secret": (ADMIN, {}),
    "POST /api/v1/people/{name}/contacts/{contact}/code": (ADMIN, {}),
    "POST /api/v1/people/{name}/contacts/{contact}/verify": (ADMIN, {"code": "123456"}),
    "POST /api/v1/people/{name}/test-page": (ADMIN, {}),
    "GET /api/v1/pages": (READ, None),
    "GET /api/v1/pages/{page_id}": (READ, None),
    "GET /api/v1/escalation-policies": (READ, None),
    "GET /api/v1/escalation-policies/{name}": (READ, None),
    "PUT /api/v1/escalation-policies/{name}": (EDIT, {"spec": POLICY | {"repeat": 3}}),
    "DELETE /api/v1/escalation-policies/{name}": (EDIT, None),
    "POST /api/v1/escalation-policies/{name}/take-over": (EDIT, {}),
    "GET /api/v1/escalation-policies/{name}/rooms": (READ, None),
    "POST /api/v1/escalation-policies/{name}/rooms/{room}/secret": (EDIT, {}),
    "GET /api/v1/teams": (READ, None),
    "GET /api/v1/teams/{name}": (READ, None),
    "PUT /api/v1/teams/{name}": (MANAGE, {"title": "New"}),
    "DELETE /api/v1/teams/{name}": (MANAGE, None),
    "POST /api/v1/teams/{name}/take-over": (MANAGE, {}),
    "GET /api/v1/tokens": (AUDIT, None),
    "POST /api/v1/tokens": ("never by a token", {"name": "more", "role": "viewer"}),
    "DELETE /api/v1/tokens/{name}": (ADMIN, None),
    "GET /api/v1/alerts": (READ, None),
    "GET /api/v1/alerts/{alert}": (READ, None),
    "GET /api/v1/alerts/{alert}/explain": (READ, None),
    "POST /api/v1/alerts/acknowledge": (RESPOND, {"alerts": ["{alert}"]}),
    "POST /api/v1/alerts/resolve": (RESPOND, {"alerts": ["{alert}"]}),
    "POST /api/v1/alerts/snooze": (RESPOND, {"alerts": ["{alert}"], "for": "1h"}),
    "POST /api/v1/alerts/escalate": (RESPOND, {"alerts": ["{alert}"]}),
    "POST /api/v1/alerts/reassign": (RESPOND, {"alerts": ["{alert}"], "to": {"person": "bob"}}),
    "POST /api/v1/alerts/add": (RESPOND, {"alerts": ["{alert}"], "to": {"person": "bob"}}),
    "POST /api/v1/alerts/merge": (RESPOND, {"alerts": ["{other_alert}"], "into": "{alert}"}),
    "POST /api/v1/alerts/note": (RESPOND, {"alerts": ["{alert}"], "text": "Restarted it"}),
    "POST /api/v1/alerts/verdict": (RESPOND, {"alerts": ["{alert}"], "verdict": "actionable"}),
    "POST /api/v1/alerts/dry-run": (READ, {"payload": {"title": "x"}}),
    "GET /api/v1/events/{event}": (EDIT, None),
    "GET /api/v1/quarantine": (READ, None),
    "POST /api/v1/events/{event}/replay": (EDIT, {}),
    "GET /api/v1/integrations": (READ, None),
    "POST /api/v1/integrations": (EDIT, {"name": "new", "kind": "generic", "service": "shop"}),
    "GET /api/v1/integrations/{name}": (READ, None),
    "PUT /api/v1/integrations/{name}": (EDIT, {"kind": "generic", "service": "shop"}),
    "DELETE /api/v1/integrations/{name}": (EDIT, None),
    "GET /api/v1/integrations/{name}/key": (EDIT, None),
    "POST /api/v1/integrations/{name}/rotate": (EDIT, {}),
    "POST /api/v1/integrations/{name}/events": (RESPOND, {"title": "x"}),
    "GET /api/v1/routes": (READ, None),
    "GET /api/v1/routes/{name}": (READ, None),
    "PUT /api/v1/routes/{name}": (ORGANISATION_EDIT, ROUTE),
    "DELETE /api/v1/routes/{name}": (ORGANISATION_EDIT, None),
    "GET /api/v1/inhibitions": (READ, None),
    "GET /api/v1/inhibitions/{name}": (READ, None),
    "PUT /api/v1/inhibitions/{name}": (ORGANISATION_EDIT, INHIBITION),
    "DELETE /api/v1/inhibitions/{name}": (ORGANISATION_EDIT, None),
    "POST /api/v1/inhibition-preview": (READ, INHIBITION),
    "GET /api/v1/silences": (READ, None),
    "POST /api/v1/silences": (RESPOND, SILENCE | {"name": "new"}),
    "POST /api/v1/silences/{name}/end": (RESPOND, {}),
    "POST /api/v1/silence-preview": (READ, {"match": ['service="shop"']}),
    "GET /api/v1/silences/{name}": (READ, None),
    "PUT /api/v1/silences/{name}": (RESPOND, SILENCE),
    "DELETE /api/v1/silences/{name}": (RESPOND, None),
    "GET /api/v1/changes": (READ, None),
    "POST /api/v1/changes": (RESPOND, {"title": "shop 1.8.2", "service": "shop"}),
    "GET /api/v1/changes/{change}": (READ, None),
    "GET /api/v1/maintenance": (READ, None),
    "POST /api/v1/maintenance": (RESPOND, MAINTENANCE | {"name": "new"}),
    "GET /api/v1/maintenance/{name}": (READ, None),
    "PUT /api/v1/maintenance/{name}": (RESPOND, MAINTENANCE),
    "DELETE /api/v1/maintenance/{name}": (RESPOND, None),
    "POST /api/v1/maintenance/{name}/end": (RESPOND, {}),
    "GET /api/v1/maintenance/{name}/occurrences": (READ, None),
    "GET /api/v1/sample": (READ, None),
    "POST /api/v1/sample": (ADMIN, {}),
    "DELETE /api/v1/sample": (ADMIN, None),
}
SLOW = {"POST /api/v1/sample"}  # allowed cells would load 90 days; its own tests do


@dataclass(frozen=True)
class Principal:
    """Who asks by the API: a token, or nobody."""

    role: str
    team: str | None = None

    def __str__(self) -> str:
        return f"{self.role} of {self.team}" if self.team else self.role

    def may(self, needs: str) -> bool:
        """The rules again, written as a table and not as the code has them."""
        is_own = self.team == OWN
        everywhere = self.team is None
        allowed = {
            ANYBODY: self.role != "nobody",
            READ: self.role != "nobody",
            AUDIT: everywhere and self.role in {"admin", "auditor"},
            ADMIN: everywhere and self.role == "admin",
            EDIT: (everywhere or is_own) and self.role in {"editor", "manager", "admin"},
            RESPOND: (everywhere or is_own)
            and self.role in {"responder", "editor", "manager", "admin"},
            MANAGE: (everywhere or is_own) and self.role in {"manager", "admin"},
            ORGANISATION_EDIT: everywhere and self.role in {"editor", "manager", "admin"},
        }
        return allowed.get(needs, False)


PRINCIPALS = [
    Principal("nobody"),
    *(Principal(r) for r in ("viewer", "responder", "editor", "manager", "admin", "auditor")),
    *(Principal(r, OWN) for r in ("viewer", "responder", "editor", "manager")),
    *(Principal(r, OTHER) for r in ("responder", "editor", "manager")),
]


def operations() -> list[str]:
    paths = api.get_openapi_schema()["paths"]
    return sorted(f"{method.upper()} {path}" for path in paths for method in paths[path])


def test_every_operation_has_a_row() -> None:
    assert set(operations()) - set(OPERATIONS) == set()


def client_of(principal: Principal) -> Client:
    if principal.role == "nobody":
        return Client()
    made = identity.create_token(
        actor=HOST, name="mine", role=principal.role, team=principal.team, now=clock.now()
    )
    return Client(headers={"authorization": f"Bearer {made.token}"})


def address(operation: str, world: dict[str, str]) -> tuple[str, str]:
    method, path = operation.split(" ", 1)
    kind = path.split("/")[3]
    path = path.replace("{name}", NAMES.get(kind, ""))
    return method, filled(path, world)


def filled(text: str, world: dict[str, str]) -> str:
    for key, value in world.items():
        text = text.replace(f"{{{key}}}", value)
    return text


@pytest.mark.django_db
@pytest.mark.parametrize("principal", PRINCIPALS, ids=str)
@pytest.mark.parametrize("operation", [o for o in operations() if o in OPERATIONS])
def test_only_those_who_may_can(
    principal: Principal, operation: str, world: dict[str, str]
) -> None:
    needs, body = OPERATIONS[operation]
    method, path = address(operation, world)
    client = client_of(principal)
    allowed = principal.may(needs)
    if allowed and operation in SLOW:
        return
    before = AuditEntry.objects.count()

    text = filled(json.dumps(body), world)
    answer = client.generic(method, path, text, content_type="application/json")

    if allowed:
        # 409: nothing to take over; 502: no source answers at that address
        assert answer.status_code < 400 or answer.status_code in {409, 502}, answer.content
        return
    wanted = {401} if principal.role == "nobody" else {404} if needs == AUDIT else {403}
    assert answer.status_code in wanted, answer.content
    assert AuditEntry.objects.count() == before


# The doors of senders: an integration's key opens them, and nothing else does.
PAGERDUTY = {"event_action": "resolve", "dedup_key": "k"}
DOORS: dict[str, tuple[str, Any]] = {
    "in/<str:kind>/<str:key>": ("generic", {"title": "x"}),
    "v2/enqueue": ("pagerduty", PAGERDUTY),
    "v2/change/enqueue": ("pagerduty", {"payload": {"summary": "x"}}),
    "v2/alerts": ("opsgenie", {"message": "x"}),
    "v2/alerts/requests/<str:request_id>": ("opsgenie", None),
    "v2/alerts/<path:identifier>": ("opsgenie", None),
    "v2/alerts/<path:identifier>/close": ("opsgenie", {}),
    "v2/alerts/<path:identifier>/acknowledge": ("opsgenie", {}),
    "v2/alerts/<path:identifier>/notes": ("opsgenie", {}),
    "v2/heartbeats/<str:name>/ping": ("opsgenie", {}),
}


def test_every_door_of_senders_has_a_row() -> None:
    found = {path for path, _ in patterns(get_resolver()) if path.startswith(("in/", "v2/"))}

    assert found == set(DOORS)


@pytest.mark.django_db
@pytest.mark.parametrize("holder", ["nobody", "an admin's token", "another kind's key", "its key"])
@pytest.mark.parametrize("door", DOORS)
def test_senders_come_in_by_their_key_alone(door: str, holder: str, world: dict[str, str]) -> None:
    kind, body = DOORS[door]
    spec = IntegrationSpec("own", kind, service="shop")
    own = senders.create_integration(actor=HOST, spec=spec, now=clock.now()).key
    admin = identity.create_token(actor=HOST, name="a", role="admin", now=clock.now()).token
    other = IntegrationSpec("other", "grafana")
    foreign = senders.create_integration(actor=HOST, spec=other, now=clock.now()).key
    beat = IntegrationSpec("beat", "heartbeat", service="shop")
    senders.create_integration(actor=HOST, spec=beat, now=clock.now())
    keys = {"nobody": "x", "an admin's token": admin, "another kind's key": foreign}
    key = keys.get(holder, own)
    path = door.replace("<str:kind>", kind).replace("<str:key>", key)
    path = (
        path.replace("<str:request_id>", "1")
        .replace("<str:name>", "beat")
        .replace("<path:identifier>", world["alert"])
    )
    if isinstance(body, dict) and kind == "pagerduty":
        body = body | {"routing_key": key}
    before = InboundRequest.objects.count()

    answer = Client(headers={"authorization": f"GenieKey {key}"}).generic(
        "GET" if body is None else "POST", f"/{path}", json.dumps(body),
        content_type="application/json",
    )  # fmt: skip

    if holder == "its key":
        # 404: the alert is of another's scope, the request another's
        assert answer.status_code == (404 if body is None else 202), answer.content
        return
    assert answer.status_code in {400, 401, 404}, answer.content
    assert InboundRequest.objects.count() == before


PAGES = sorted({path for path, _ in patterns(get_resolver()) if not path.startswith("api/v1/")})
# What a stranger may open; everything else sends them to sign in, or does not know them.
OPEN = {"healthz", "readyz", "metrics", "account/login/", "kit/"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", [p for p in PAGES if "<" not in p and "^" not in p])
def test_a_stranger_sees_no_page_but_the_open_ones(path: str) -> None:
    identity.create_token(actor=HOST, name="set-up-done", role="viewer", now=NOW)

    answer = Client().get(f"/{path}")

    if path in OPEN:
        assert answer.status_code in {200, 503}
    else:
        assert answer.status_code in {302, 404, 405}, answer.status_code
        if answer.status_code == 302:
            assert "/account/login/" in answer["Location"] or answer["Location"] == "/"
