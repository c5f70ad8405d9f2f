"""Services and journeys: who may change them, and whose hands they are in."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.factories import HOST, actor_for, make_slo, make_team, make_user, slo_document
from watchkeeper.audit.models import AuditEntry
from watchkeeper.catalog import queries, usecases
from watchkeeper.catalog.domain import findings as rules
from watchkeeper.catalog.domain.findings import FindingKind
from watchkeeper.catalog.domain.journeys import JourneySpec
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.catalog.events import ServiceRemoved, ServiceSaved
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, ForbiddenError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests import usecases as manifests
from watchkeeper.plumbing import facts, yaml_documents
from watchkeeper.plumbing.kinds import Action, Change

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


def save(spec: ServiceSpec, *, actor: Actor = HOST, origin: Origin = Origin.API) -> Change:
    return usecases.save_service(actor=actor, spec=spec, origin=origin, now=NOW)


def service(name: str) -> queries.ServiceRow:
    row = queries.service_by_name(name)
    assert row is not None
    return row


def save_journey(name: str, *services: str, owner: str | None = None) -> Change:
    spec = JourneySpec(name, owner=owner, services=services)
    return usecases.save_journey(actor=HOST, spec=spec, origin=Origin.API, now=NOW)


def apply(text: str, *, actor: Actor = HOST, **options: object) -> manifests.Applied:
    documents = yaml_documents.load(text, file="catalog-info.yaml")
    wanted = manifests.Apply(documents=documents, paths=["catalog-info.yaml"], **options)  # type: ignore[arg-type]
    return manifests.apply(wanted, actor=actor, now=NOW)


def component(name: str, **spec: str) -> str:
    return yaml_documents.dump(
        [
            {
                "apiVersion": "backstage.io/v1alpha1",
                "kind": "Component",
                "metadata": {"name": name},
                "spec": {"type": "service"} | spec,
            }
        ]
    )


@pytest.fixture
def told() -> Iterator[list[object]]:
    seen: list[object] = []
    for kind in (ServiceSaved, ServiceRemoved):
        facts.subscribe(kind, seen.append)
    yield seen
    for kind in (ServiceSaved, ServiceRemoved):
        facts._subscribers[kind].remove(seen.append)


def test_a_service_is_kept_as_it_was_wished_for() -> None:
    make_team("shop")
    spec = ServiceSpec(
        "checkout", title="Checkout", tier=0, owner="shop", hard=("payments",), soft=("search",)
    )

    assert save(spec).action is Action.CREATE
    row = service("checkout")
    assert (row.tier, row.owner_name, row.hard, row.soft) == (
        0,
        "shop",
        ("payments",),
        ("search",),
    )
    assert save(spec).action is Action.UNCHANGED
    assert save(replace(spec, tier=1)).action is Action.UPDATE


def test_dependencies_are_known_by_one_name_and_are_hard_rather_than_soft() -> None:
    hard = ("component:default/payments", "payments", "resource:orders-db")
    save(ServiceSpec("checkout", hard=hard, soft=("payments", "search")))

    assert service("checkout").hard == ("payments", "resource:orders-db")
    assert service("checkout").soft == ("search",)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (ServiceSpec("a", tier=4), "tier"),
        (ServiceSpec("a", owner="nobody-knows"), "owner"),
        (ServiceSpec("a", title="x" * 201), "title"),
        (ServiceSpec("a", hard=(" ",)), "hard[0]"),
        (ServiceSpec("not a name"), ""),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(spec: ServiceSpec, path: str) -> None:
    with pytest.raises(InvalidError) as caught:
        save(spec)

    assert [problem.path for problem in caught.value.problems] == [path]
    assert queries.services() == []


def test_an_editor_changes_what_the_own_team_owns_and_nothing_else() -> None:
    alice = actor_for(make_user("alice", teams={"shop": "editor"}))
    make_team("other")
    save(ServiceSpec("theirs", owner="other"))

    save(ServiceSpec("ours", owner="shop"), actor=alice)
    for refused in (
        ServiceSpec("theirs", owner="other", title="x"),
        ServiceSpec("theirs", owner="shop"),
        ServiceSpec("ours", owner="other"),
        ServiceSpec("new"),
    ):
        with pytest.raises(ForbiddenError):
            save(refused, actor=alice)
    assert service("ours").owner_name == "shop"


def test_an_editor_applies_the_files_of_the_own_team() -> None:
    alice = actor_for(make_user("alice", teams={"shop": "editor"}))
    make_team("other")

    apply(component("ours", owner="shop"), actor=alice)
    with pytest.raises(ForbiddenError):
        apply(component("theirs", owner="other"), actor=alice)
    with pytest.raises(ForbiddenError):
        apply(component("ours", owner="other"), actor=alice)


def test_a_service_that_only_an_slo_names_may_be_described_from_anywhere() -> None:
    make_slo()
    assert service("shop").origin == "file"

    save(ServiceSpec("shop", title="The shop"))

    assert service("shop").title == "The shop"


def test_a_file_adopts_what_was_made_by_hand() -> None:
    save(ServiceSpec("checkout", title="By hand"))

    apply(component("checkout", lifecycle="production"))

    row = service("checkout")
    assert (row.origin, row.file, row.title) == ("file", "catalog-info.yaml", "")


def test_what_was_taken_over_is_no_longer_ruled_by_its_file() -> None:
    apply(component("checkout"))
    with pytest.raises(ConflictError, match=r"kept in catalog-info\.yaml"):
        usecases.remove_service(actor=HOST, name="checkout", now=NOW)
    usecases.take_over_service(actor=HOST, name="checkout", now=NOW)
    save(ServiceSpec("checkout", title="Ours"), origin=Origin.UI)

    with pytest.raises(ConflictError, match="taken over"):
        apply(component("checkout"))

    assert service("checkout").title == "Ours"


def test_what_was_taken_over_and_is_as_its_file_says_is_left_alone() -> None:
    apply(component("checkout"))
    usecases.take_over_service(actor=HOST, name="checkout", now=NOW)

    [change] = apply(component("checkout")).changes

    assert (change.action, service("checkout").origin) == (Action.UNCHANGED, "ui")


def test_what_was_taken_over_outlives_its_file() -> None:
    text = """
apiVersion: watchkeeper/v1
kind: Journey
metadata: {name: buy}
spec: {services: [checkout]}
"""
    apply(component("checkout") + "---" + text)
    usecases.take_over_service(actor=HOST, name="checkout", now=NOW)
    usecases.take_over_journey(actor=HOST, name="buy", now=NOW)

    apply(component("other"), prune=True)

    assert [row.name for row in queries.services()] == ["checkout", "other"]
    assert [row.name for row in queries.journeys()] == ["buy"]


def test_a_change_by_hand_shows_in_what_is_exported() -> None:
    make_team("shop")
    apply(component("checkout", custom="kept"))
    usecases.take_over_service(actor=HOST, name="checkout", now=NOW)
    save(ServiceSpec("checkout", owner="shop", tier=1), origin=Origin.UI)

    [document] = [d for d in manifests.export(actor=HOST) if d["kind"] == "Component"]

    assert document["spec"] == {"type": "service", "custom": "kept", "owner": "shop"}
    assert document["metadata"]["annotations"] == {"watchkeeper/tier": "1"}


def test_all_that_was_made_by_hand_comes_back_from_its_export() -> None:
    make_user("alice", teams={"shop": "editor"})
    save(ServiceSpec("checkout", owner="shop", hard=("payments", "Acquirer A")))
    save_journey("buy", "checkout", owner="shop")
    out = yaml_documents.dump(manifests.export(actor=HOST))

    usecases.remove_journey(actor=HOST, name="buy", now=NOW)
    usecases.remove_service(actor=HOST, name="checkout", now=NOW)
    apply(out)

    row, [journey] = service("checkout"), queries.journeys()
    assert (row.owner_name, row.hard) == ("shop", ("payments", "Acquirer A"))
    assert (journey.owner_name, journey.services) == ("shop", ("checkout",))


def test_removing_a_service_tells_others_and_the_log(
    told: list[object], django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        save(ServiceSpec("checkout"))
        service_id = service("checkout").id
        usecases.remove_service(actor=HOST, name="checkout", now=NOW)

    assert told == [ServiceSaved(service_id, NOW), ServiceRemoved(service_id, NOW)]
    assert queries.services() == []
    assert queries.entity_document("Component", "checkout") is None


@pytest.mark.usefixtures("watched")
def test_a_service_of_the_sample_that_others_need_stays_bare() -> None:
    save(ServiceSpec("shop", tier=1), origin=Origin.SAMPLE)
    save(ServiceSpec("cart", tier=1), origin=Origin.SAMPLE)

    assert usecases.remove_sample(actor=HOST, now=NOW) == 4
    assert [(row.name, row.tier, row.origin) for row in queries.services()] == [
        ("shop", None, "ui")
    ]


class _Watch:
    """Says that one service has an SLO."""

    def with_slo(self) -> set[str]:
        return {"shop"}

    def states(self, services: object) -> dict[str, str]:
        del services
        return {"shop": "ok"}

    def uses(self, service: str) -> str:
        return "1 SLO" if service == "shop" else ""


@pytest.fixture
def watched(settings: object) -> None:
    settings.WATCHKEEPER_SERVICE_WATCH = f"{__name__}._Watch"  # type: ignore[attr-defined]


@pytest.mark.usefixtures("watched")
def test_a_service_with_slos_stays() -> None:
    make_slo(origin=Origin.API)
    save(ServiceSpec("shop", title="The shop"))

    with pytest.raises(usecases.ServiceInUseError, match="1 SLO"):
        usecases.remove_service(actor=HOST, name="shop", now=NOW)


@pytest.mark.usefixtures("watched")
def test_a_service_that_left_its_file_stays_bare_while_slos_speak_of_it() -> None:
    make_slo(slo_document(service="shop"))
    apply(component("shop", lifecycle="production"))
    apply(component("other"), prune=True)

    row = service("shop")

    assert (row.lifecycle, queries.entity_document("Component", "shop")) == ("", None)


@pytest.mark.usefixtures("watched")
def test_journeys_that_nothing_measures_are_found() -> None:
    save_journey("buy", "shop")
    save_journey("find", "search")

    found = [f.subject for f in queries.findings() if f.kind is FindingKind.JOURNEY_WITHOUT_SLO]

    assert found == ["find"]


def test_journeys_keep_their_order_and_name_services_to_come() -> None:
    save_journey("buy", "storefront", "cart", "checkout")

    [journey] = queries.journeys()

    assert journey.services == ("storefront", "cart", "checkout")
    assert save_journey("buy", "storefront", "cart", "checkout").action is Action.UNCHANGED
    save_journey("buy", "checkout", "cart")
    assert queries.journeys()[0].services == ("checkout", "cart")


def test_services_are_found_by_team_tier_journey_and_words() -> None:
    make_team("shop")
    save(ServiceSpec("checkout", tier=0, owner="shop", description="Takes ORDERS"))
    save(ServiceSpec("search", tier=1))
    save_journey("find", "search")

    def found(**asked: object) -> list[str]:
        return [row.name for row in queries.services(**asked)]  # type: ignore[arg-type]

    assert found(owner="shop") == found(tier=0) == found(text="orders") == ["checkout"]
    assert found(owner="") == found(journey="find") == found(text="SEAR") == ["search"]
    assert found(text="shop") == ["checkout"]
    assert found(tier=0, journey="find") == []


def test_a_service_page_knows_both_ends_of_each_dependency() -> None:
    apply(
        component("payments")
        + """
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: acquirer-a, title: Acquirer A}
spec: {type: vendor, owner: shop}
"""
    )
    save(ServiceSpec("checkout", hard=("payments", "resource:acquirer-a", "Unheard Of")))

    checkout, payments = queries.service_detail("checkout"), queries.service_detail("payments")

    assert checkout is not None
    assert payments is not None
    assert [(end.title or end.name, end.kind) for end in checkout.needs] == [
        ("payments", "service"),
        ("Acquirer A", "vendor"),
        ("Unheard Of", "unknown"),
    ]
    assert [end.name for end in payments.needed_by] == ["checkout"]
    assert queries.service_detail("nothing") is None


def test_lists_take_few_queries(django_assert_max_num_queries: object) -> None:
    for number in range(20):
        save(ServiceSpec(f"s{number:02}", hard=(f"s{number + 1:02}",)))

    with django_assert_max_num_queries(2):  # type: ignore[operator]
        queries.services()
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        queries.service_detail("s05")


def test_findings_read_a_bounded_number_of_times_and_judge_only_what_changed(
    django_assert_max_num_queries: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[int] = []
    find = rules.find

    def counting(nodes: Sequence[rules.Node], **rest: Any) -> list[rules.Finding]:
        judged.append(len(nodes))
        return find(nodes, **rest)

    monkeypatch.setattr(rules, "find", counting)
    for number in range(20):
        save(ServiceSpec(f"ring{number:02}", hard=(f"ring{number + 1:02}",)))

    with django_assert_max_num_queries(10):  # type: ignore[operator]
        first = queries.findings()
    again = queries.findings()
    save(ServiceSpec("ring19", hard=("ring00",)))
    later = queries.findings()

    assert first == again
    assert judged == [20, 20]
    assert {f.kind for f in later} - {f.kind for f in first} == {rules.FindingKind.CYCLE}


def test_a_long_definition_of_an_api_is_not_read_to_tell_its_owner() -> None:
    apply(
        """
apiVersion: backstage.io/v1alpha1
kind: API
metadata:
  {name: orders, title: Orders, namespace: Shop, annotations: {watchkeeper/fallback: cache}}
spec: {type: openapi, owner: "team:default/a", definition: {$text: ./openapi.yaml}}
"""
    )

    (thing,) = queries.things()

    assert (thing.target, thing.title, thing.fallback) == ("api:shop.orders", "Orders", "cache")
    assert (thing.owner, thing.is_vendor) == (None, False)


def test_the_log_tells_what_was_done_without_names_of_people() -> None:
    apply(
        """
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: alice}
spec: {memberOf: [], profile: {displayName: Alice}}
"""
    )
    save(ServiceSpec("checkout"))

    entries = list(AuditEntry.objects.all())

    assert "service.saved" in {entry.action for entry in entries}
    assert not [e for e in entries if "alice" in f"{e.object_id}{e.detail}".lower()]
