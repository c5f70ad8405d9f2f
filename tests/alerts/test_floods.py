"""Who sends far more than usual is told of, once, and nothing of it is refused."""

import datetime as dt

import pytest

from tests.alerts.factories import make_integration, paged, post, settle
from tests.conftest import NOON, FakeClock
from watchkeeper.alerts.domain import floods as domain
from watchkeeper.alerts.domain.events import Action
from watchkeeper.alerts.models import Alert, InboundEvent, Integration
from watchkeeper.alerts.usecases import floods

SECONDS = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("count", "limit", "is_told", "wanted"),
    [
        (100, 100, False, None),
        (101, 100, False, Action.TRIGGER),
        (500, 100, True, None),
        (50, 100, True, None),
        (49, 100, True, Action.RESOLVE),
        (10_000, 0, False, None),
        (10_000, 0, True, Action.RESOLVE),
    ],
)
def test_it_begins_above_the_limit_and_ends_below_half_of_it(
    count: int, limit: int, is_told: bool, wanted: Action | None
) -> None:
    event = domain.event_of("am", count, limit=limit, service="shop", is_told=is_told)

    assert (event.action if event is not None else None) is wanted


def flood(key: str, number: int) -> None:
    for place in range(number):
        assert post(f"/in/generic/{key}", {"key": "one", "title": f"T{place}"}).status_code == 202


def told() -> list[tuple[str, str, str]]:
    rows = Alert.objects.filter(key__startswith="flood/").order_by("pk")
    return [(row.key, row.state, row.service_name) for row in rows]


@pytest.mark.django_db
def test_the_owners_are_told_once_until_it_is_over(fake_clock: FakeClock) -> None:
    settle()
    loud = make_integration(name="loud", service="shop")
    flood(loud, 12)
    flood(make_integration(name="calm"), 3)

    for seconds in (1, 31):
        floods.look(now=NOON + seconds * SECONDS, limit=10)
    assert told() == [("flood/loud", "firing", "shop")]
    assert InboundEvent.objects.filter(scope="loud").count() == 12
    assert str(Alert.objects.get(key="flood/loud").pk) in paged()

    floods.look(now=NOON + 90 * SECONDS, limit=10)
    assert told() == [("flood/loud", "resolved", "shop")]
    before = InboundEvent.objects.count()
    floods.look(now=NOON + 120 * SECONDS, limit=10)
    assert InboundEvent.objects.count() == before


@pytest.mark.django_db
def test_the_alert_of_an_integration_that_is_removed_ends(fake_clock: FakeClock) -> None:
    settle()
    flood(make_integration(name="loud"), 12)
    floods.look(now=NOON + SECONDS, limit=10)
    Integration.objects.filter(name="loud").delete()

    floods.look(now=NOON + 31 * SECONDS, limit=10)

    assert told() == [("flood/loud", "resolved", "")]
