"""The JSON and CSV door of minutes, SLIs and sources."""

import datetime as dt

import pytest

from tests.conftest import FakeClock
from tests.telemetry.factories import FakeSource, make_sli, make_source, minute_of, query
from watchkeeper.kernel.errors import ConflictError, DependencyError, InvalidError, NotFoundError
from watchkeeper.plumbing.transport import Transport
from watchkeeper.telemetry import usecases

MINUTES = "/api/v1/slis/checkout/minutes"
ROWS = [
    {"time": "2026-03-02T11:00:00Z", "good": 999, "total": 1000},
    {"time": "2026-03-02T11:02:00Z", "good": 0.5, "total": 1.25},
]


def test_pushed_minutes_come_back_as_they_were_sent(door: Transport, now: dt.datetime) -> None:
    make_sli(now=now)

    answer = door.call("POST", MINUTES, json={"minutes": ROWS}).json()

    assert answer == {"accepted": 2, "changed": 0, "unchanged": 0}
    assert door.call("GET", MINUTES).json() == {"minutes": ROWS, "next": None}


def test_a_push_tells_what_changed_and_what_was_there(door: Transport, now: dt.datetime) -> None:
    make_sli(now=now)
    door.call("POST", MINUTES, json={"minutes": ROWS})

    other = [ROWS[0] | {"good": 998}, ROWS[1], ROWS[1]]

    assert door.call("POST", MINUTES, json={"minutes": other}).json() == {
        "accepted": 3,
        "changed": 1,
        "unchanged": 2,
    }


def test_one_wrong_row_stores_none(door: Transport, now: dt.datetime) -> None:
    make_sli(now=now)

    with pytest.raises(InvalidError) as caught:
        door.call("POST", MINUTES, json={"minutes": [*ROWS, {"time": 1, "good": 1, "total": 1}]})

    assert [problem.row for problem in caught.value.problems] == [2]
    assert door.call("GET", MINUTES).json()["minutes"] == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"minutes": 5}', b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_list_of_minutes_is_refused(
    door: Transport, now: dt.datetime, body: bytes
) -> None:
    make_sli(now=now)

    with pytest.raises(InvalidError):
        door.call("POST", MINUTES, body=body)


def test_csv_goes_in_and_comes_out(door: Transport, now: dt.datetime) -> None:
    make_sli(now=now)
    text = "time,good,total\n2026-03-02T11:00:00Z,999,1000\n2026-03-02T11:02:00Z,0.5,1.25\n"

    answer = door.call("POST", MINUTES, body=text.encode(), content_type="text/csv").json()

    assert answer["accepted"] == 2
    back = door.call("GET", MINUTES, accept="text/csv")
    assert back.body.decode() == text
    assert back.headers["Content-Type"].startswith("text/csv")


def test_minutes_are_given_from_to_and_page_by_page(door: Transport, now: dt.datetime) -> None:
    sli_id, at = make_sli(now=now), minute_of(now) - 12_000
    usecases.store_minutes(
        sli_id=sli_id,
        minutes=[usecases.MinuteValue(at + each, 1000, 1000) for each in range(12_000)],
        origin="test",
        observed_at=now,
        now=now,
    )

    first = door.call("GET", MINUTES).json()
    rest = door.call("GET", MINUTES, params={"from": first["next"]}).json()
    part = door.call(
        "GET", MINUTES, params={"from": "2026-03-02T11:00:00Z", "to": "2026-03-02T11:03:00Z"}
    ).json()

    assert (len(first["minutes"]), len(rest["minutes"]), rest["next"]) == (10_000, 2_000, None)
    assert [row["time"][11:16] for row in part["minutes"]] == ["11:00", "11:01", "11:02"]


def test_an_offset_may_be_typed_into_an_address_as_it_is(
    door: Transport, now: dt.datetime
) -> None:
    sli_id, at = make_sli(now=now), minute_of(now) - 60
    usecases.store_minutes(
        sli_id=sli_id,
        minutes=[usecases.MinuteValue(at + each, 1000, 1000) for each in range(60)],
        origin="test",
        observed_at=now,
        now=now,
    )

    for sign in ("+", " "):  # in an address + means a space
        period = {
            "from": f"2026-03-02T13:50:00{sign}02:00",
            "to": f"2026-03-02T13:52:00{sign}02:00",
        }
        part = door.call("GET", MINUTES, params=period).json()
        assert [row["time"][11:16] for row in part["minutes"]] == ["11:50", "11:51"]


def test_a_wrong_range_is_refused(door: Transport, now: dt.datetime) -> None:
    make_sli(now=now)

    with pytest.raises(InvalidError) as caught:
        door.call("GET", MINUTES, params={"from": "soon"})

    assert caught.value.problems[0].path == "from"


def test_an_slo_name_stands_for_its_one_sli(door: Transport, now: dt.datetime) -> None:
    first, second = make_sli(now=now), make_sli(now=now, name="latency")
    usecases.set_aliases(sli_id=first, names=["shop"])

    answer = door.call("POST", "/api/v1/slis/shop/minutes", json={"minutes": ROWS}).json()
    assert answer["accepted"] == 2

    usecases.set_aliases(sli_id=second, names=["shop"])
    with pytest.raises(ConflictError, match="checkout, latency"):
        door.call("POST", "/api/v1/slis/shop/minutes", json={"minutes": ROWS})
    with pytest.raises(NotFoundError):
        door.call("POST", "/api/v1/slis/nothing/minutes", json={"minutes": ROWS})


def test_slis_are_listed_with_versions_and_findings(door: Transport, now: dt.datetime) -> None:
    sli_id, at = make_sli(now=now), minute_of(now)
    usecases.store_minutes(
        sli_id=sli_id,
        minutes=[usecases.MinuteValue(at, 2000, 1000)],
        origin="test",
        observed_at=now,
        now=now,
    )

    listed = door.call("GET", "/api/v1/slis").json()["items"]
    detail = door.call("GET", "/api/v1/slis/checkout").json()

    assert [item["name"] for item in listed] == ["checkout"]
    assert listed[0]["last_minute"] == "2026-03-02T12:00:00Z"
    assert [version["kind"] for version in detail["versions"]] == ["push"]
    assert [finding["code"] for finding in detail["findings"]] == ["good_above_total"]


def test_slis_come_page_by_page(door: Transport, now: dt.datetime) -> None:
    for place in range(5):
        make_sli(now=now, name=f"sli-{place}")
    names: list[str] = []
    params = {"limit": "2"}
    while True:
        page = door.call("GET", "/api/v1/slis", params=params).json()
        names += [item["name"] for item in page["items"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]

    assert names == [f"sli-{place}" for place in range(5)]
    for wrong in ({"limit": "0"}, {"cursor": "nonsense!"}):
        with pytest.raises(InvalidError):
            door.call("GET", "/api/v1/slis", params=wrong)


def test_a_source_lives_without_showing_its_secrets(door: Transport) -> None:
    body = {
        "name": "prom",
        "url": "http://prometheus:9090",
        "bearer_token": "hunter2-canary",
        "headers": {"X-Key": "canary-two", "X-Ref": "${env:KEY}"},
        "timeout_seconds": 5,
    }

    made = door.call("POST", "/api/v1/sources", json=body)
    shown = door.call("GET", "/api/v1/sources/prom")

    assert made.status == 201
    assert b"canary" not in made.body + shown.body
    assert shown.json()["secrets"] == ["bearer_token", "headers.X-Key"]
    with pytest.raises(ConflictError):
        door.call("POST", "/api/v1/sources", json=body)
    changed = door.call("PUT", "/api/v1/sources/prom", json={"url": "http://prometheus:9090/p"})
    assert changed.json()["url"] == "http://prometheus:9090/p"
    assert changed.json()["secrets"] == ["bearer_token", "headers.X-Key"]
    assert door.call("DELETE", "/api/v1/sources/prom").status == 204
    with pytest.raises(NotFoundError):
        door.call("GET", "/api/v1/sources/prom")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"url": "ftp://x"},
        {"url": "http://user:password@host"},
        {"url": "http://"},
        {"url": "http://[::1"},
        {"url": "http://host?x=1"},
        {"url": "http://host", "timeout_seconds": 0},
        {"url": "http://host", "concurrency": 1000},
        {"url": "http://host", "bearer_token": "x", "username": "y"},
        {"url": "http://host", "password": "y"},
        {"url": "http://host", "headers": {"a b": "c"}},
        {"url": "http://host", "headers": {"a": "c\r\nd"}},
    ],
)
def test_a_source_that_cannot_be_reached_so_is_refused(
    door: Transport, wrong: dict[str, object]
) -> None:
    with pytest.raises(InvalidError):
        door.call("POST", "/api/v1/sources", json={"name": "prom", **wrong})


def test_a_check_says_what_it_is_or_why_not(
    door: Transport, now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    make_source(now=now)

    assert door.call("POST", "/api/v1/sources/prom/check").json() == {"about": "Fake 1.0"}

    fake_source.silent.add("prom")
    with pytest.raises(DependencyError, match="does not answer"):
        door.call("POST", "/api/v1/sources/prom/check")
    shown = door.call("GET", "/api/v1/sources/prom").json()
    assert shown["last_error"] == "prom does not answer"
    assert shown["silent_since_at"] == "2026-03-02T12:00:00Z"


def test_a_source_in_use_is_not_removed(
    door: Transport, now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    del fake_source
    make_source(now=now)
    make_sli(now=now, spec=query("requests"))

    with pytest.raises(ConflictError, match="checkout"):
        door.call("DELETE", "/api/v1/sources/prom")

    make_sli(now=now + dt.timedelta(minutes=1))
    assert door.call("DELETE", "/api/v1/sources/prom").status == 204


def test_lag_and_coverage_of_a_source_are_shown(
    door: Transport, now: dt.datetime, fake_clock: FakeClock, fake_source: type[FakeSource]
) -> None:
    from watchkeeper.telemetry import tasks

    del fake_source
    make_source(now=now)
    make_sli(now=now, spec=query("requests"))
    for _ in range(20):
        tasks.fetch_minutes(fake_clock.travel(minutes=1))

    shown = door.call("GET", "/api/v1/sources/prom").json()

    assert shown["sli_count"] == 1
    assert shown["lag_seconds"] == 120
    assert shown["coverage"] == 1
