"""From the address of a real server to SLOs that are asked of it."""

from typing import Any

import pytest
from django.test import Client

from tests.factories import HOST, make_slo, make_team, slo_document
from tests.integrations.prometheus.history import History, every
from tests.pages import signed_in, text
from tests.servers import Server, start_prometheus
from watchkeeper.catalog import queries as catalog
from watchkeeper.integrations.prometheus import usecases
from watchkeeper.kernel import clock
from watchkeeper.slos import queries as slos
from watchkeeper.telemetry import queries as telemetry

HOURS = 3
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    running = start_prometheus(tmp_path_factory.mktemp("prometheus"))
    made = History()
    begin = clock.now().timestamp() - HOURS * 3600 - 30 - 1_767_571_200
    moments = [begin + at for at in every(60, end=HOURS * 3600)]
    for job in ("shop", "search"):
        for code, step in (("200", 1000), ("500", 1)):
            samples = [(at, 10.0 + index * step) for index, at in enumerate(moments)]
            made.add("http_requests_total", samples, job=job, code=code)
    made.write_to(running)
    yield running
    running.stop()


@pytest.fixture
def admin() -> Client:
    return signed_in("alice", "admin")


def add(admin: Client, server: Server) -> Any:
    wish = {"name": "prom", "url": server.url, "login": "none"}
    return admin.post("/first-run", wish)


def test_paste_tick_done(admin: Client, server: Server) -> None:
    make_team("sellers")
    assert "/first-run" in text(admin.get("/slos"))
    assert add(admin, server)["Location"] == "/first-run/prom"
    offered = text(admin.get("/first-run/prom"))
    assert 'value="shop"' in offered
    assert 'value="search"' in offered

    owners = admin.post("/first-run/prom/owners", {"service": ["shop"]})
    assert "sellers" in text(owners)
    wish = {"service": ["shop"], "owner-0": "sellers", "act": "protect"}
    assert admin.post("/first-run/prom/owners", wish)["Location"] == "/first-run/prom/done"

    assert {row.service for row in slos.slo_rows()} == {"shop"}
    shop = catalog.service_by_name("shop")
    assert shop is not None
    assert (shop.owner_name, shop.origin) == ("sellers", "ui")
    row = telemetry.source_by_name("prom")
    assert row is not None
    assert row.sli_count >= 1
    assert "SLIs have minutes" in text(admin.get("/first-run/prom/done"))
    assert "has its SLOs" in text(admin.get("/first-run/prom"))


def test_a_server_that_does_not_answer_is_not_kept(admin: Client) -> None:
    wish = {"name": "prom", "url": "http://127.0.0.1:1", "login": "none"}

    assert "does not answer" in text(admin.post("/first-run", wish))
    assert telemetry.sources() == []


def test_what_is_ticked_must_still_be_there(admin: Client, server: Server) -> None:
    add(admin, server)

    assert admin.post("/first-run/prom/owners", {})["Location"] == "/first-run/prom"
    answer = admin.post("/first-run/prom/owners", {"service": ["shop", "gone"]})
    assert answer.status_code == 422
    assert "no longer shows gone" in text(answer)
    assert slos.slo_rows() == []


def test_what_is_there_already_stays_as_it_is(admin: Client, server: Server) -> None:
    add(admin, server)
    found = usecases.discover_stored(source_id=telemetry.sources()[0].id, now=clock.now())
    name = next(each.name for each in found.proposals if each.service == "shop")
    make_slo(slo_document(name, service="shop", objectives=[{"target": 0.5}]))

    usecases.protect(
        actor=HOST,
        source_id=telemetry.sources()[0].id,
        source="prom",
        services=["shop", "search"],
        owners={},
        now=clock.now(),
    )
    documents: list[Any] = [each for each in slos.documents() if each["kind"] == "SLO"]
    kept = next(each for each in documents if each["metadata"]["name"] == name)
    assert kept["spec"]["objectives"][0]["target"] == pytest.approx(0.5)
    assert {row.service for row in slos.slo_rows()} == {"shop", "search"}


def test_proposals_come_as_files_too(admin: Client, server: Server) -> None:
    add(admin, server)

    shown = text(admin.get("/first-run/prom/openslo.yaml"))
    assert shown.count("kind: SLO") >= 2
    assert "kind: DataSource" not in shown


@pytest.mark.parametrize("path", ["/first-run", "/first-run/prom", "/first-run/prom/openslo.yaml"])
def test_only_admins_set_up(admin: Client, path: str) -> None:
    del admin

    assert signed_in("bob", "manager").get(path).status_code == 403
    assert Client().get(path).status_code == 302
