"""Alerts of services in maintenance: they open, page nobody, and page when it ends."""

import datetime as dt

import pytest

from tests.alerts.factories import escalation, make_integration, paged, send, settle
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.pages import signed_in, text
from watchkeeper.alerts.domain.documents import SilenceSpec
from watchkeeper.alerts.models import InboundEvent
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.tasks import end_silences
from watchkeeper.alerts.usecases import rules, upkeep
from watchkeeper.changes.domain.documents import MaintenanceSpec
from watchkeeper.changes.usecases import maintenance
from watchkeeper.kernel.origins import Origin

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
WEEK = dt.timedelta(days=7)


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


def window(*, end: str = "13:00", recurrence: str = "") -> None:
    """Put the shop into maintenance from 11:00 on."""
    spec = MaintenanceSpec(
        "move", ("shop",), "2026-03-02T11:00:00", f"2026-03-02T{end}:00",
        recurrence=recurrence, reason="disks",
    )  # fmt: skip
    maintenance.save(actor=HOST, spec=spec, origin=Origin.API, now=NOON)


def test_an_alert_in_maintenance_opens_and_pages_nobody_until_it_ends() -> None:
    window()
    told = send(make_integration(service="shop"), title="T")

    row, event = queries.alert_row(told["alert"]), InboundEvent.objects.get()
    assert told["verdict"] == "maintenance"
    assert event.rule == "maintenance:move"
    assert event.reason == (
        "the maintenance window move (disks) keeps it quiet until 2026-03-02T13:00:00Z"
    )
    assert (row.state, row.maintenance, row.muted_until) == ("firing", "move", NOON + HOUR)
    end_silences(NOON + HOUR / 2)
    assert paged() == set()

    end_silences(NOON + HOUR)

    assert paged() == {row.id}
    assert [act.act for act in queries.act_rows(row.id)] == ["maintenance ended"]
    assert upkeep.end_silences(now=NOON + HOUR) == 0


def test_other_services_page_as_ever() -> None:
    window()

    assert send(make_integration(service="search"), title="T")["verdict"] == "opened"
    assert send(make_integration(name="none"), title="T")["verdict"] == "opened"


def test_what_was_resolved_meanwhile_pages_nobody() -> None:
    window()
    key = make_integration(service="shop")
    send(key, key="k", title="T")

    assert send(key, key="k", status="resolved")["verdict"] == "resolved"
    end_silences(NOON + HOUR)

    assert paged() == set()


@pytest.mark.parametrize("how", ["ended", "removed", "shortened", "moved to another service"])
def test_what_keeps_it_quiet_no_more_pages_at_once(how: str) -> None:
    window()
    alert = send(make_integration(service="shop"), title="T")["alert"]
    if how == "ended":
        maintenance.end(actor=HOST, name="move", now=NOON)
    elif how == "removed":
        maintenance.remove(actor=HOST, name="move", now=NOON)
    elif how == "shortened":
        window(end="12:00")
    else:
        spec = MaintenanceSpec("move", ("x",), "2026-03-02T11:00:00", "2026-03-02T13:00:00")
        maintenance.save(actor=HOST, spec=spec, origin=Origin.API, now=NOON)

    end_silences(NOON)

    assert paged() == {alert}


def test_a_longer_window_keeps_it_quiet_on() -> None:
    window()
    alert = send(make_integration(service="shop"), title="T")["alert"]
    window(end="15:00")

    end_silences(NOON)

    assert queries.alert_row(alert).muted_until == NOON + 3 * HOUR
    assert paged() == set()


def test_a_silence_that_lasts_longer_takes_over() -> None:
    window()
    spec = SilenceSpec("s", ('service="shop"',), NOON, NOON + 2 * HOUR, "deploy")
    rules.save_silence(actor=HOST, spec=spec, origin=Origin.API, now=NOON)
    key = make_integration(service="shop")

    assert send(key, key="k", title="T")["verdict"] == "silenced"
    rules.remove_silence(actor=HOST, name="s", now=NOON)
    end_silences(NOON)

    row = queries.alert_rows(queries.Filter(), limit=1)[0]
    assert (row.muted_by, row.muted_until) == ("maintenance:move", NOON + HOUR)
    assert paged() == set()


def test_maintenance_that_recurs_keeps_quiet_each_time(set_up: FakeClock) -> None:
    window(recurrence="FREQ=WEEKLY")
    key = make_integration(service="shop")

    found: list[str] = []
    for hours in (0, 2, 7 * 24 - 2, 2):  # on, over, on again a week later, over
        set_up.travel(hours=hours)
        in_force.forget()
        found.append(send(key, title=f"T{len(found)}")["verdict"])

    assert found == ["maintenance", "opened", "maintenance", "opened"]


def test_what_was_paged_before_it_began_goes_on() -> None:
    key = make_integration(service="shop")
    alert = send(key, key="k", title="T", severity="warning")["alert"]
    window()
    end_silences(NOON)

    told = escalation(alert)
    assert told is not None
    assert told.is_open is True


def test_the_page_of_an_alert_names_the_window() -> None:
    window()
    alert = send(make_integration(service="shop"), title="T")["alert"]
    client = signed_in("alice")

    page, listed = text(client.get(f"/alerts/{alert}")), text(client.get("/alerts"))

    assert "Kept quiet by the maintenance window" in page
    assert "<bdi>move</bdi>" in page
    assert "In maintenance" in listed
