"""Backstage entities come in, go out unchanged, and become services, teams and people."""

import datetime as dt

import pytest

from tests.factories import HOST, make_slo
from watchkeeper.catalog import queries
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.identity import queries as identity
from watchkeeper.kernel.errors import ConflictError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests import usecases as manifests
from watchkeeper.plumbing import yaml_documents

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
CATALOG = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: checkout
  title: Checkout
  namespace: default
  annotations:
    watchkeeper/tier: "0"
    watchkeeper/runbook: https://example.org/runbook
    watchkeeper/soft-depends-on: [resource:cache, component:default/search]
    github.com/project-slug: harbour/checkout
    example.org/unknown: kept
spec:
  type: service
  lifecycle: production
  owner: group:default/checkout-team
  dependsOn: [component:payments, resource:orders-db]
  madeUp: {deep: [1, 2]}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments, annotations: {watchkeeper/tier: "2"}}
spec: {type: service, lifecycle: production, owner: checkout-team}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: checkout-team}
spec: {type: team, children: [], members: [alice], profile: {displayName: Checkout}}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: bob}
spec: {memberOf: [checkout-team], profile: {displayName: Bob, email: bob@example.org}}
---
apiVersion: watchkeeper/v1
kind: Journey
metadata: {name: buy}
spec: {title: Buy, owner: checkout-team, services: [checkout, payments]}
"""


def apply(text: str = CATALOG, **options: object) -> manifests.Applied:
    documents = yaml_documents.load(text, file="catalog-info.yaml")
    wanted = manifests.Apply(documents=documents, paths=["catalog-info.yaml"], **options)  # type: ignore[arg-type]
    return manifests.apply(wanted, actor=HOST, now=NOW)


@pytest.mark.django_db
def test_a_component_becomes_a_service_with_what_it_needs() -> None:
    apply()

    service = queries.service_by_name("checkout")

    assert service is not None
    assert (service.title, service.tier, service.lifecycle) == ("Checkout", 0, "production")
    assert service.owner_name == "checkout-team"
    assert service.runbook_url == "https://example.org/runbook"
    assert service.repository_url == "https://github.com/harbour/checkout"
    assert service.hard == ("payments", "resource:orders-db")
    assert service.soft == ("resource:cache", "search")
    assert service.origin == "file"


@pytest.mark.django_db
def test_groups_and_users_become_teams_and_people() -> None:
    apply()

    assert [m.name for m in identity.members("checkout-team")] == ["alice", "bob"]
    bob = identity.person_by_name("bob")
    assert bob is not None
    assert (bob.display_name, bob.can_sign_in) == ("Bob", False)


@pytest.mark.django_db
def test_what_comes_out_is_what_went_in() -> None:
    apply()

    out = yaml_documents.dump(manifests.export(actor=HOST))
    again = yaml_documents.load(out, file="again.yaml")

    wanted = {(d.kind, d.name): dict(d.data) for d in yaml_documents.load(CATALOG)}
    assert {(d.kind, d.name): dict(d.data) for d in again} == wanted


@pytest.mark.django_db
def test_applying_again_changes_nothing() -> None:
    apply()

    assert {change.action.value for change in apply().changes} == {"unchanged"}


@pytest.mark.django_db
def test_a_plan_tells_all_and_writes_nothing() -> None:
    planned = apply(plan=True)

    assert planned.planned
    assert len(planned.changes) == 5
    assert queries.services() == []


@pytest.mark.django_db
def test_prune_removes_what_left_the_files_and_nothing_else() -> None:
    apply()
    make_slo()  # its service "shop" came from elsewhere
    smaller = CATALOG.split("---")[0]

    pruned = apply(smaller, prune=True)

    removed = {(c.kind, c.name) for c in pruned.changes if c.action.value == "remove"}
    assert removed == {
        ("Component", "payments"),
        ("Group", "checkout-team"),
        ("User", "bob"),
        ("Journey", "buy"),
    }
    assert [s.name for s in queries.services()] == ["checkout", "shop"]


@pytest.mark.django_db
def test_one_fault_refuses_the_lot_with_file_and_line() -> None:
    with pytest.raises(InvalidError) as caught:
        apply(CATALOG.replace('watchkeeper/tier: "2"', 'watchkeeper/tier: "9"'))

    assert str(caught.value.problems[0]).startswith("catalog-info.yaml:23: ")
    assert queries.services() == []


@pytest.mark.django_db
def test_what_came_from_a_file_is_changed_there_until_it_is_taken_over() -> None:
    from watchkeeper.catalog import usecases

    apply()
    spec = ServiceSpec(name="payments", title="Mine")

    with pytest.raises(ConflictError, match=r"kept in catalog-info\.yaml"):
        usecases.save_service(actor=HOST, spec=spec, origin=Origin.UI, now=NOW)
    usecases.take_over_service(actor=HOST, name="payments", now=NOW)
    usecases.save_service(actor=HOST, spec=spec, origin=Origin.UI, now=NOW)

    row = queries.service_by_name("payments")
    assert row is not None
    assert (row.title, row.origin) == ("Mine", "ui")
