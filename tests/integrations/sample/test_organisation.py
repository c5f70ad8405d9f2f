"""The sample organisation comes in whole, lives, and goes without a trace."""

import datetime as dt

import pytest

from tests.factories import HOST, actor_for, make_slo, make_team, make_user
from watchkeeper.alerts.queries import alerts, rules
from watchkeeper.alerts.usecases import upkeep
from watchkeeper.catalog import queries as catalog
from watchkeeper.catalog import usecases as catalog_usecases
from watchkeeper.catalog.domain.findings import FindingKind
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.identity import queries as identity
from watchkeeper.integrations.sample import queries, usecases
from watchkeeper.integrations.sample.domain import generator
from watchkeeper.kernel.errors import ConflictError, ForbiddenError
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests import usecases as manifests
from watchkeeper.oncall import queries as oncall
from watchkeeper.oncall.models import Escalation
from watchkeeper.plumbing import transport
from watchkeeper.plumbing.kinds import Severity
from watchkeeper.slos import queries as slos
from watchkeeper.slos import usecases as slo_usecases
from watchkeeper.slos.models import Firing, Slo
from watchkeeper.telemetry import queries as telemetry
from watchkeeper.telemetry.usecases import collect

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


def load() -> None:
    usecases.load(actor=HOST, now=NOW)


def fetch_all() -> None:
    [source_id] = collect.sources_to_ask()
    collect.next_round(source_id, now=NOW)
    while (chunk := collect.next_history(source_id, now=NOW)) is not None:
        oldest, answer = chunk.fetch()
        collect.finish_history(chunk, oldest, answer, now=NOW)


def test_its_documents_are_without_fault() -> None:
    found = manifests.validate(usecases.documents(), strict=True)

    assert [finding for finding in found if finding.severity is Severity.ERROR] == []
    assert all("is left out" in finding.problem.detail for finding in found)


def test_its_slos_ask_for_every_series_and_no_other() -> None:
    asked = {
        document.data["spec"]["indicator"]["spec"]["ratioMetric"]["total"]["metricSource"]["spec"][
            "series"
        ]
        for document in usecases.documents()
        if document.kind == "SLO"
    }

    assert asked == set(generator.names())


@pytest.mark.django_db
def test_it_has_teams_services_journeys_and_slos_and_all_say_that_they_are_sample() -> None:
    load()

    assert len(catalog.services()) == 13
    assert [team.member_count for team in identity.teams()] == [3, 2, 2, 3]
    assert {row.name for row in catalog.journeys()} == {"buy", "browse", "sign-in", "receive"}
    assert {row.origin for row in catalog.services()} == {"sample"}
    assert {row.origin for row in catalog.journeys()} == {"sample"}
    assert {row.origin for row in slos.slo_rows()} == {"sample"}
    assert {row.origin for row in identity.teams()} == {"sample"}
    assert all(source.is_sample for source in telemetry.sources())
    assert queries.is_loaded()


@pytest.mark.django_db
def test_it_has_findings_to_look_at_and_not_too_many() -> None:
    load()

    found = {(f.kind, f.subject) for f in catalog.findings()}

    assert (FindingKind.TIER_INVERSION, "checkout") in found
    assert (FindingKind.SINGLE_POINT_OF_FAILURE, "resource:acquirer-a") in found
    assert len(found) < 8


@pytest.mark.django_db
def test_its_budgets_are_in_every_state() -> None:
    load()
    fetch_all()
    slo_usecases.tick(now=NOW)

    states = {row.name: row.states[0].status for row in slos.slo_rows()}

    assert states["for-you-availability"] == "exhausted"
    assert states["gift-cards-redemptions"] == "insufficient"
    assert states["delivery-pick-up"] == "no_data"
    assert "burning" in states.values()
    assert list(states.values()).count("ok") > 10


@pytest.mark.django_db
def test_it_goes_without_a_trace_and_leaves_what_is_yours() -> None:
    make_slo()
    make_team("mine")
    load()
    fetch_all()
    mine = ServiceSpec("mine", owner="checkout", hard=("payments",))
    catalog_usecases.save_service(actor=HOST, spec=mine, origin=Origin.UI, now=NOW)

    removed = usecases.remove(actor=HOST, now=NOW)

    assert (removed.slos, removed.slis, removed.sources) == (18, 18, 1)
    assert [row.name for row in slos.slo_rows()] == ["checkout"]
    assert [(row.name, row.owner_name) for row in catalog.services()] == [
        ("mine", None),
        ("shop", None),
    ]
    assert [team.name for team in identity.teams()] == ["mine"]
    assert (identity.people(), telemetry.sources()) == ([], [])
    assert [sli.name for sli in telemetry.slis()] == ["checkout-requests"]
    assert not queries.is_loaded()
    assert usecases.remove(actor=HOST, now=NOW).is_nothing


@pytest.mark.django_db
def test_what_is_changed_by_hand_in_the_sample_goes_with_it() -> None:
    load()
    spec = ServiceSpec("cart", title="Changed", owner="checkout")
    catalog_usecases.save_service(actor=HOST, spec=spec, origin=Origin.UI, now=NOW)

    usecases.remove(actor=HOST, now=NOW)

    assert catalog.services() == []


@pytest.mark.django_db
def test_it_is_loaded_once_and_only_where_nothing_is() -> None:
    said: list[str] = []

    assert usecases.load_if_empty(actor=HOST, now=NOW, progress=said.append)
    assert said
    assert not usecases.load_if_empty(actor=HOST, now=NOW, progress=said.append)
    with pytest.raises(usecases.SampleLoadedError):
        load()


@pytest.mark.django_db
def test_it_takes_no_name_from_anybody() -> None:
    make_team("checkout")

    assert not usecases.load_if_empty(actor=HOST, now=NOW, progress=print)
    with pytest.raises(ConflictError, match="group checkout"):
        load()
    assert catalog.services() == []


@pytest.mark.django_db
def test_its_schedules_say_who_is_on_call_and_leave_with_it() -> None:
    load()

    standing = {one.schedule: one for one in oncall.on_call(at=NOW)}

    assert set(standing) == {"checkout-primary", "storefront-days"}
    assert standing["checkout-primary"].people
    removed = usecases.remove(actor=HOST, now=NOW)
    assert removed.schedules == 2
    assert oncall.schedule_rows() == []


@pytest.mark.django_db
@pytest.mark.parametrize("year", [2026, 2028, 2029])
def test_its_alerts_page_nobody_in_any_year_and_end_with_it(year: int) -> None:
    at = dt.datetime(year, 12, 31, 23, 59, tzinfo=dt.UTC)
    load()
    rules.forget()  # as the end of its transaction lets it
    make_user("boss", role="admin")
    Firing.objects.create(
        slo=Slo.objects.order_by("name")[0], objective_index=0, window_index=0,
        rule="page-fast", severity="page", started_at=at, reason={},
    )  # fmt: skip

    upkeep.follow_firings(now=at)
    [row] = alerts.alert_rows(alerts.Filter(), limit=10)
    assert (row.state, row.muted_by) == ("firing", "sample-data")

    for hours in range(0, 24 * 15, 4):  # two ends of its weeks
        upkeep.end_silences(now=at + dt.timedelta(hours=hours))
    assert Escalation.objects.count() == 0

    removed = usecases.remove(actor=HOST, now=at)
    [row] = alerts.alert_rows(alerts.Filter(), limit=10)
    assert (removed.silences, row.state) == (1, "resolved")
    assert Escalation.objects.count() == 0


@pytest.mark.django_db
def test_its_people_are_no_accounts() -> None:
    load()

    assert not identity.is_set_up()


@pytest.mark.django_db
def test_only_admins_load_and_remove_it() -> None:
    alice = actor_for(make_user("alice", role="manager"))

    for act in (usecases.load, usecases.remove):
        with pytest.raises(ForbiddenError):
            act(actor=alice, now=NOW)


@pytest.mark.django_db
def test_it_is_not_exported() -> None:
    load()

    kinds = {document["kind"] for document in manifests.export(actor=HOST)}

    assert kinds == set()


@pytest.mark.django_db
def test_a_command_removes_it(capsys: pytest.CaptureFixture[str]) -> None:
    from watchkeeper.integrations.sample import cli

    load()
    transport.use(transport.Local())
    try:
        cli.remove()
        cli.remove()
    finally:
        transport.use(None)

    told = capsys.readouterr().out
    assert "The sample organisation is removed: 18 SLOs" in told
    assert "There is no sample organisation here" in told
