"""Integrations, routes and silences as code: applied, exported, judged."""

import pytest

from tests.conftest import NOON
from tests.factories import HOST
from watchkeeper.alerts.queries import directory, integrations, keys
from watchkeeper.alerts.usecases import integrations as senders
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.manifests import usecases as manifests
from watchkeeper.manifests.usecases import Applied, Apply
from watchkeeper.plumbing import yaml_documents

pytestmark = pytest.mark.django_db

GIVEN = """
{apiVersion: watchkeeper/v1, kind: Route, metadata: {name: shop-critical}, spec: {order: 10, match: ['service="shop"', 'severity=~"critical|error"'], policy: shop, urgency: high}}
---
{apiVersion: watchkeeper/v1, kind: Silence, metadata: {name: s1}, spec: {match: ['alertname="X"'], start: 2026-02-03T09:00:00Z, end: 2026-02-03T10:00:00Z, reason: deploy}}
---
{apiVersion: watchkeeper/v1, kind: Integration, metadata: {name: am}, spec: {kind: alertmanager, service: shop, dedupScope: am}}
"""  # noqa: E501


def apply(text: str) -> Applied:
    documents = yaml_documents.load(text, file="alerts.yaml")
    return manifests.apply(Apply(documents), actor=HOST, now=NOON)


def actions(applied: Applied) -> dict[str, str]:
    return {change.kind: change.action.value for change in applied.changes}


def test_documents_are_applied_and_a_second_time_change_nothing() -> None:
    first, second = actions(apply(GIVEN)), actions(apply(GIVEN))

    assert first == dict.fromkeys(("Route", "Silence", "Integration"), "create")
    assert second == dict.fromkeys(("Route", "Silence", "Integration"), "unchanged")
    assert directory.route_row("shop-critical").match == (
        'service="shop"', 'severity=~"critical|error"',
    )  # fmt: skip
    assert integrations.integration_row("am").service == "shop"


def test_what_is_exported_can_be_applied_again() -> None:
    apply(GIVEN)
    exported = yaml_documents.dump(manifests.export(actor=HOST))

    assert set(actions(apply(exported)).values()) == {"unchanged"}


def test_a_change_of_a_document_changes_its_field() -> None:
    apply(GIVEN)

    (change,) = [
        c for c in apply(GIVEN.replace("order: 10", "order: 20")).changes if c.kind == "Route"
    ]

    assert [(f.path, f.old, f.new) for f in change.fields] == [("spec.order", 10, 20)]


NAMED = "{apiVersion: watchkeeper/v1, kind: Integration, metadata: {name: am}, spec: {kind: generic, key: '${env:AM_KEY}'}}"  # noqa: E501


def test_a_key_may_be_kept_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AM_KEY", "of-old-and-known")
    apply(NAMED)
    monkeypatch.setenv("AM_KEY", "a-newer-key")
    apply(NAMED)
    keys.forget()

    assert senders.reveal(actor=HOST, name="am", now=NOON).key == "a-newer-key"
    for key in ("of-old-and-known", "a-newer-key"):
        found = keys.sender_of(key, kind="generic", now=NOON)
        assert found is not None
        assert found.name == "am"


HOUR = "start: 2026-02-03T09:00:00Z, end: 2026-02-03T10:00:00Z"


@pytest.mark.parametrize(
    ("kind", "spec", "path"),
    [
        ("Route", "{policy: shop, match: ['service=~\"(\"']}", "spec.match[0]"),
        ("Route", "{match: []}", "spec.policy"),
        ("Route", "{policy: p, urgency: huge}", "spec.urgency"),
        ("Route", "{policy: p, order: first}", "spec.order"),
        ("Route", "{policy: p, nonsense: 1}", "spec.nonsense"),
        ("Silence", f"{{match: [], {HOUR}, reason: x}}", "spec.match"),
        ("Silence", f"{{match: [a=b], {HOUR.replace('T10', 'T08')}, reason: x}}", "spec.end"),
        ("Silence", f"{{match: [a=b], {HOUR.replace('Z,', ',')}, reason: x}}", "spec.start"),
        ("Silence", f"{{match: [a=b], {HOUR}}}", "spec.reason"),
        ("Integration", "{kind: carrier-pigeon}", "spec.kind"),
        ("Integration", "{kind: generic, key: in-clear-in-a-file}", "spec.key"),
        ("Integration", "{kind: generic, key: '${env:NOT_SET_AT_ALL}'}", "spec.key"),
        ("Integration", "{kind: heartbeat, interval: soon}", "spec.interval"),
        ("Integration", "{kind: generic, mapping: [1]}", "spec.mapping"),
        ("Integration", "[]", "spec"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(kind: str, spec: str, path: str) -> None:
    text = f"\n\napiVersion: watchkeeper/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n"

    with pytest.raises(InvalidError) as caught:
        apply(text)

    (problem,) = caught.value.problems
    assert (problem.path, problem.file, problem.line) == (path, "alerts.yaml", 6)
