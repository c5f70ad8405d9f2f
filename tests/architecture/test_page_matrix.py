"""Every person against every page: who may look and who may act is a table, nothing is missing.

Pages are read from the URL table; one without a row here fails. Those of the sign-in library and
those that anybody may open have tests of their own.
"""

from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import get_resolver

from tests.architecture.world import NAMES, OTHER, OWN, patterns
from tests.factories import make_user
from watchkeeper.audit.models import AuditEntry

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
READ, SOME_EDIT, EDIT, MANAGE, ADMIN = "read", "edit some", "edit own", "manage own", "admin"
AUDIT, TOKENS, SOME_MANAGE = "audit", "tokens", "manage some"
HAND_ON = "edit own, or hand on one's own place as a responder"
RESPOND, SOME_RESPOND = "respond own", "respond some"

# What looking needs, and what acting needs; None where the page does not do that.
PAGES: dict[str, tuple[str | None, str | None]] = {
    "": (READ, None),
    "account": (READ, READ),
    "alerts": (READ, None),
    "alerts/-/act": (None, SOME_RESPOND),
    "alerts/<str:alert>": (READ, None),
    "alerts/<str:alert>/act": (None, RESPOND),
    "audit": (AUDIT, None),
    "audit.csv": (AUDIT, None),
    "audit/<int:number>": (AUDIT, None),
    "audit/verify": (None, AUDIT),
    "changes": (READ, None),
    "contacts": (READ, None),
    "deliveries": (READ, None),
    "first-run": (ADMIN, ADMIN),
    "first-run/<str:name>": (ADMIN, None),
    "first-run/<str:name>/done": (READ, None),
    "first-run/<str:name>/openslo.yaml": (ADMIN, None),
    "first-run/<str:name>/owners": (ADMIN, ADMIN),
    "inhibitions/-/new": (ADMIN, ADMIN),
    "inhibitions/<str:name>/edit": (ADMIN, ADMIN),
    "inhibitions/<str:name>/remove": (ADMIN, ADMIN),
    "integrations": (READ, None),
    "integrations/-/new": (SOME_EDIT, SOME_EDIT),
    "integrations/<str:name>": (READ, None),
    "integrations/<str:name>/edit": (EDIT, EDIT),
    "integrations/<str:name>/key": (None, EDIT),
    "integrations/<str:name>/remove": (EDIT, EDIT),
    "integrations/<str:name>/rotate": (EDIT, EDIT),
    "journeys": (READ, None),
    "journeys/-/new": (SOME_EDIT, SOME_EDIT),
    "journeys/<str:name>": (READ, None),
    "journeys/<str:name>/edit": (EDIT, EDIT),
    "journeys/<str:name>/journey.yaml": (READ, None),
    "journeys/<str:name>/remove": (EDIT, EDIT),
    "journeys/<str:name>/take-over": (None, EDIT),
    "maintenance": (READ, None),
    "maintenance/-/new": (SOME_RESPOND, SOME_RESPOND),
    "maintenance/<str:name>/edit": (RESPOND, RESPOND),
    "maintenance/<str:name>/end": (None, RESPOND),
    "maintenance/<str:name>/remove": (RESPOND, RESPOND),
    "on-call": (READ, None),
    "on-call/-/coverage": (READ, None),
    "on-call/-/feeds": (None, READ),
    "on-call/-/feeds/<int:feed_id>/revoke": (None, ADMIN),
    "on-call/-/mine": (READ, None),
    "on-call/-/policies": (READ, None),
    "on-call/-/policies/-/new": (SOME_EDIT, SOME_EDIT),
    "on-call/-/policies/<str:name>": (READ, None),
    "on-call/-/policies/<str:name>/edit": (EDIT, EDIT),
    "on-call/-/policies/<str:name>/policy.yaml": (READ, None),
    "on-call/-/policies/<str:name>/remove": (EDIT, EDIT),
    "on-call/-/policies/<str:name>/take-over": (None, EDIT),
    "on-call/-/policies/<str:name>/rooms/<str:room>/secret": (None, EDIT),
    "on-call/-/policies/<str:name>/rooms/<str:room>/test": (None, EDIT),
    "on-call/-/new": (SOME_EDIT, SOME_EDIT),
    "on-call/<str:name>": (READ, None),
    "on-call/<str:name>/edit": (EDIT, EDIT),
    "on-call/<str:name>/override": (HAND_ON, HAND_ON),
    "on-call/<str:name>/overrides/<int:override_id>/end": (None, EDIT),
    "on-call/<str:name>/remove": (EDIT, EDIT),
    "on-call/<str:name>/schedule.yaml": (READ, None),
    "on-call/<str:name>/take-over": (None, EDIT),
    "people": (READ, None),
    "people/-/new": (ADMIN, ADMIN),
    "people/<str:name>": (ADMIN, ADMIN),
    "people/<str:name>/contacts": (READ, ADMIN),
    "people/<str:name>/contacts/-/new": (ADMIN, ADMIN),
    "people/<str:name>/contacts/<str:contact>/code": (None, ADMIN),
    "people/<str:name>/contacts/<str:contact>/edit": (ADMIN, ADMIN),
    "people/<str:name>/contacts/<str:contact>/remove": (ADMIN, ADMIN),
    "people/<str:name>/contacts/<str:contact>/secret": (None, ADMIN),
    "people/<str:name>/contacts/<str:contact>/test": (None, ADMIN),
    "people/<str:name>/contacts/<str:contact>/verify": (None, ADMIN),
    "people/<str:name>/link": (None, ADMIN),
    "quarantine": (READ, None),
    "quarantine/<str:event>": (EDIT, EDIT),
    "routes": (READ, None),
    "routes/-/dry-run": (READ, READ),
    "routes/-/new": (ADMIN, ADMIN),
    "routes/<str:name>/edit": (ADMIN, ADMIN),
    "routes/<str:name>/move": (None, ADMIN),
    "routes/<str:name>/remove": (ADMIN, ADMIN),
    "sample/clean": (ADMIN, ADMIN),
    "search": (READ, None),
    "services": (READ, None),
    "services/-/findings": (READ, None),
    "services/-/new": (SOME_EDIT, SOME_EDIT),
    "services/<str:name>": (READ, None),
    "services/<str:name>/catalog-info.yaml": (READ, None),
    "services/<str:name>/edit": (EDIT, EDIT),
    "services/<str:name>/remove": (EDIT, EDIT),
    "services/<str:name>/take-over": (None, EDIT),
    "settings": (AUDIT, None),
    "silences": (READ, None),
    "silences/-/new": (SOME_RESPOND, SOME_RESPOND),
    "silences/<str:name>/edit": (RESPOND, RESPOND),
    "silences/<str:name>/end": (None, RESPOND),
    "silences/<str:name>/remove": (RESPOND, RESPOND),
    "slos": (READ, None),
    "slos/-/list.csv": (READ, None),
    "slos/-/exclude": (SOME_EDIT, SOME_EDIT),
    "slos/-/slos.yaml": (READ, None),
    "slos/-/new": (SOME_EDIT, SOME_EDIT),
    "slos/-/new/simple": (SOME_EDIT, SOME_EDIT),
    "slos/<str:name>": (READ, None),
    "slos/<str:name>/edit": (EDIT, EDIT),
    "slos/<str:name>/exclude": (EDIT, EDIT),
    "slos/<str:name>/exclusions/<int:exclusion_id>/withdraw": (EDIT, EDIT),
    "slos/<str:name>/minutes": (READ, None),
    "slos/<str:name>/minutes.csv": (READ, None),
    "slos/<str:name>/remove": (EDIT, EDIT),
    "slos/<str:name>/slo.yaml": (READ, None),
    "slos/<str:name>/take-over": (None, EDIT),
    "sources": (READ, None),
    "sources/-/new": (ADMIN, ADMIN),
    "sources/<str:name>": (READ, None),
    "sources/<str:name>/check": (None, ADMIN),
    "sources/<str:name>/datasource.yaml": (READ, None),
    "sources/<str:name>/edit": (ADMIN, ADMIN),
    "sources/<str:name>/remove": (ADMIN, ADMIN),
    "teams": (READ, None),
    "teams/-/new": (ADMIN, ADMIN),
    "teams/<str:name>": (READ, None),
    "teams/<str:name>/edit": (MANAGE, MANAGE),
    "teams/<str:name>/members": (None, MANAGE),
    "teams/<str:name>/members/<str:person>/remove": (None, MANAGE),
    "teams/<str:name>/remove": (MANAGE, MANAGE),
    "teams/<str:name>/take-over": (None, MANAGE),
    "tokens": (TOKENS, None),
    "tokens/-/new": (SOME_MANAGE, SOME_MANAGE),
    "tokens/<str:name>/revoke": (ADMIN, ADMIN),
}
ELSEWHERE = ("api/v1/", "in/", "v2/", "account/", "calendar/", "kit/", "link/", "p/", "receipts/",
             "healthz", "readyz", "metrics")  # fmt: skip
HIDDEN = {AUDIT, TOKENS}
"""Who may not look at these is told that they do not exist."""


@dataclass(frozen=True)
class Person:
    """Who asks: a role in the organisation, or in one team."""

    role: str
    team: str | None = None

    def __str__(self) -> str:
        return f"{self.role} of {self.team}" if self.team else self.role

    def may(self, needs: str) -> bool:
        """The rules again, written as a table and not as the code has them."""
        is_admin = self.role == "admin"
        manages = self.team is not None and self.role == "manager"
        edits = manages or (self.team is not None and self.role == "editor")
        responds = edits or (self.team is not None and self.role == "responder")
        everywhere = self.team is None and self.role in {"responder", "admin"}
        return {
            RESPOND: everywhere or (responds and self.team == OWN),
            SOME_RESPOND: everywhere or responds,
            READ: self.role != "nobody",
            ADMIN: is_admin,
            AUDIT: self.role in {"admin", "auditor"},
            TOKENS: self.role in {"admin", "auditor"} or manages,
            SOME_EDIT: is_admin or edits,
            SOME_MANAGE: is_admin or manages,
            HAND_ON: is_admin or (self.team == OWN and self.role != "viewer"),
            EDIT: is_admin or (edits and self.team == OWN),
            MANAGE: is_admin or (manages and self.team == OWN),
        }[needs]

    def client(self) -> Client:
        """Return a browser that this person is signed in with."""
        client = Client()
        if self.role != "nobody":
            teams = {self.team: self.role} if self.team else {}
            role = "viewer" if self.team else self.role
            client.force_login(make_user("me", role=role, teams=teams), backend=BACKEND)
        return client


PEOPLE = [
    Person("nobody"),
    *(Person(role) for role in ("viewer", "editor", "manager", "admin", "auditor")),
    *(Person(role, OWN) for role in ("responder", "editor", "manager")),
    *(Person(role, OTHER) for role in ("editor", "manager")),
]


def pages() -> list[str]:
    found = {path for path, _ in patterns(get_resolver())}
    return sorted(path for path in found if not path.startswith(ELSEWHERE))


def test_every_page_has_a_row_and_every_row_a_page() -> None:
    assert set(pages()) == set(PAGES)


@pytest.mark.parametrize("person", PEOPLE, ids=str)
@pytest.mark.parametrize("page", PAGES)
def test_only_those_who_may_can(person: Person, page: str, world: dict[str, str]) -> None:
    kind = page.partition("/")[0]
    kind = {"first-run": "sources"}.get(kind, kind)
    kind = "escalation-policies" if "/policies/" in page else kind
    name = NAMES[kind] if "<str:name>" in page else ""
    path = (
        "/" + page.replace("<str:name>", name)
        .replace("<str:person>", "bob")
        .replace("<str:contact>", "hook")
        .replace("<str:room>", world["room"])
        .replace("<str:alert>", world["alert"])
        .replace("<str:event>", world["event"])
        .replace("<int:number>", "1")
        .replace("<int:exclusion_id>", world["exclusion_id"])
        .replace("<int:override_id>", world["override_id"])
        .replace("<int:feed_id>", world["feed_id"])
    )  # fmt: skip
    client = person.client()
    looks, acts = PAGES[page]
    for method, needs in (("GET", looks), ("POST", acts)):
        before = AuditEntry.objects.count()
        answer = client.generic(method, path)
        if person.role == "nobody":
            assert answer.status_code in {302, 405}, answer.content
            assert answer.status_code == 405 or "/account/login/" in answer["Location"]
        elif needs is None:
            assert answer.status_code == 405
        elif person.may(needs):
            # 409, 422: nothing was filled in, or it stands in the way; 502: no server answers
            is_fine = answer.status_code in {200, 302, 409, 422, 502}
            assert is_fine, (answer.status_code, answer.content)
            continue
        else:
            assert answer.status_code == (404 if needs in HIDDEN else 403), answer.content
        assert AuditEntry.objects.count() == before
