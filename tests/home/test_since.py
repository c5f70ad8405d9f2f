"""What happened since yesterday, on the overview: deploys and the like, and who was paged."""

import datetime as dt
import re
from typing import Any

import pytest

from tests.alerts.factories import make_integration, make_on_call, send, step
from tests.conftest import NOON, FakeClock
from tests.factories import HOST, actor_for, make_slo, make_user
from tests.pages import signed_in, text
from watchkeeper.alerts.domain.documents import RouteSpec
from watchkeeper.alerts.models import Alert, Integration
from watchkeeper.alerts.queries import recent
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.usecases import acts, rules
from watchkeeper.changes.domain.events import ChangeEvent, ChangeKind
from watchkeeper.changes.usecases import events
from watchkeeper.kernel.origins import Origin
from watchkeeper.slos import usecases as slos

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def set_up(settled: FakeClock) -> None:
    del settled
    make_slo(now=NOON - 9 * DAY)


@pytest.fixture
def key() -> str:
    """A sender whose alerts page alice."""
    make_on_call("alice")
    return make_integration(service="shop")


def change(title: str, at: dt.datetime = NOON - HOUR, **more: Any) -> None:
    kind = more.pop("kind", ChangeKind.DEPLOY)
    events.record(actor=HOST, event=ChangeEvent(title, title, kind, at, **more), now=NOON)


def fire(key: str, name: str = "Disk full", severity: str = "error") -> str:
    alert: str = send(key, key=name, title=name, severity=severity)["alert"]
    step(NOON)
    return alert


def feed() -> list[str]:
    """Return the words of each line."""
    page = " ".join(text(signed_in("vera").get("/")).split())
    part = page[page.index("Since yesterday, <time") :].partition("</section>")[0]
    items = re.findall(r"<li>(.*?)</li>", part)
    return [" ".join(re.sub(r"<[^>]+>", " ", item).split()) for item in items]


def test_deploys_flags_and_configuration_are_told_the_newest_first() -> None:
    change("payments v418", NOON - 2 * HOUR, service="payments", author="ann")
    change("checkout flag on", kind=ChangeKind.FLAG, url="https://ci.example.org/1")
    change("old", NOON - DAY - HOUR)
    change("planned", NOON + DAY)

    assert feed() == [
        "11:00 checkout flag on by hand flag",
        "10:00 payments v418 payments · ann deploy",
    ]
    page = text(signed_in("val").get("/"))
    assert 'href="https://ci.example.org/1" rel="noopener noreferrer"' in page
    assert 'href="/changes?service=payments"' in page
    assert '<a href="/changes">All changes</a>' in page
    assert "#m-deploy" in page


def test_an_urgent_alert_tells_who_took_it_after_how_long(key: str) -> None:
    bob = actor_for(make_user("bob", role="admin"))
    taken = fire(key)
    acts.acknowledge(actor=bob, alerts=[taken], now=NOON + dt.timedelta(seconds=52))
    fire(key, "CPU")

    assert feed() == [
        "12:00 CPU shop · not acknowledged firing",
        "12:00 Disk full shop · acknowledged by bob after 52 s acknowledged",
    ]


def test_a_low_alert_and_one_that_paged_nobody_are_left_out(key: str) -> None:
    fire(key, "Low", severity="info")
    assert feed() == []

    rules.remove_route(actor=HOST, name="all", now=NOON)
    in_force.forget()
    fire(key, "Nobody")
    assert Alert.objects.get(title="Nobody").urgency == "high"
    assert [each.row.title for each in recent.paged_since(NOON - DAY, limit=9)] == []


def test_the_product_s_own_alerts_are_told_as_burns_alone(key: str) -> None:
    fire(key)
    Integration.objects.update(kind="watchkeeper")

    assert recent.paged_since(NOON - DAY, limit=9) == []


def test_of_a_group_the_first_is_told(key: str) -> None:
    spec = RouteSpec("all", "night", 10, (), group_by=("service",))
    rules.save_route(actor=HOST, spec=spec, origin=Origin.API, now=NOON)
    in_force.forget()
    fire(key)
    fire(key, "CPU")

    assert feed() == ["12:00 Disk full shop · not acknowledged firing"]


def test_what_is_older_than_a_day_is_left_out(key: str, fake_clock: FakeClock) -> None:
    fire(key)
    fake_clock.travel(hours=25)

    assert feed() == []


def test_fourteen_lines_are_shown_with_titles_of_any_script(key: str) -> None:
    for number in range(10):
        change(f"deploy {number}", NOON - HOUR * number / 20)
    for number in range(9):
        fire(key, f"דיסק {number}")

    assert len(feed()) == 14
    assert "<bdi>דיסק 8</bdi>" in text(signed_in("val").get("/"))


def test_before_the_first_slo_it_is_told_too() -> None:
    slos.remove_slo(actor=HOST, name="checkout", origin=Origin.FILE, now=NOON)
    assert "Since yesterday" not in text(signed_in("val").get("/"))
    change("payments v418")

    assert feed() == ["11:00 payments v418 by hand deploy"]
