"""Escalation policies as code and by the API."""

import json

import pytest
from django.test import Client

from tests.factories import HOST, make_team, make_user
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.manifests import usecases as manifests
from watchkeeper.oncall import queries
from watchkeeper.plumbing import yaml_documents

pytestmark = pytest.mark.django_db
SHOP = (
    "{apiVersion: watchkeeper/v1, kind: EscalationPolicy, metadata: {name: shop}, spec: "
    "{repeat: 2, steps: [{notify: [{schedule: shop-primary}]}, {after: 5m, notify: "
    "[{person: bob}, {team: shop}]}], catchAll: {team: shop}}}"
)
PATH = "/api/v1/escalation-policies/shop"


def apply(text: str, *, plan: bool = False, prune: bool = False) -> manifests.Applied:
    documents = yaml_documents.load(text, file="policies.yaml")
    request = manifests.Apply(documents, ["policies.yaml"], plan=plan, prune=prune)
    return manifests.apply(request, actor=HOST, now=clock.now())


def actions(applied: manifests.Applied) -> list[str]:
    return [change.action.value for change in applied.changes]


@pytest.fixture
def door() -> Client:
    made = identity.create_token(actor=HOST, name="door", role="editor", now=clock.now())
    return Client(headers={"authorization": f"Bearer {made.token}"})


def test_a_policy_is_applied_planned_exported_and_pruned() -> None:
    assert actions(apply(SHOP)) == ["create"]
    assert actions(apply(SHOP)) == ["unchanged"]
    assert actions(apply(SHOP.replace("repeat: 2", "repeat: 3"), plan=True)) == ["update"]
    [wanted] = yaml_documents.load(SHOP)
    exported = [d for d in manifests.export(actor=HOST) if d["kind"] == "EscalationPolicy"]
    assert exported == [wanted.data]
    other = SHOP.replace("name: shop}", "name: other}")
    assert actions(apply(other, prune=True)) == ["create", "remove"]
    assert [row.name for row in queries.policy_rows()] == ["other"]


def test_targets_that_lead_nowhere_are_warned_of() -> None:
    make_user("bob")
    make_team("shop")

    applied = apply(SHOP)

    assert [finding.problem.detail for finding in applied.findings] == [
        "there is no schedule shop-primary; nobody is paged there"
    ]


def test_a_policy_is_made_read_changed_and_removed_by_the_api(door: Client) -> None:
    spec = {"steps": [{"notify": [{"person": "bob"}]}]}

    made = door.put(PATH, json.dumps({"spec": spec}), content_type="application/json")

    assert made.status_code == 200, made.content
    assert door.get(PATH).json()["spec"] == spec
    assert [item["name"] for item in door.get(PATH.removesuffix("/shop")).json()["items"]] == [
        "shop"
    ]
    broken = door.put(PATH, json.dumps({"spec": {"steps": []}}), content_type="application/json")
    assert broken.status_code == 422
    assert broken.json()["errors"][0]["path"] == "spec.steps"
    assert door.delete(PATH).status_code == 204
    assert door.get(PATH).status_code == 404


def test_a_policy_kept_in_a_file_is_changed_there_or_taken_over(door: Client) -> None:
    apply(SHOP)
    body = json.dumps({"spec": {"steps": [{"notify": [{"person": "bob"}]}]}})

    assert door.put(PATH, body, content_type="application/json").status_code == 409
    assert door.post(f"{PATH}/take-over").status_code == 200
    assert door.put(PATH, body, content_type="application/json").status_code == 200
